import Linux
import ShimProtocol
import Testing

@Suite("A container's streams", .enabled(if: canRunContainers, unverified), .timeLimit(.minutes(2)))
struct StreamTests {
    /// Lines, so that the log is as it usually is.
    private static func megabytes(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var number = 0
        while bytes.count < count << 20 {
            bytes += Array("\(number) the quick brown fox jumps over the lazy dog, and the log keeps every line of it: \(number)\n".utf8)
            number += 1
        }
        return bytes
    }

    @Test("carry 20 MB in and out, begun before the start, without losing a byte")
    func twentyMegabytes() async throws {
        let shim = try ShimBench(["cat"], stdin: true)
        let client = try shim.attach(input: true)
        let bytes = Self.megabytes(20)
        let sending = Task.detached {
            try client.send(bytes)
            try client.endInput()
        }
        try await Task.sleep(for: .milliseconds(50))
        try shim.require(.start)
        let output = try client.read().output
        try await sending.value
        #expect(output == bytes)
        #expect(try shim.waitForExit().code == 0)
    }

    @Test("never lose the byte that came before the start, and then its end", arguments: 0..<20)
    func echo(round: Int) throws {
        let shim = try ShimBench(["cat"], stdin: true)
        let client = try shim.attach(input: true)
        try client.send("x\n")
        if round % 2 == 0 { try client.endInput() }
        try shim.require(.start)
        if round % 2 == 1 { try client.endInput() }
        #expect(try client.texts() == ["x\n", ""])
        #expect(try shim.waitForExit().code == 0)
        #expect(try shim.release() == .exited(0))
    }

    @Test("make the container wait for a client that is slow, and lose nothing")
    func slowClient() throws {
        let shim = try ShimBench(["sh", "-c", "yes | head -c 8000000"])
        let client = try shim.attach()
        try shim.require(.start)
        pause(milliseconds: 300)
        #expect(try ExitRecord(readFrom: shim.exitPath) == nil, "it waits for us")
        #expect(try client.read().output.count == 8_000_000)
        #expect(try shim.waitForExit().code == 0)
    }

    @Test("hold up a client whose bytes the container does not read, with a bound")
    func unreadInput() throws {
        let shim = try ShimBench(["sleep", "60"], stdin: true)
        let client = try shim.attach(input: true)
        try shim.require(.start)
        let socket = client.descriptor
        try setNonBlocking(socket)
        var sent = 0, idle = 0
        let chunk = [UInt8](repeating: 65, count: 65_536)
        while idle < 20 {
            let count = try writeSome(socket, chunk[...])
            sent += count
            idle = count == 0 ? idle + 1 : 0
            if count == 0 { pause(milliseconds: 10) }
        }
        #expect(sent < 2 << 20, "\(sent) bytes were taken")
        try shim.require(.signal(number: 9, all: true))
        #expect(try shim.waitForExit().code == 137)
    }

    @Test("reach every client; one that vanishes or does not read is no concern of the others at the end")
    func manyClients() throws {
        let shim = try ShimBench(["sh", "-c", "echo a; echo b >&2"])
        let both = try shim.attach(), errors = try shim.attach(output: false), idle = try shim.attach()
        do { _ = try shim.attach() }
        try both.endInput()
        try shim.require(.start)
        #expect(try both.texts() == ["a\n", "b\n"])
        #expect(try errors.texts() == ["", "b\n"])
        #expect(try shim.waitForExit().code == 0)
        #expect(try idle.texts() == ["a\n", "b\n"], "what was told is still there for whoever reads late")
    }

    @Test("are drained for a client that sent its input and went away altogether")
    func goneSender() throws {
        let shim = try ShimBench(["wc", "-c"], stdin: true)
        do {
            let client = try shim.attach(input: true)
            try client.send([UInt8](repeating: 65, count: 100_000))
        }
        try shim.require(.start)
        #expect(try shim.waitForExit().code == 0)
        #expect(try readText(shim.logPath).hasPrefix(#"{"log":"100000\n""#))
    }

    @Test("stay open at a client's end of input where it was not to close them")
    func keepsOpen() throws {
        let shim = try ShimBench(["sh", "-c", "read a; read b; echo $a $b"], stdin: true, once: false)
        try shim.require(.start)
        let first = try shim.attach(input: true)
        try first.send("one\n")
        try first.endInput()
        #expect(try first.texts() == ["", ""], "its attachment ends")
        let second = try shim.attach(input: true)
        try second.send("two\n")
        #expect(try second.texts() == ["one two\n", ""])
        #expect(try shim.waitForExit().code == 0)
    }

    @Test("give a client that came late its answer, all of it, and then end its attachment: `echo x | docker attach` returns")
    func lateClient() throws {
        let shim = try ShimBench(["sh", "-c", "read a; sleep 0.3; head -c 4194304 /dev/zero; exec sleep 60"], stdin: true, once: false)
        try shim.require(.start)
        let client = try shim.attach(input: true)
        try client.send("go\n")
        try client.endInput()
        #expect(try client.read().output.count == 4_194_304)
        #expect(try ExitRecord(readFrom: shim.exitPath) == nil, "the container goes on")
        try shim.require(.signal(number: 9, all: false))
        #expect(try shim.waitForExit().code == 137)
    }

