// The client of all registries: it holds what outlives a single pull, the connections that can be used again and the tokens that still hold.
// https://github.com/opencontainers/distribution-spec · chapter 08
public import Credentials
public import OCI

/// Talks to registries. One for the whole program is right; any number of tasks may use it at once.
public final class RegistryClient: Sendable {
    /// What holds for all registries.
    public let settings: RegistrySettings
    private let transport: Transport
    private let tokens = TokenStore()

    /// - Parameters:
    ///   - settings: what holds for all registries
    ///   - observe: is told of each HTTP exchange once it is over
    public init(_ settings: RegistrySettings = RegistrySettings(), observe: (@Sendable (Exchange) -> Void)? = nil) {
        (self.settings, transport) = (settings, Transport(settings, observe))
    }

    /// The repository that `name` belongs to. Nothing is sent yet.
    ///
    /// - Parameter credential: who we are there; nil for nobody
    public func repository(_ name: Reference, _ credential: Credential?) -> Repository { Repository(name, credential, transport, tokens) }

    /// Asks a registry whether it accepts a credential.
    ///
    /// - Parameter domain: the registry's host and port, as `Reference.domain` has it
    /// - Returns: an identity token to be kept instead of the password, or an empty text where the registry gives none
    /// - Throws: `unauthorized` where the registry does not accept it
    public func logIn(to domain: String, _ credential: Credential) async throws(RegistryError) -> String {
        let session = try await Session(domain, credential, wantsIdentity: true, transport, tokens)
        let answer = try await session.ask(Question(address: session.address("/v2/"), purpose: .ping))
        switch answer.status {
        case 200..<300: return session.identityToken
        case 401, 403:
            let words = "\(answer.status) \(answer.status == 401 ? "Unauthorized" : "Forbidden")"
            throw .unauthorized("login attempt to \(session.address("/v2/")) failed with status: \(words)")
        default: throw answer.refusal()
        }
    }
}
