// Who the user is to a registry: by the helper that the file names for it, else by the file itself. Old files have URLs where newer ones have
// host names, so both are looked for. The order is that of Docker's client. Chapter 08.

internal import JSON

extension ConfigFile {
    /// What the user has for a registry.
    ///
    /// - Parameter domain: as in an image's name: `docker.io`, `registry.example:5000`; also a key of the file, such as `ConfigFile.hub`
    /// - Returns: nil where there is nothing.
    /// - Throws: `CredentialsError.malformed` for a broken entry, `.helper` for a helper that fails.
    public func credential(for domain: String) throws(CredentialsError) -> Credential? {
        let server = Self.key(of: domain)
        let credential: Credential
        if let helper = helper(for: server) { credential = try helper.get(server) ?? Credential() } else { credential = try stored(server) ?? Credential() }
        return credential == Credential() ? nil : credential
    }

    /// The key of a registry in this file: its host, and for Docker Hub the old URL.
    public static func key(of domain: String) -> String { ["docker.io", "index.docker.io", ""].contains(domain) ? hub : domain }

    /// The host in a key that may be a URL: `https://registry.example/v1/` is `registry.example`.
    public static func host(of server: String) -> String {
        let bare = ["http://", "https://"].first { server.hasPrefix($0) }.map { server.dropFirst($0.count) } ?? Substring(server)
        return String(bare.prefix { $0 != "/" })
    }

    /// The helper program that keeps a server's secrets, if one does.
    func helper(for server: String) -> CredentialHelper? {
        let name = contents["credHelpers"]?[server]?.string ?? contents["credsStore"]?.string ?? ""
        return name.isEmpty ? nil : CredentialHelper(name: name, environment: environment)
    }

    private func stored(_ server: String) throws(CredentialsError) -> Credential? {
        let entries = contents["auths"]?.members ?? []
        guard let entry = entries.first(where: { $0.name == server }) ?? entries.first(where: { Self.host(of: $0.name) == server }) else { return nil }
        return try credential(in: entry)
    }

    private func credential(in entry: JSONValue.Member) throws(CredentialsError) -> Credential {
        let value = entry.value
        var found = Credential(
            username: value["username"]?.string ?? "", password: value["password"]?.string ?? "", identityToken: value["identitytoken"]?.string ?? "",
            registryToken: value["registrytoken"]?.string ?? "")
        guard let encoded = value["auth"]?.string, !encoded.isEmpty else { return found }
        guard let bytes = Base64.decoded(encoded), let colon = bytes.firstIndex(of: UInt8(ascii: ":")), colon > 0 else {
            throw .malformed(file: "\(path)", what: "the auth of \(entry.name) is no base64 of NAME:PASSWORD; log in again")
        }
        found.username = String(decoding: bytes[..<colon], as: UTF8.self)
        // Old clients padded the password with zero bytes.
        var password = bytes[(colon + 1)...].drop { $0 == 0 }
        while password.last == 0 { password.removeLast() }
        found.password = String(decoding: password, as: UTF8.self)
        return found
    }
}
