// Tokens: a service that the registry names gives one for a scope, such as `repository:library/busybox:pull`, to anybody or to somebody with a
// name and a password (GET), or for an identity token (POST, OAuth 2). A token holds for minutes; until then it serves every exchange of its
// scope. https://distribution.github.io/distribution/spec/auth/ · RFC 6749 §6. chapter 08
import Credentials
import FoundationEssentials
import HTTP
import Synchronization

/// A value of `Authorization`, and how long it holds.
struct Authorization: Sendable {
    let value: String
    /// nil for as long as the password does.
    let until: ContinuousClock.Instant?

    var ifValid: String? { until.map { $0 > .now } ?? true ? value : nil }
}

/// What a token is wanted for, and by whom.
struct TokenWish: Sendable, Hashable {
    let realm: WebAddress
    let service: String, scope: String
    let username: String, password: String, identityToken: String
    let wantsIdentity: Bool

    init(realm: WebAddress, service: String, scope: String, credential: Credential?, wantsIdentity: Bool) {
        (self.realm, self.service, self.scope, self.wantsIdentity) = (realm, service, scope, wantsIdentity)
        (username, password) = (credential?.username ?? "", credential?.password ?? "")
        identityToken = credential?.identityToken ?? ""
    }
}

/// Tokens that still hold.
final class TokenStore: Sendable {
    private let kept = Mutex<[TokenWish: Authorization]>([:])

    func token(for wish: TokenWish) -> Authorization? {
        guard !wish.wantsIdentity else { return nil }
        return kept.withLock { kept in
            kept = kept.filter { $0.value.ifValid != nil }
            return kept[wish]
        }
    }

    func keep(_ authorization: Authorization, for wish: TokenWish) { kept.withLock { $0[wish] = authorization } }

    /// Forgets a token that was rejected.
    func forget(_ wish: TokenWish, _ rejected: String?) {
        kept.withLock { kept in if kept[wish]?.value == rejected { kept[wish] = nil } }
    }
}

/// What a token service answers.
private struct TokenAnswer: Decodable {
    let token: String?, access_token: String?, refresh_token: String?
    let expires_in: Int?
}

extension Session {
    /// Asks a token service.
    func fetchToken(_ wish: TokenWish) async throws(RegistryError) -> (Authorization, identityToken: String) {
        let answer = try await exchange(wish.identityToken.isEmpty ? wish.byName : wish.byIdentityToken)
        guard answer.isSuccess else { throw answer.refusal().told(by: answer.question.words) }
        let body = try await answer.body.collect(upTo: 1 << 20)
        let words = answer.question.words
        let decoded: TokenAnswer
        do { decoded = try JSONDecoder().decode(TokenAnswer.self, from: Data(body.bytes)) } catch {
            throw .malformed("\(words): the token service's answer is no token: \(excerpt(body.bytes))")
        }
        guard let token = [decoded.token, decoded.access_token].compactMap({ $0 }).first(where: { !$0.isEmpty }) else {
            throw .malformed("\(words): authorization server did not include a token in the response")
        }
        // A token that ends while the answer is on its way costs an exchange more, so its last seconds are not used.
        let seconds = min(max(decoded.expires_in ?? 60, 0), 86_400)
        return (Authorization(value: "Bearer \(token)", until: .now + .seconds(max(seconds - 5, 0))), decoded.refresh_token ?? "")
    }
}

extension TokenWish {
    fileprivate var purpose: Question.Purpose { .token(scope: scope) }

    /// For anybody, or for a name and a password.
    fileprivate var byName: Question {
        var fields = [("account", username), ("client_id", "docker"), ("service", service)]
        if wantsIdentity { fields.append(("offline_token", "true")) }
        fields += scope.split(separator: " ").map { ("scope", String($0)) }
        var question = Question(address: realm.adding(query: form(fields)), purpose: purpose)
        if !username.isEmpty, !password.isEmpty { question.authorization = basicAuthorization(username, password) }
        return question
    }

    /// For an identity token.
    fileprivate var byIdentityToken: Question {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", identityToken), ("service", service), ("client_id", "docker"), ("scope", scope)]
        return Question(
            address: realm, purpose: purpose, method: "POST", headers: ["Content-Type": "application/x-www-form-urlencoded"], body: Array(form(fields).utf8))
    }

    private func form(_ fields: [(name: String, value: String)]) -> String {
        fields.filter { !$0.value.isEmpty }.map { "\($0.name)=\(percentEncoded($0.value))" }.joined(separator: "&")
    }
}
