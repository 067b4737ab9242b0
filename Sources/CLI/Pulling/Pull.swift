// Pulling: the engine does it, asked by an image's full name and with what the user has for its registry; we show how far it is. `run` and `create`
// do it when an image is missing, with the progress on standard error, for standard output belongs to the container. chapter 08, 13

internal import Credentials
internal import DockerClient
internal import OCI

struct Pull {
    let session: Session
    let name: Reference
    /// Of several in an image, such as `linux/arm64`.
    let platform: String?
    /// Every tag of the repository.
    var isOfAllTags = false

    /// Pulls, and shows its progress.
    func run(showingOn output: ProgressOutput) throws(Failure) {
        var query: [(name: String, value: String)] = [("fromImage", name.name)]
        if let platform { query.append(("platform", platform)) }
        if !isOfAllTags { query.append(("tag", name.digest ?? name.tag ?? "latest")) }
        let request = Request("POST", ["images", "create"], query: query, headers: [("X-Registry-Auth", session.credentialHeader(for: name.domain))])
        let engine = try session.engine(), stream: Connection
        do throws(ClientError) { stream = try engine.open(request) } catch { throw Failure(error) }
        try output.show(stream)
    }
}

extension Reference {
    /// Reads what a user typed.
    ///
    /// - Throws: `Failure` in Docker's words.
    init(typed text: String) throws(Failure) {
        do throws(ReferenceError) { try self.init(parsing: text) } catch { throw Failure("\(error)") }
    }

    /// The name of an image to run, with `latest` if it says no more; nil for an ID, which can't be pulled.
    ///
    /// - Throws: `Failure` for what is neither.
    static func ofImage(_ text: String) throws(Failure) -> Reference? {
        let digits = text.hasPrefix("sha256:") ? text.dropFirst(7) : Substring(text)
        if digits.utf8.count == 64, digits.allSatisfy({ "0123456789abcdef".contains($0) }) { return nil }
        return try Reference(typed: text).withDefaultTag
    }
}

extension Session {
    /// The value of X-Registry-Auth for a registry. A configuration that is broken doesn't stand between a user and public images: it is
    /// told, and the pull goes on without.
    func credentialHeader(for domain: String) -> String {
        do throws(CredentialsError) {
            return encodedForEngine(try ConfigFile.standard(environment: OwnEnvironment.values).credential(for: domain), server: ConfigFile.key(of: domain))
        } catch {
            Output.complain("WARNING: Error loading config file: \(error)\n")
            return encodedForEngine(nil, server: domain)
        }
    }
}
