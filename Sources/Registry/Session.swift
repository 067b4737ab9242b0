// A conversation with one registry on behalf of one credential: where the registry is, and how it was introduced to us last. A repository has
// one, logging in another. Finding the registry: Docker Hub lives elsewhere than its name says; a registry that may do without TLS is asked
// for https first, then for http, as Docker does; with any other a refused https is an error. chapter 08
import Credentials
import HTTP
import Synchronization

/// Talks to the registry of a domain. `ask` is in Asking.swift.
final class Session: Sendable {
    let domain: String
    let credential: Credential?
    /// The scope for which tokens are asked where the registry's challenge names none.
    let scope: String
    /// Whether a token service should give an identity token too.
    let wantsIdentity: Bool
    let transport: Transport
    let tokens: TokenStore
    /// The registry itself.
    let registry: WebAddress.Origin
    private let state = Mutex(State())

    private struct State {
        var authorization: Authorization?
        var identityToken = ""
    }

    /// Finds the registry.
    ///
    /// - Throws: `unreachable`, with the last address's reason; `server` and `tooMany` where it answers, but not sensibly
    init(
        _ domain: String, scope: String = "", _ credential: Credential?, wantsIdentity: Bool = false, _ transport: Transport, _ tokens: TokenStore
    ) async throws(RegistryError) {
        (self.domain, self.scope, self.credential, self.wantsIdentity) = (domain, scope, credential, wantsIdentity)
        (self.transport, self.tokens) = (transport, tokens)
        registry = try await Session.find(domain, transport)
    }

    /// An address at the registry.
    func address(_ target: String) -> WebAddress { WebAddress(registry, target) }

    /// Sends a question, with patience.
    func exchange(_ question: Question) async throws(RegistryError) -> Answer { try await transport.exchange(question) }

    // MARK: Who we are

    /// What introduced us last, while it holds.
    var remembered: String? { state.withLock { $0.authorization?.ifValid } }

    /// The identity token that the last token service gave, or an empty text.
    var identityToken: String { state.withLock { $0.identityToken } }

    /// What to say to one of the registry's challenges.
    ///
    /// - Parameter rejected: what was said before, in vain: a token that was kept too long
    /// - Returns: a value for `Authorization`, or nil where no challenge is understood
    /// - Throws: `unauthorized` where the registry wants a name and we have none, or where the token service does not accept it
    func introduction(answering challenges: [Challenge], rejected: String?) async throws(RegistryError) -> String? {
        let authorization: Authorization
        if let challenge = challenges.first(where: { $0.scheme == "bearer" }) {
            authorization = try await bearer(challenge, rejected)
        } else if challenges.contains(where: { $0.scheme == "basic" }) {
            authorization = try basic()
        } else {
            return nil
        }
        state.withLock { $0.authorization = authorization }
        return authorization.value
    }

    private func basic() throws(RegistryError) -> Authorization {
        guard let credential, !credential.username.isEmpty, !credential.password.isEmpty else {
            throw .unauthorized("Get \"\(address("/v2/"))\": no basic auth credentials")
        }
        return Authorization(value: basicAuthorization(credential.username, credential.password), until: nil)
    }

    private func bearer(_ challenge: Challenge, _ rejected: String?) async throws(RegistryError) -> Authorization {
        if let token = credential?.registryToken, !token.isEmpty { return Authorization(value: "Bearer \(token)", until: nil) }
        guard let realm = challenge["realm"].flatMap({ WebAddress($0, relativeTo: address("/v2/")) }), realm.isSecure || !registry.isSecure else {
            throw .malformed("\(domain): the registry names no token service that can be trusted: realm \"\(challenge["realm"] ?? "")\"")
        }
        let wish = TokenWish(
            realm: realm, service: challenge["service"] ?? "", scope: challenge["scope"] ?? scope, credential: credential, wantsIdentity: wantsIdentity)
        tokens.forget(wish, rejected)
        if let kept = tokens.token(for: wish) { return kept }
        let (authorization, identity) = try await fetchToken(wish)
        state.withLock { $0.identityToken = identity }
        tokens.keep(authorization, for: wish)
        return authorization
    }

    // MARK: Finding the registry

    private static func find(_ domain: String, _ transport: Transport) async throws(RegistryError) -> WebAddress.Origin {
        let candidates = transport.settings.candidates(for: domain)
        for (place, address) in candidates.enumerated() {
            let question = Question(address: address, purpose: .ping)
            if place == candidates.count - 1 {
                let answer = try await transport.exchange(question)
                if answer.isOverload { throw answer.refusal() }
                return address.origin
            }
            do throws(ExchangeFailure) {
                _ = try await transport.once(question)
                return address.origin
            } catch {
                guard error.mayBePlain else { throw error.error }
            }
        }
        throw .malformed("\(domain) is no registry's name")
    }
}

extension RegistrySettings {
    /// Where a registry may be, the best first.
    func candidates(for domain: String) -> [WebAddress] {
        let host = ["docker.io", "index.docker.io"].contains(domain) ? "registry-1.docker.io" : domain
        guard let secure = WebAddress("https://\(host)/v2/") else { return [] }
        return [secure] + (isInsecure(secure) ? [WebAddress("http://\(host)/v2/")].compactMap { $0 } : [])
    }
}
