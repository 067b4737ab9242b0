// Who a client is at a registry: the header X-Registry-Auth and the body of `POST /auth` are the same JSON; and what a registry has under a name.
// Engine API v1.43, "Authentication" and DistributionInspect. Chapter 12.

/// A credential as clients send it.
public struct AuthenticationRequest: Codable, Sendable, Equatable {
    public var username: String?, password: String?
    /// base64 of `name:password`, where the two are not sent apart.
    public var auth: String?
    public var email: String?
    /// `https://index.docker.io/v1/`, or a host and port.
    public var serveraddress: String?
    public var identitytoken: String?, registrytoken: String?

    public init() {}
}

/// The answer to a login that succeeded.
public struct AuthenticationReply: Codable, Sendable {
    public var IdentityToken: String, Status = "Login Succeeded"
    public init(token: String) { IdentityToken = token }
}

/// `GET /distribution/{name}/json`: what a name stands for at its registry.
public struct DistributionReply: Codable, Sendable, Equatable {
    public var Descriptor: Descriptor, Platforms: [Platform]

    public struct Descriptor: Codable, Sendable, Equatable {
        public var mediaType: String, digest: String, size: Int64
        public init(mediaType: String, digest: String, size: Int64) { (self.mediaType, self.digest, self.size) = (mediaType, digest, size) }
    }
    public struct Platform: Codable, Sendable, Equatable {
        public var architecture: String, os: String, variant: String?
        public init(architecture: String, os: String, variant: String?) { (self.architecture, self.os, self.variant) = (architecture, os, variant) }
    }
    public init(_ descriptor: Descriptor, platforms: [Platform]) {
        self.Descriptor = descriptor
        Platforms = platforms
    }
}