    @Test("are a terminal where asked for, with a size that may come before the start")
    func terminal() throws {
        let shim = try ShimBench(["sh", "-c", "stty size; read go; stty size; exit 3"], terminal: true, stdin: true)
        let client = try shim.attach(input: true)
        try shim.require(.resize(stream: "", rows: 12, columns: 34))
        try shim.require(.start)
        #expect(try client.text(until: "\n") == "12 34\r\n")
        try shim.require(.resize(stream: "", rows: 31, columns: 101))
        try client.send("go\n")
        #expect(String(decoding: try client.readRaw(), as: UTF8.self) == "go\r\n31 101\r\n")
        #expect(try shim.waitForExit().code == 3)
        #expect(try shim.ask(.resize(stream: "", rows: 1, columns: 1)).error?.kind == .notRunning)
    }

    @Test("of a terminal go on after the client's end of input, to the last of 4 MB")
    func terminalAfterInput() throws {
        let shim = try ShimBench(["sh", "-c", "read go; sleep 0.2; head -c 4194304 /dev/zero"], terminal: true, stdin: true)
        let client = try shim.attach(input: true)
        try client.send("go\n")
        try client.endInput()
        try shim.require(.start)
        #expect(try client.readRaw().count { $0 == 0 } == 4_194_304)
        #expect(try shim.waitForExit().code == 0)
    }

    @Test("are left by the detach keys, which are told and not typed; without a terminal they are data")
    func detachKeys() throws {
        let shim = try ShimBench(["cat", "-v"], terminal: true, stdin: true)
        try shim.require(.start)
        let client = try shim.attach(input: true, detachKeys: "ctrl-p,ctrl-q")
        try client.send([16])
        try client.send("x\n")
        #expect(try client.text(until: "^Px\r\n^Px\r\n").hasSuffix("^Px\r\n"), "echoed by the terminal, and by cat")
        try client.send([16])
        try client.send([17])
        #expect(try client.readRaw().isEmpty, "its stream ends")
        #expect(try shim.wait { if case .detached(let who) = $0 { who.stream } else { nil } } == "")
        let pair = try SocketPair(.stream), far = FileDescriptor(rawValue: pair.far.number)
        #expect(try shim.ask(.attach(input: true, output: true, error: true, detachKeys: "zz"), [far]).error != nil)
        try shim.require(.signal(number: 9, all: false))
        #expect(try shim.waitForExit().code == 137)
        let plain = try ShimBench(["cat"], stdin: true)
        let sender = try plain.attach(input: true, detachKeys: "ctrl-p,ctrl-q")
        try plain.require(.start)
        try sender.send([16, 17])
        try sender.endInput()
        #expect(try sender.texts() == ["\u{10}\u{11}", ""])
    }
}

@Suite("Execs", .enabled(if: canRunContainers, unverified), .timeLimit(.minutes(2)))
struct ExecTests {
    @Test("have streams, users, exit codes and terminals of their own, many at once")
    func many() throws {
        let shim = try ShimBench(["sleep", "60"])
        #expect(try shim.execute("e0", ["true"]).reply.error?.kind == .notRunning)
        try shim.require(.start)
        let one = try shim.execute("e1", ["sh", "-c", "cat; id -u; echo err >&2; exit 5"], input: true, user: "www")
        #expect(one.reply.error == nil && one.reply.pid != nil)
        try one.client.send("in\n")
        try one.client.endInput()
        #expect(try one.client.texts() == ["in\n33\n", "err\n"])
        #expect(try shim.waitForExec("e1") == 5)
        let missing = try shim.execute("e2", ["nosuch"])
        #expect(missing.reply.error?.kind == .notFound)
        #expect(try missing.client.texts() == ["", ""])
        #expect(try shim.execute("e3", ["true"], user: "nobody-here").reply.error?.kind == .userNotFound)
        let terminal = try shim.execute("e4", ["sh", "-c", "read go; stty size"], terminal: true, input: true)
        #expect(terminal.reply.error == nil)
        try shim.require(.resize(stream: "e4", rows: 20, columns: 30))
        try terminal.client.send("go\n")
        #expect(String(decoding: try terminal.client.readRaw(), as: UTF8.self) == "go\r\n20 30\r\n")
        let crowd = try (0..<20).map { try shim.execute("m\($0)", ["sh", "-c", "sleep 0.2; echo \($0)"]).client }
        for (number, client) in crowd.enumerated() { #expect(try client.texts() == ["\(number)\n", ""]) }
        for number in 0..<20 { #expect(try shim.waitForExec("m\(number)") == 0) }
        #expect(try entries(FilePath("/proc/\(shim.process)/fd")).count < 20, "nothing of them is left")
        try shim.require(.signal(number: 9, all: false))
        #expect(try shim.waitForExit().code == 137)
    }

    @Test("end with the container, and are told")
    func endWithContainer() throws {
        let shim = try ShimBench(["sleep", "60"])
        try shim.require(.start)
        let exec = try shim.execute("e1", ["sleep", "60"])
        #expect(exec.reply.error == nil)
        #expect(try shim.execute("e1", ["true"]).reply.error != nil, "its id is taken")
        try shim.require(.signal(number: 9, all: false))
        #expect(try shim.waitForExec("e1") == 137)
        #expect(try shim.waitForExit().code == 137)
        #expect(try shim.release() == .exited(0))
    }
}
