// Docker's config.json, which users have already: who they are to which registry, and which keys leave a terminal. Ours is the same file, so a
// `docker login` counts here and the other way round. What we don't know in it stays as it is. The file holds secrets in plain sight unless
// a helper program keeps them elsewhere. docs.docker.com/reference/cli/docker/#docker-cli-configuration-file-configjson-properties · chapter 08
//
//     { "auths": { "SERVER": { "auth": base64(NAME:PASSWORD), "identitytoken": …, "registrytoken": … } },
//       "credsStore": HELPER for all, "credHelpers": { "SERVER": HELPER for one }, "detachKeys": "ctrl-p,ctrl-q" }
internal import JSON
public import Linux

/// A user's configuration of Docker's clients.
public struct ConfigFile: Sendable {
    /// Where it is, or would be.
    public let path: FilePath
    /// Our variables: helpers are looked for in PATH and get all of them.
    let environment: [String: String]
    /// All of the file, in its order.
    var contents: JSONValue

    /// What Docker Hub is called in this file, for reasons of history.
    public static let hub = "https://index.docker.io/v1/"

    /// Reads a file; one that isn't there is empty.
    ///
    /// - Throws: `CredentialsError.malformed` where it is no JSON object.
    public init(readFrom path: FilePath) throws(CredentialsError) { try self.init(readFrom: path, environment: ownVariables()) }

    init(readFrom path: FilePath, environment: [String: String]) throws(CredentialsError) {
        (self.path, self.environment) = (path, environment)
        contents = try Self.contents(of: path)
    }

    /// The user's own: `$DOCKER_CONFIG/config.json`, else `$HOME/.docker/config.json`.
    public static func standard(environment: [String: String]) throws(CredentialsError) -> ConfigFile {
        let named = environment["DOCKER_CONFIG"].flatMap { $0.isEmpty ? nil : FilePath($0) }
        let folder = named ?? FilePath(environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? "/").appending(".docker")
        return try ConfigFile(readFrom: folder.appending("config.json"), environment: environment)
    }

    /// Keys that leave a container's terminal, if the user chose some.
    public var detachKeys: String? { contents["detachKeys"]?.string.flatMap { $0.isEmpty ? nil : $0 } }

    /// The largest file that is read: a configuration is small, and what is larger is something else.
    private static let limitBytes = 16 << 20

    private static func contents(of path: FilePath) throws(CredentialsError) -> JSONValue {
        let bytes: [UInt8]
        do throws(KernelError) {
            let file = try open(path, [.readOnly, .nonBlocking])
            bytes = try file.borrow { (descriptor) throws(KernelError) in try readAll(descriptor, upTo: limitBytes + 1) }
        } catch {
            if error.errno == 2 || error.errno == 20 { return .object([]) }  // ENOENT, ENOTDIR
            throw .kernel("read the configuration", error)
        }
        guard bytes.count <= limitBytes else { throw .malformed(file: "\(path)", what: "more than 16 MiB is no configuration") }
        if bytes.allSatisfy({ [0x20, 0x09, 0x0a, 0x0d].contains($0) }) { return .object([]) }
        guard let value = JSONValue(bytes), case .object = value else { throw .malformed(file: "\(path)", what: "it is no JSON object") }
        return value
    }
}

/// This process's variables by name.
func ownVariables() -> [String: String] {
    Dictionary(
        currentEnvironment().compactMap { word in word.firstIndex(of: "=").map { (String(word[..<$0]), String(word[word.index(after: $0)...])) } },
        uniquingKeysWith: { first, _ in first })
}
