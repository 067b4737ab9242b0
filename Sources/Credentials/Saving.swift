// What `login` and `logout` change in the file: one server's entry. Everything else stays, also what we don't understand. The new file is
// written beside the old one and renamed over it, so that no reader ever sees half of it and a full disk costs nothing. It keeps the old
// one's mode and owner; a new one is for its owner alone. man 2 rename · chapter 08

internal import JSON
internal import Linux

extension ConfigFile {
    /// Where secrets went.
    public enum Place: Equatable, Sendable {
        /// Into this file, readable by whoever may read it.
        case file
        /// To a helper program of this name.
        case helper(String)
        /// Nowhere: the file has had them already.
        case unchanged
    }

    /// Keeps a credential for a server, in its helper or in the file, and writes the file.
    ///
    /// - Parameter server: a key: `ConfigFile.key(of:)` of a domain
    public mutating func save(_ credential: Credential, for server: String) throws(CredentialsError) -> Place {
        var entry = JSONValue.object([]), place = Place.file
        if let helper = helper(for: server) {
            try helper.store(credential, for: server)
            place = .helper(helper.name)
        } else {
            entry = entry.setting("auth", to: credential.encodedPair).setting("identitytoken", to: credential.identityToken.nonEmpty)
            entry = entry.setting("registrytoken", to: credential.registryToken.nonEmpty)
        }
        let servers = contents["auths"] ?? .object([])
        guard servers[server] != entry else { return place == .file ? .unchanged : place }
        contents = contents.setting("auths", to: servers.setting(server, to: entry))
        try write()
        return place
    }

    /// Forgets a server, in its helper and in the file. One that isn't there is no failure; then nothing is written.
    public mutating func remove(_ server: String) throws(CredentialsError) {
        try helper(for: server)?.erase(server)
        guard let servers = contents["auths"], servers[server] != nil else { return }
        contents = contents.setting("auths", to: servers.setting(server, to: nil))
        try write()
    }

    /// Writes the file anew; a symbolic link keeps leading to it.
    private func write() throws(CredentialsError) {
        do throws(KernelError) {
            let target = Self.target(of: path), folder = target.removingLastComponent()
            try makeDirectories(folder, mode: 0o700)
            let old = exists(target) ? try status(target) : nil
            let new = folder.appending("\(target.lastComponent?.string ?? "config.json").\(UInt64.random(in: 0 ... .max))")
            let file = try open(new, [.writeOnly, .create, .exclusive], mode: 0o600)
            do throws(KernelError) {
                try file.borrow { (descriptor) throws(KernelError) in try fill(descriptor, as: old) }
                try rename(new, to: target)
            } catch {
                try? Linux.remove(new)  // the first error is the one to tell
                throw error
            }
        } catch { throw .kernel("write the configuration", error) }
    }

    private func fill(_ file: FileDescriptor, as old: FileStatus?) throws(KernelError) {
        try Linux.write(file, contents.text(indentedBy: "\t") + "\n")
        if let old {
            // Another user's file (sudo docker login) stays theirs where we may give it.
            try? changeOwner(file, user: old.user, group: old.group)  // only root may: else it is ours from now on, as with Docker's client
            try changeMode(file, old.mode & 0o777)
        }
        try synchronize(file)
    }

    /// Where a chain of symbolic links ends.
    private static func target(of path: FilePath) -> FilePath {
        var place = path
        for _ in 0..<8 {
            guard let next = try? readLink(place) else { break }  // no link: that is the file
            place = next.hasPrefix("/") ? FilePath(next) : place.removingLastComponent().appending(next)
        }
        return place
    }
}

extension Credential {
    /// Name and password as the file has them; nil where a token speaks alone.
    fileprivate var encodedPair: JSONValue? {
        username.isEmpty && password.isEmpty ? nil : .string(Base64.encoded(Array("\(username):\(password)".utf8)))
    }
}

extension String {
    fileprivate var nonEmpty: JSONValue? { isEmpty ? nil : .string(self) }
}
