// What a registry wants to know of us: a name and a password, or a token that stands for them. `docker login` keeps them in config.json, the
// Engine API carries them in the header X-Registry-Auth, and a registry's client answers a challenge with them. Chapter 08.

/// Who somebody is to a registry. Never printed: its description hides the secrets.
public struct Credential: Sendable, Equatable, CustomStringConvertible {
    /// The account's name; empty where a token alone speaks.
    public var username: String
    /// The password, or an access token that stands in for one.
    public var password: String
    /// A refresh token, to be exchanged for access tokens; empty where there is none.
    public var identityToken: String
    /// A bearer token to be sent as it is; empty where there is none.
    public var registryToken: String

    public init(username: String = "", password: String = "", identityToken: String = "", registryToken: String = "") {
        (self.username, self.password, self.identityToken, self.registryToken) = (username, password, identityToken, registryToken)
    }

    public var description: String { username.isEmpty ? "a token" : "\(username) and a secret" }
}
