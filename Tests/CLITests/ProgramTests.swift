// The program `slipway` as users run it, against an engine that answers from a script. Chapter 13.
import Linux
import Testing

@Suite("slipway, the program", .serialized)
struct ProgramTests {
    static let id = String(repeating: "ab", count: 32)

    /// An engine on which a container can be made and run; `change` answers some requests otherwise.
    func engine(output: [UInt8] = [], echoes: Bool = false, code: Int = 0, _ change: @escaping @Sendable (String) -> ScriptedReply? = { _ in nil }) throws
        -> ScriptedEngine
    {
        try ScriptedEngine { line in
            if let reply = change(line) { return reply }
            if line.contains("/containers/create") { return .json(201, #"{"Id":"\#(Self.id)","Warnings":["no network yet"]}"#) }
            if line.contains("/attach") { return .stream(output, echoes: echoes) }
            if line.contains("/wait") { return .later(#"{"Error":null,"StatusCode":\#(code)}"#) }
            if line.contains("/start") { return .json(204, "") }
            return .json(404, #"{"message":"page not found"}"#)
        }
    }

    @Test("run attaches and waits before it starts, keeps the streams apart and ends with the container's code")
    func run() throws {
        let engine = try engine(output: ScriptedEngine.frame(1, "out\n") + ScriptedEngine.frame(2, "err\n"), code: 7)
        defer { engine.close() }
        let run = try ToolRun(engine, ["run", "--rm", "--name", "web", "img", "sh", "-c", "exit 7"])
        #expect(run.code == 7 && run.output == "out\n" && run.errors == "WARNING: no network yet\nerr\n")
        #expect(
            engine.requests == [
                "POST /containers/create?name=web", "POST /containers/\(Self.id)/attach?stream=1&stdout=1&stderr=1",
                "POST /containers/\(Self.id)/wait?condition=removed",
                "POST /containers/\(Self.id)/start"
            ])
    }

    @Test("run -i passes every byte on, in both directions at once, and closes the input at its end")
    func input() throws {
        let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) & 0x7f }
        let engine = try engine(echoes: true)
        defer { engine.close() }
        let run = try ToolRun(engine, ["run", "-i", "img", "cat"], input: bytes)
        #expect(run.code == 0 && Array(run.output.utf8) == bytes)
    }

    @Test("run -d prints the ID and attaches nothing")
    func detached() throws {
        let engine = try engine()
        defer { engine.close() }
        let run = try ToolRun(engine, ["run", "-d", "img"])
        #expect(run.code == 0 && run.output == Self.id + "\n")
        #expect(engine.requests == ["POST /containers/create", "POST /containers/\(Self.id)/start"])
    }

    @Test(
        "A start that fails ends with 127, 126 or 125, by the engine's words",
        arguments: [
            ("exec: \"nosuch\": executable file not found in $PATH", 127), ("exec: \"/x\": stat /x: no such file or directory", 127),
            ("exec: \"/etc\": permission denied", 126), ("exec: \"/etc\": is a directory", 126),
            ("something else", 125)
        ] as [(String, Int32)])
    func failedStart(message: String, code: Int32) throws {
        let text = message.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\\"")
        let engine = try engine { $0.contains("/start") ? .json(400, "{\"message\":\"\(text)\"}") : nil }
        defer { engine.close() }
        let run = try ToolRun(engine, ["run", "img", "nosuch"])
        #expect(run.code == code && run.output.isEmpty)
        #expect(run.errors.hasSuffix("slipway: Error response from daemon: \(message)\n\nRun 'slipway run --help' for more information\n"))
    }

    @Test("An image that isn't there is pulled once; the engine's refusal is told, with code 125")
    func missingImage() throws {
        let engine = try engine { line in
            line.contains("/containers/create")
                ? .json(404, #"{"message":"No such image: nosuch:1"}"#)
                : line.contains("/images/create") ? .json(501, #"{"message":"pulling is not built yet"}"#) : nil
        }
        defer { engine.close() }
        let run = try ToolRun(engine, ["run", "nosuch:1"])
        #expect(run.code == 125)
        #expect(
            run.errors
                == "Unable to find image 'nosuch:1' locally\nslipway: Error response from daemon: pulling is not built yet\n\nRun 'slipway run --help' for more information\n"
        )
        #expect(engine.requests == ["POST /containers/create", "POST /images/create?fromImage=docker.io%2Flibrary%2Fnosuch&tag=1"])
    }

    @Test("--explain is refused by a foreign engine before anything is made, and shown by ours on standard error")
    func explain() throws {
        let foreign = try engine { $0.contains("/version") ? .json(200, #"{"Platform":{"Name":"Docker Engine"},"Components":[]}"#) : nil }
        defer { foreign.close() }
        let refused = try ToolRun(foreign, ["run", "--explain", "img"])
        #expect(refused.code == 125 && refused.errors.contains("another one; nothing was created") && foreign.requests == ["GET /version"])

        let record =
            #"{"process":"runtime","time":1,"kind":"call","step":"enter the root","call":"pivot_root","subject":". .","result":0,"errno":0,"chapter":2}"# + "\n"
        let ours = try engine(output: ScriptedEngine.frame(1, "hi\n")) { line in
            line.contains("/version") ? .json(200, #"{"Platform":{"Name":"Slipway"}}"#) : line.contains("/explain") ? .json(200, record) : nil
        }
        defer { ours.close() }
        let shown = try ToolRun(ours, ["run", "--explain", "img"])
        #expect(shown.code == 0 && shown.output == "hi\n")
        #expect(
            shown.errors.contains("── enter the root  (runtime · chapter 02)") && shown.errors.contains("pivot_root . .")
                && shown.errors.contains("1 kernel calls in 1 steps"))
    }

    @Test("exec ends with the process's code")
    func exec() throws {
        let engine = try ScriptedEngine { line in
            switch line {
            case "POST /containers/web/exec": .json(201, #"{"Id":"e1"}"#)
            case "POST /exec/e1/start": .stream(ScriptedEngine.frame(1, "hi\n"), echoes: false)
            default: .json(200, #"{"ExitCode":3,"Running":false}"#)
            }
        }
        defer { engine.close() }
        let run = try ToolRun(engine, ["exec", "web", "sh", "-c", "exit 3"])
        #expect(run.code == 3 && run.output == "hi\n")
        #expect(engine.requests == ["POST /containers/web/exec", "POST /exec/e1/start", "GET /exec/e1/json"])
    }

    @Test("Several names: each success is printed, each failure told, and the code says that there was one")
    func severalNames() throws {
        let engine = try ScriptedEngine { $0.contains("/b") ? .json(404, #"{"message":"No such container: b"}"#) : .json(204, "") }
        defer { engine.close() }
        let run = try ToolRun(engine, ["rm", "a", "b", "c"])
        #expect(run.code == 1 && run.output == "a\nc\n" && run.errors == "Error response from daemon: No such container: b\n")
        #expect(try ToolRun(engine, ["rm", "-f", "b"]).code == 0, "what is to go by force and isn't there is no failure")
    }

    @Test("inspect goes on from containers to images, and shows what it found although something wasn't there")
    func inspect() throws {
        let engine = try ScriptedEngine { line in
            line.contains("/containers/web/")
                ? .json(200, #"{"Id":"1","State":{"Status":"exited"}}"#)
                : line.contains("/images/bb") ? .json(200, #"{"Id":"sha256:2"}"#) : .json(404, #"{"message":"no"}"#)
        }
        defer { engine.close() }
        let run = try ToolRun(engine, ["inspect", "web", "bb:1", "nosuch"])
        #expect(run.code == 1 && run.errors == "Error: No such object: nosuch\n")
        #expect(
            run.output
                == "[\n    {\n        \"Id\": \"1\",\n        \"State\": {\n            \"Status\": \"exited\"\n        }\n    },\n    {\n        \"Id\": \"sha256:2\"\n    }\n]\n"
        )
        #expect(try ToolRun(engine, ["inspect", "-f", "{{.State.Status}}", "web"]).output == "exited\n")
    }

    @Test("An engine that vanishes or talks nonsense is told, never waited for", arguments: ["nothing", "start", "wait"])
    func brokenEngine(where place: String) throws {
        let engine = try engine { line in
            switch place {
            case "nothing": .nothing
            case "start": line.contains("/start") ? .nothing : nil
            default: line.contains("/wait") ? .nothing : nil
            }
        }
        defer { engine.close() }
        let run = try ToolRun(engine, ["run", "img"])
        #expect(run.code == 125 && run.errors.contains("error during connect"))
    }

    @Test("Bad flags and missing operands are told in Docker's words")
    func badFlags() throws {
        let engine = try engine()
        defer { engine.close() }
        for (words, code, text) in [
            (["run", "--nosuch"], 125, "unknown flag: --nosuch"), (["run"], 1, "slipway: 'slipway run' requires at least 1 argument"),
            (["nosuch"], 1, "slipway: unknown command: slipway nosuch"),
            (
                ["run", "-m", "x", "img"], 125,
                "invalid argument \"x\" for \"-m, --memory\" flag: invalid size: 'x'\n\nUsage:  slipway run [OPTIONS] IMAGE [COMMAND] [ARG...]\n\nRun 'slipway run --help'"
            ), (["images", "-f", "foo"], 125, "(expected name=value)\n\nUsage:  slipway images [OPTIONS] [REPOSITORY[:TAG]]\n\nRun 'slipway images --help'")
        ] as [([String], Int32, String)] {
            let run = try ToolRun(engine, words)
            #expect(run.code == code && run.errors.contains(text) && run.output.isEmpty, "\(words)")
        }
        #expect(engine.requests.isEmpty)
    }
}
