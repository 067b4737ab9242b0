// `slipway pull`, and the pull that `run` does, against an engine that answers from a script: what is asked, what is shown where, and how it ends.
// Chapter 08, 13.
import Credentials
import Linux
import Testing

@Suite("slipway pull", .serialized)
struct PullProgramTests {
    static let stream = ScriptedReply.pieces(DockersDrawing.stream.split(separator: "\n").map { "\($0)\r\n" }, isComplete: true)
    static let failing = ScriptedReply.pieces(
        [
            #"{"status":"Pulling from library/x","id":"latest"}{"status":"Pulling fs layer","progressDetail":{},"id":"a"}"#,
            #"{"errorDetail":{"message":"boom"},"error":"boom"}"#
        ],
        isComplete: true)

    func with<Result>(_ reply: ScriptedReply, _ body: (ScriptedEngine) throws -> Result) throws -> Result {
        let engine = try ScriptedEngine { _ in reply }
        defer { engine.close() }
        return try body(engine)
    }

    @Test("draws on a terminal what Docker's client draws there")
    func drawn() throws {
        for (columns, wanted) in [(120, DockersDrawing.wide), (80, DockersDrawing.narrow), (0, DockersDrawing.narrow)] as [(UInt16, String)] {
            let (code, text) = try with(Self.stream) { engine in try drawing(engine, ["pull", "tiny"], rows: columns == 0 ? 0 : 24, columns: columns) }
            #expect(code == 0 && text == "Using default tag: latest\n" + wanted + "docker.io/library/tiny:latest\n")
        }
    }

    @Test("prints lines where there is no terminal, and with -q the name alone")
    func lines() throws {
        try with(Self.stream) { engine in
            let run = try ToolRun(engine, ["pull", "tiny"])
            #expect(run.code == 0 && run.output.hasPrefix("Using default tag: latest\nlatest: Pulling from library/tiny\na1b2c3d4e5f6: Pulling fs layer\n"))
            #expect(run.output.hasSuffix("Status: Image is up to date for tiny:latest\ndocker.io/library/tiny:latest\n") && run.errors.isEmpty)
            let quiet = try ToolRun(engine, ["pull", "-q", "me/tiny:1"])
            #expect(quiet.code == 0 && quiet.output == "docker.io/me/tiny:1\n" && quiet.errors.isEmpty)
        }
    }

    @Test(
        "asks by the full name",
        arguments: [
            (["tiny"], "fromImage=docker.io%2Flibrary%2Ftiny&tag=latest"), (["me/tiny:1"], "fromImage=docker.io%2Fme%2Ftiny&tag=1"),
            (["localhost:5000/a/b"], "fromImage=localhost%3A5000%2Fa%2Fb&tag=latest"), (["-a", "tiny"], "fromImage=docker.io%2Flibrary%2Ftiny"),
            (["--platform", "linux/arm64", "tiny:1"], "fromImage=docker.io%2Flibrary%2Ftiny&platform=linux%2Farm64&tag=1"),
            (["tiny:1@sha256:" + String(repeating: "ab", count: 32)], "fromImage=docker.io%2Flibrary%2Ftiny&tag=sha256%3A" + String(repeating: "ab", count: 32))
        ])
    func asked(words: [String], query: String) throws {
        try with(Self.stream) { engine in
            let run = try ToolRun(engine, ["pull", "-q"] + words)
            #expect(run.code == 0)
            #expect(engine.requests == ["POST /images/create?\(query)"])
            #expect(engine.wholeRequests.allSatisfy { $0.contains("\r\nX-Registry-Auth: e30=\r\n") })
        }
    }

