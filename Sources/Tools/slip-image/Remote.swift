// The flags that say how to meet a registry, and what they lead to.
import ArgumentParser
import Credentials
import HTTP
import Linux
import OCI
import Registry

struct RemoteFlags: ParsableArguments {
    @Option(help: ArgumentHelp("Who you are. Others on this machine can see a command's arguments: prefer `docker login`.", valueName: "name:password"))
    var user: String?

    @Flag(help: "Do without TLS, or with a certificate of nobody's. Loopback may without being told.")
    var insecure = false

    @Option(help: ArgumentHelp("A folder with HOST:PORT/*.crt of authorities to believe, as /etc/docker/certs.d.", valueName: "folder"))
    var certificates: [String] = []

    @Option(help: "Which of several platforms: os/architecture[/variant]; this machine's if not said.")
    var platform: String?

    @Flag(help: "Tell each HTTP exchange as it happens.")
    var narrate = false

    func validate() throws {
        guard user == nil || user?.contains(":") == true else { throw ValidationError("--user: wanted NAME:PASSWORD") }
        if let platform {
            do throws(PlatformError) { _ = try Platform(parsing: platform) } catch { throw ValidationError("--platform: \(error)") }
        }
    }

    /// What was asked for, or this machine's.
    var wanted: Platform? {
        get throws { try platform.map { (text) throws in try Platform(parsing: text) } }
    }

    /// A client for the registry of `name`.
    func client(for name: Reference) throws -> RegistryClient {
        var settings = RegistrySettings()
        if insecure { settings.insecure = [name.domain] }
        settings.proxies = Proxies(environment: variables())
        settings.certificates += certificates.map { FilePath($0) }
        guard narrate else { return RegistryClient(settings) }
        let narrator = Narrator()
        return RegistryClient(settings, observe: { narrator.tell($0) })
    }

    /// Who we are to the registry of `name`; nil for nobody.
    func credential(for name: Reference) throws -> Credential? {
        if let user, let colon = user.firstIndex(of: ":") {
            return Credential(username: String(user[..<colon]), password: String(user[user.index(after: colon)...]))
        }
        return try ConfigFile.standard(environment: variables()).credential(for: name.domain)
    }
}

/// Our variables by name.
func variables() -> [String: String] {
    let pairs = currentEnvironment().compactMap { word in word.firstIndex(of: "=").map { (String(word[..<$0]), String(word[word.index(after: $0)...])) } }
    return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
}

/// Runs a subcommand's work; a failure becomes one line on standard error, and status 1.
func finish(_ what: String, _ work: () async throws -> Void) async throws {
    do {
        try await work()
    } catch let error as ValidationError {
        throw error
    } catch {
        complain("slip-image: \(what): \(error)")
        throw ExitCode(1)
    }
}
