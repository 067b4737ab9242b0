// `rmi`, `tag`, `image …`, `login` and `logout` as users run them, against an engine that answers from a script. Chapter 08, 13.
import Credentials
import Linux
import Synchronization
import Testing

/// Something that happens once.
final class Flag: Sendable {
    private let value = Mutex(false)
    var isSet: Bool { value.withLock { $0 } }
    func set() { value.withLock { $0 = true } }
}

@Suite("slipway's image commands", .serialized)
struct ImageProgramTests {
    func engine() throws -> ScriptedEngine {
        try ScriptedEngine { line in
            if line.contains("/images/used") { return .json(409, #"{"message":"conflict: it is used"}"#) }
            if line.contains("nosuch") { return .json(404, #"{"message":"No such image: nosuch:latest"}"#) }
            if line.hasPrefix("DELETE") { return .json(200, #"[{"Untagged":"a:latest"},{"Deleted":"sha256:1"}]"#) }
            if line.contains("/images/prune") { return .json(200, #"{"ImagesDeleted":null,"SpaceReclaimed":0}"#) }
            return line.contains("/tag") ? .json(201, "") : .json(200, #"{"Id":"sha256:2"}"#)
        }
    }

    @Test("rmi goes on after a failure, tells it at the end, and ends with 1; by force, what isn't there is no failure")
    func removal() throws {
        let engine = try engine()
        defer { engine.close() }
        let gone = "Untagged: a:latest\nDeleted: sha256:1\n", missing = "Error response from daemon: No such image: nosuch:latest\n"
        let run = try ToolRun(engine, ["rmi", "a", "nosuch", "used", "a"])
        #expect(run.code == 1 && run.output == gone + gone && run.errors == missing + "Error response from daemon: conflict: it is used\n")
        let forced = try ToolRun(engine, ["rmi", "-f", "nosuch", "a"])
        #expect(forced.code == 0 && forced.output == gone && forced.errors == missing)
        #expect(try ToolRun(engine, ["rmi", "-f", "--no-prune", "nosuch", "used"]).code == 1)
        #expect(engine.requests.suffix(2) == ["DELETE /images/nosuch?force=1&noprune=1", "DELETE /images/used?force=1&noprune=1"])
    }

    @Test("tag sends the full name, and refuses what is none")
    func tag() throws {
        let engine = try engine()
        defer { engine.close() }
        for (target, query) in [("b", "repo=docker.io%2Flibrary%2Fb&tag=latest"), ("reg:5000/b:2", "repo=reg%3A5000%2Fb&tag=2")] {
            #expect(try ToolRun(engine, ["tag", "a", target]).code == 0 && engine.requests.last == "POST /images/a/tag?\(query)")
        }
        let digest = "@sha256:" + String(repeating: "ab", count: 32)
        for (words, message) in [
            (
                ["a", "B"],
                "Error parsing reference: \"B\" is not a valid repository/tag: invalid reference format: repository name (library/B) must be lowercase\n"
            ),
            (["a", "b\(digest)"], "refusing to create a tag with a digest reference\n")
        ] { #expect(try ToolRun(engine, ["tag"] + words).errors == message) }
    }

    @Test("Long names: image inspect knows images only and tells what it found before what it didn't; ls, rm, prune")
    func longNames() throws {
        let engine = try engine()
        defer { engine.close() }
        let run = try ToolRun(engine, ["image", "inspect", "a", "nosuch"])
        #expect(
            run.code == 1 && run.output == "[\n    {\n        \"Id\": \"sha256:2\"\n    }\n]\n"
                && run.errors == "Error response from daemon: No such image: nosuch:latest\n")
        #expect(engine.requests == ["GET /images/a/json", "GET /images/nosuch/json"])
        #expect(try ToolRun(engine, ["image", "rm", "a"]).code == 0 && ToolRun(engine, ["image", "prune", "-f"]).output == "Total reclaimed space: 0B\n")
        #expect(engine.requests.last == "POST /images/prune?filters=%7B%22dangling%22%3A%7B%22true%22%3Atrue%7D%7D")
        #expect(
            try ToolRun(engine, ["inspect", "--type", "nonsense", "a"]).errors.hasPrefix("unknown type: \"nonsense\": must be one of \"container\", \"image\""))
    }

    @Test("image prune asks first, and does nothing without a yes")
    func prune() throws {
        let engine = try engine()
        defer { engine.close() }
        let question = "WARNING! This will remove all images without at least one container associated to them.\nAre you sure you want to continue? [y/N] "
        for answer in ["", "n\n", "\n", "maybe"] {
            let run = try ToolRun(engine, ["image", "prune", "-a"], input: Array(answer.utf8))
            #expect(run.code == 0 && run.output == question && engine.requests.isEmpty)
        }
        #expect(
            try ToolRun(engine, ["image", "prune", "-a"], input: Array("Y\n".utf8)).output == question + "Total reclaimed space: 0B\n"
                && engine.requests.count == 1)
    }
}

@Suite("slipway login", .serialized)
struct LoginProgramTests {
    let folder = FilePath("/tmp/slipway-cli-login-\(UInt32.random(in: 0 ... .max))")
    var file: FilePath { folder.appending("config.json") }
    var environment: [String] { ["DOCKER_CONFIG=\(folder)"] }

    func with(_ reply: ScriptedReply, _ body: (ScriptedEngine) throws -> Void) throws {
        let engine = try ScriptedEngine { _ in reply }
        defer {
            engine.close()
            try? removeTree(folder)  // a temporary folder
        }
        try body(engine)
    }

    @Test("asks the engine, keeps what is good for its owner alone, and says where; logout forgets it")
    func login() throws {
        try with(.json(200, #"{"IdentityToken":"","Status":"Login Succeeded"}"#)) { engine in
            let run = try ToolRun(
                engine, ["login", "-u", "bob", "--password-stdin", "https://reg.example:5000/v2/"], input: Array("secret\r\n".utf8), environment: environment)
            let warning = """

                WARNING! Your credentials are stored unencrypted in '\(file)'.
                Configure a credential helper to remove this warning. See
                https://docs.docker.com/go/credential-store/


                """
            #expect(run.code == 0 && run.output == "Login Succeeded\n" && run.errors == warning)
            #expect(engine.requests == ["POST /auth"])
            #expect(engine.wholeRequests[0].hasSuffix(#"{"username":"bob","password":"secret","serveraddress":"reg.example:5000"}"#))
            #expect(try ConfigFile(readFrom: file).credential(for: "reg.example:5000") == Credential(username: "bob", password: "secret"))
            #expect(try status(file).mode & 0o777 == 0o600)

            let again = try ToolRun(engine, ["login", "reg.example:5000"], environment: environment)
            #expect(
                again.code == 0 && again.output == "Login Succeeded\n"
                    && again.errors.hasPrefix("Authenticating with existing credentials... [Username: bob]\n"))

            let out = try ToolRun(engine, ["logout", "reg.example:5000"], environment: environment)
            #expect(out.code == 0 && out.output == "Removing login credentials for reg.example:5000\n" && out.errors.isEmpty)
            #expect(try ConfigFile(readFrom: file).credential(for: "reg.example:5000") == nil)
        }
    }

    @Test("to Docker Hub with -p warns of that, and a token that the registry gives takes the password's place")
    func token() throws {
        try with(.json(200, #"{"IdentityToken":"tok","Status":"Login Succeeded"}"#)) { engine in
            let run = try ToolRun(engine, ["login", "-u", "bob", "-p", "secret"], environment: environment)
            #expect(run.code == 0 && run.errors == "WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n")
            #expect(try ConfigFile(readFrom: file).credential(for: "docker.io")?.identityToken == "tok" && !readText(file).contains("secret"))
            #expect(engine.wholeRequests[0].contains(#""serveraddress":"https://index.docker.io/v1/""#))
        }
    }

    @Test("that the registry refuses keeps nothing")
    func refused() throws {
        try with(.json(401, #"{"message":"Get \"https://reg/v2/\": unauthorized: incorrect username or password"}"#)) { engine in
            let run = try ToolRun(engine, ["login", "-u", "a", "--password-stdin", "reg"], input: Array("b".utf8), environment: environment)
            #expect(
                run.code == 1 && run.errors == "Error response from daemon: Get \"https://reg/v2/\": unauthorized: incorrect username or password\n"
                    && !exists(file))
        }
    }

    @Test("with an old password that is no longer good says so, and asks; without a terminal there is nobody to ask")
    func expired() throws {
        try with(.json(401, #"{"message":"unauthorized"}"#)) { engine in
            try makeDirectories(folder)
            try writeFile(file, #"{"auths":{"reg":{"auth":"Ym9iOnNlY3JldA=="}}}"#)
            let run = try ToolRun(engine, ["login", "reg"], environment: environment)
            #expect(
                run.code == 1
                    && run.errors.hasSuffix("Stored credentials invalid or expired\nError: Cannot perform an interactive login from a non TTY device\n"))
        }
    }

    @Test("never writes over a configuration that it can't read")
    func broken() throws {
        try with(.json(200, #"{"Status":"Login Succeeded"}"#)) { engine in
            try makeDirectories(folder)
            try writeFile(file, "{ not json")
            let run = try ToolRun(engine, ["login", "-u", "a", "-p", "b", "reg"], environment: environment)
            #expect(run.code == 1 && run.errors.contains("Error loading config file: \(file)") && engine.requests.isEmpty)
            #expect(try readText(file) == "{ not json")
        }
    }

    @Test(
        "tells what contradicts itself",
        arguments: [
            (["-u", "", "-p", "x"], "username is empty\n"), (["-u", "x", "-p", ""], "password is empty\n"),
            (["--password-stdin"], "the --password-stdin option requires --username to be set\n"),
            (["-u", "x", "-p", "y", "--password-stdin"], "conflicting options: cannot specify both --password and --password-stdin\n"),
            ([], "Error: Cannot perform an interactive login from a non TTY device\n")
        ])
    func contradictions(words: [String], message: String) throws {
        try with(.json(200, "{}")) { engine in
            let run = try ToolRun(engine, ["login"] + words, environment: environment)
            #expect(run.code == 1 && run.errors == message && engine.requests.isEmpty)
        }
    }
}