    @Test("takes along what the user has for the registry; a broken configuration is told, and the pull goes on")
    func credentials() throws {
        let folder = FilePath("/tmp/slipway-cli-config-\(UInt32.random(in: 0 ... .max))"), file = folder.appending("config.json")
        try makeDirectories(folder)
        defer { try? removeTree(folder) }  // a temporary folder
        try writeFile(file, #"{"auths":{"reg:5000":{"auth":"Ym9iOnNlY3JldA=="}}}"#)
        let header = encodedForEngine(Credential(username: "bob", password: "secret"), server: "reg:5000")
        try with(Self.stream) { engine in
            for words in [["pull", "-q", "reg:5000/a"], ["pull", "-q", "tiny"]] {
                #expect(try ToolRun(engine, words, environment: ["DOCKER_CONFIG=\(folder)"]).code == 0)
            }
            #expect(engine.wholeRequests.map { $0.contains("\r\nX-Registry-Auth: \(header)\r\n") } == [true, false])
            try writeFile(file, "{")
            let run = try ToolRun(engine, ["pull", "-q", "reg:5000/a"], environment: ["DOCKER_CONFIG=\(folder)"])
            #expect(run.code == 0 && run.output == "reg:5000/a:latest\n" && run.errors.hasPrefix("WARNING: Error loading config file: \(file)"))
        }
    }

    @Test("ends with 1 and the engine's words, whether it refuses at once or on the way, or breaks off")
    func errors() throws {
        let refused = try with(.json(404, #"{"message":"manifest for x not found: manifest unknown"}"#)) { try ToolRun($0, ["pull", "-q", "x"]) }
        #expect(refused.code == 1 && refused.output.isEmpty && refused.errors == "Error response from daemon: manifest for x not found: manifest unknown\n")
        let failed = try with(Self.failing) { try ToolRun($0, ["pull", "x:1"]) }
        #expect(failed.code == 1 && failed.output == "latest: Pulling from library/x\na: Pulling fs layer\n" && failed.errors == "boom\n")
        let broken = try with(.pieces([#"{"status":"Pulling fs layer","progressDetail":{},"id":"a"}"#], isComplete: false)) { try ToolRun($0, ["pull", "x:1"]) }
        #expect(broken.code == 1 && broken.output == "a: Pulling fs layer\n" && broken.errors.contains("unexpected EOF"))
        let nonsense = try with(.pieces(["<html>"], isComplete: true)) { try ToolRun($0, ["pull", "x:1"]) }
        #expect(nonsense.code == 1 && nonsense.errors.contains("no JSON"))
    }

    @Test(
        "refuses what is no name, before anything is asked",
        arguments: [
            (["BUSY"], "invalid reference format: repository name (library/BUSY) must be lowercase\n"), (["x y"], "invalid reference format\n"),
            ([""], "invalid reference format\n"), (["-a", "x:1"], "tag can't be used with --all-tags/-a\n"), (["x@sha256:12"], "invalid reference format\n"),
            (
                [String(repeating: "a", count: 64)],
                "invalid repository name (\(String(repeating: "a", count: 64))), cannot specify 64-byte hexadecimal strings\n"
            )
        ])
    func names(words: [String], message: String) throws {
        try with(Self.stream) { engine in
            let run = try ToolRun(engine, ["pull"] + words)
            #expect(run.code == 1 && run.errors == message && engine.requests.isEmpty)
        }
    }

    /// An engine that has an image once it was pulled.
    func engine(pull: ScriptedReply) throws -> ScriptedEngine {
        let isThere = Flag()
        return try ScriptedEngine { line in
            if line.contains("/images/create") {
                isThere.set()
                return pull
            }
            guard line.contains("/containers/create") else { return .json(204, "") }
            return isThere.isSet ? .json(201, #"{"Id":"c1"}"#) : .json(404, #"{"message":"No such image: tiny:latest"}"#)
        }
    }

    @Test("happens when run misses an image, on standard error, which standard output knows nothing of; then the container is made")
    func run() throws {
        let engine = try engine(pull: Self.stream)
        defer { engine.close() }
        let run = try ToolRun(engine, ["run", "-d", "tiny"])
        #expect(run.code == 0 && run.output == "c1\n")
        #expect(
            run.errors.hasPrefix("Unable to find image 'tiny:latest' locally\nlatest: Pulling from library/tiny\n") && run.errors.hasSuffix("for tiny:latest\n")
        )
        #expect(
            engine.requests.prefix(3) == [
                "POST /containers/create", "POST /images/create?fromImage=docker.io%2Flibrary%2Ftiny&tag=latest", "POST /containers/create"
            ])
    }

    @Test("is silent with run -q, comes first with --pull always, and never with --pull never or for an ID")
    func policies() throws {
        let quiet = try engine(pull: Self.stream)
        defer { quiet.close() }
        let run = try ToolRun(quiet, ["run", "-q", "-d", "tiny"])
        #expect(run.code == 0 && run.output == "c1\n" && run.errors.isEmpty)

        let always = try engine(pull: Self.stream)
        defer { always.close() }
        #expect(try ToolRun(always, ["create", "--pull", "always", "tiny:1"]).output == "c1\n")
        #expect(always.requests == ["POST /images/create?fromImage=docker.io%2Flibrary%2Ftiny&tag=1", "POST /containers/create"])

        for words in [["--pull", "never", "tiny"], ["sha256:" + String(repeating: "0", count: 64)], [String(repeating: "0", count: 64)]] {
            let never = try engine(pull: Self.stream)
            defer { never.close() }
            let run = try ToolRun(never, ["run"] + words)
            #expect(
                run.code == 125 && run.errors.hasPrefix("slipway: Error response from daemon: No such image") && never.requests == ["POST /containers/create"])
        }
    }

    @Test("that fails ends run with 125 and create with 1")
    func failedRun() throws {
        let engine = try engine(pull: Self.failing)
        defer { engine.close() }
        let run = try ToolRun(engine, ["run", "--pull", "always", "x"])
        #expect(run.code == 125 && run.errors.hasSuffix("a: Pulling fs layer\nslipway: boom\n\nRun 'slipway run --help' for more information\n"))
        let create = try ToolRun(engine, ["create", "--pull", "always", "x"])
        #expect(create.code == 1 && create.errors.hasSuffix("a: Pulling fs layer\nboom\n") && create.output.isEmpty)
        #expect(try ToolRun(engine, ["run", "BAD"]).errors.hasPrefix("slipway: invalid reference format: repository name (library/BAD) must be lowercase\n"))
        #expect(try ToolRun(engine, ["run", "--pull", "sometimes", "x"]).errors.contains("invalid pull option: 'sometimes': must be one of"))
    }
}
