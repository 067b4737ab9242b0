// `slipway login` and `logout`. The engine asks the registry whether name and password are good, and perhaps gets a token that takes the password's
// place; what is good is kept in the user's config.json, or by the helper that it names, where Docker's client finds it too. chapter 08, 13

internal import ArgumentParser
internal import Credentials
internal import DockerClient
internal import Linux

struct LoginCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "login", abstract: "Log in to a registry (Docker Hub unless one is named)", usage: "slipway login [OPTIONS] [SERVER]")
    static let flags = FlagTable(valued: "password/p username/u", switches: "password-stdin")

    @Option(name: .shortAndLong, help: "Password or access token; others can see it") var password: String?
    @Flag(help: "Take the password from standard input") var passwordStdin = false
    @Option(name: .shortAndLong, help: "User name") var username: String?
    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard words.count <= 1 else { throw .usage("login", "at most 1 argument", "[OPTIONS] [SERVER]") }
        try check()
        if password != nil { Output.complain("WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n") }
        var given = Credential(username: username ?? "", password: password ?? "")
        if passwordStdin { given.password = try Self.passwordOnInput() }
        let login = Login(engine: try session.engine(), server: Login.server(of: words.first ?? ""))
        var config = try session.configuration(), defaultName = ""
        if given == Credential(), let stored = try login.stored(config) {
            if !stored.username.isEmpty, !stored.password.isEmpty, try login.tryAgain(stored, &config) { return 0 }
            defaultName = stored.username
        }
        try login.enter(try ask(given, defaultName), &config)
        return 0
    }

    /// What contradicts itself, in Docker's words.
    func check() throws(Failure) {
        if passwordStdin {
            if password != nil { throw Failure("conflicting options: cannot specify both --password and --password-stdin") }
            if username == nil { throw Failure("the --password-stdin option requires --username to be set") }
        }
        if username == "" { throw Failure("username is empty") }
        if password == "" { throw Failure("password is empty") }
    }

    private static func passwordOnInput() throws(Failure) -> String {
        do throws(KernelError) {
            var bytes = try readAll(.standardInput, upTo: 1 << 20)
            if bytes.last == 0x0a { bytes.removeLast() }
            if bytes.last == 0x0d { bytes.removeLast() }
            return String(decoding: bytes, as: UTF8.self)
        } catch { throw Failure("read the password: \(error)") }
    }

    /// Asks for what is missing, if there is somebody to ask.
    private func ask(_ given: Credential, _ defaultName: String) throws(Failure) -> Credential {
        var all = given
        if all.username.isEmpty || all.password.isEmpty, !isTerminal(.standardInput) {
            throw Failure("Error: Cannot perform an interactive login from a non TTY device")
        }
        if all.username.isEmpty {
            Output.print(defaultName.isEmpty ? "Username: " : "Username (\(defaultName)): ")
            let typed = Prompt.line() ?? ""
            all.username = typed.isEmpty ? defaultName : typed
            if all.username.isEmpty { throw Failure("Error: Non-null Username Required") }
        }
        if all.password.isEmpty {
            Output.print("Password: ")
            all.password = try Prompt.secret()
            if all.password.isEmpty { throw Failure("Error: Password Required") }
        }
        return all
    }
}

struct LogoutCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "logout", abstract: "Log out from a registry (Docker Hub unless one is named)", usage: "slipway logout [SERVER]")
    static let flags = FlagTable()

    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard words.count <= 1 else { throw .usage("logout", "at most 1 argument", "[SERVER]") }
        let server = Login.server(of: words.first ?? "")
        var config = try session.configuration(), errors: [String] = []
        // Old clients kept URLs; those go as well.
        let forms = server == ConfigFile.hub ? [server] : [server, "http://\(server)", "https://\(server)"]
        Output.line("Removing login credentials for \(server)")
        for form in forms {
            do throws(CredentialsError) { try config.remove(form) } catch { errors.append("\(form): \(error)") }
        }
        if errors.count == forms.count { throw Failure("WARNING: could not erase credentials:\n" + errors.joined(separator: "\n")) }
        return 0
    }
}
