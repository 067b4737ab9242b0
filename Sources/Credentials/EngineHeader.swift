// A credential on its way to the engine: the header X-Registry-Auth, base64 (for URLs, padded) of JSON. The engine uses it for one request and
// keeps nothing. docs.docker.com/reference/api/engine, "Authentication" · chapter 08 and 12

public import JSON

/// The value of the header X-Registry-Auth; `e30=` (an empty object) where there is nothing.
///
/// - Parameter server: the key under which the credential is kept: a host, or `ConfigFile.hub`
public func encodedForEngine(_ credential: Credential?, server: String) -> String {
    Base64.encoded(Array(engineObject(credential, server: server).text().utf8), forURL: true)
}

/// The same as JSON: also the body of `POST /auth`.
public func engineObject(_ credential: Credential?, server: String) -> JSONValue {
    guard let credential else { return .object([]) }
    let texts = [
        ("username", credential.username), ("password", credential.password), ("serveraddress", server), ("identitytoken", credential.identityToken),
        ("registrytoken", credential.registryToken)
    ]
    return .object(texts.filter { !$0.1.isEmpty }.map { JSONValue.Member(name: $0.0, value: .string($0.1)) })
}
