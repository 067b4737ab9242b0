import Linux
import ShimProtocol
import Testing

@Suite("The life of a shim", .enabled(if: canRunContainers, unverified), .timeLimit(.minutes(2)))
struct LifeTests {
    @Test("parks, runs, records the exit before it tells, unmounts, removes the cgroup, and ends when released")
    func whole() throws {
        let shim = try ShimBench(["sh", "-c", "echo out; echo err >&2; exit 7"])
        #expect(shim.hello.state == .parked && shim.hello.version == wireVersion && shim.hello.modules["Namespaces"] != nil)
        let client = try shim.attach()
        let reply = try shim.require(.start)
        #expect(reply.pid != nil && reply.startedAt != nil)
        #expect(try client.texts() == ["out\n", "err\n"])
        let record = try shim.waitForExit()
        #expect(record.code == 7 && record.signal == nil && record.error == nil && record.startedAt == reply.startedAt)
        #expect(try ExitRecord(readFrom: shim.exitPath) == record)
        #expect(try !readText(FilePath("/proc/\(shim.process)/mountinfo")).contains(shim.id))
        for tree in ["/sys/fs/cgroup", "/sys/fs/cgroup/pids"] { #expect(!exists(FilePath("\(tree)/slipway-shim-test-\(shim.id)"))) }
        let lines = try readText(shim.logPath).split(separator: "\n")
        #expect(lines.count == 2 && lines.contains { $0.hasPrefix(#"{"log":"err\n","stream":"stderr","time":""#) })
        #expect(try shim.release() == .exited(0))
        #expect(!exists(shim.bundle.appending("shim.sock")))
    }

    @Test("tells the signal that ended the container; its own signals end nothing")
    func signals() throws {
        let shim = try ShimBench(["sleep", "60"])
        try shim.require(.start)
        for signal in [Signal.terminate, .interrupt, .hangUp] { try send(signal, to: shim.process) }
        #expect(try shim.ask(.signal(number: 99, all: false)).error != nil)
        try shim.require(.signal(number: 9, all: false))
        let record = try shim.waitForExit()
        #expect(record.code == 137 && record.signal == 9)
        #expect(try shim.ask(.signal(number: 9, all: false)).error?.kind == .notRunning)
    }

    @Test(
        "names what is wrong with a command, closes the clients' streams, and stays parked",
        arguments: [("nosuch", ShimFailure.Kind.notFound), ("/nosuch/at/all", .notFound), ("/etc", .notExecutable), ("/etc/passwd", .notExecutable)])
    func failures(command: String, kind: ShimFailure.Kind) throws {
        let shim = try ShimBench([command])
        let client = try shim.attach()
        let error = try #require(try shim.ask(.start).error)
        #expect(error.kind == kind, "\(error)")
        #expect(try client.texts() == ["", ""])
        #expect(try !readText(FilePath("/proc/\(shim.process)/mountinfo")).contains("\(shim.id)/bundle/rootfs"))
        #expect(try shim.release() == .exited(0))
    }

    @Test("is found again by the next daemon, in every state, with what has happened meanwhile")
    func reconnects() throws {
        let shim = try ShimBench(["sh", "-c", "read line; exit 5"], stdin: true)
        try shim.reconnect()
        #expect(shim.hello.state == .parked)
        let client = try shim.attach(input: true)
        let pid = try shim.require(.start).pid
        let running = try shim.execute("e1", ["sleep", "60"])
        #expect(running.reply.error == nil)
        try shim.reconnect()
        #expect(shim.hello.state == .running && shim.hello.initPid == pid && shim.hello.execs == ["e1"])
        shim.channel.close()
        try client.send("go\n")
        _ = try client.readRaw()
        while try ExitRecord(readFrom: shim.exitPath) == nil { pause(milliseconds: 5) }
        pause(milliseconds: 100)
        try shim.reconnect()
        #expect(shim.hello.state == .exited && shim.hello.exit?.code == 5)
        #expect(try shim.ask(.start).error != nil)
        #expect(try shim.release() == .exited(0))
    }

    @Test("answers nonsense where it can, and goes on")
    func nonsense() throws {
        let shim = try ShimBench(["true"])
        let raw = shim.channel.descriptor
        for packet in ["{", "\u{0}\u{1}", #"{"sequence":"x"}"#, "[]", #"{"request":{"start":{}}}"#] { try sendMessage(raw, Array(packet.utf8)) }
        try sendMessage(raw, [UInt8](repeating: 65, count: wireLimit + 5_000))
        try sendMessage(raw, Array(#"{"sequence":900,"request":{"fly":{"to":"moon"}}}"#.utf8))
        guard case .reply(let reply)? = try shim.channel.receive() else {
            Issue.record("no reply")
            return
        }
        #expect(reply.sequence == 900 && reply.error != nil)
        #expect(try shim.ask(.attach(input: true, output: true, error: true)).error != nil, "no socket came along")
        let file = try open("/etc/passwd", .readOnly)
        #expect(try shim.ask(.attach(input: true, output: true, error: true), [FileDescriptor(rawValue: file.number)]).error != nil, "not a socket")
        for request in [ShimRequest.pause, .unpause, .stats] { #expect(try shim.ask(request).error?.kind == .notRunning) }
        try shim.require(.start)
        #expect(try shim.waitForExit().code == 0)
    }

    @Test("explains the start, step by step, and ends the record when the command runs")
    func explains() throws {
        let shim = try ShimBench(["true"])
        let pipe = try Pipe()
        try shim.require(.explain, [FileDescriptor(rawValue: pipe.writing.number)])
        let reading = pipe.takeReading()
        try shim.require(.start)
        let text = String(decoding: try readAll(FileDescriptor(rawValue: reading.number)), as: UTF8.self)
        for word in ["stack the layers", "make the network namespace", "clone3", "execve", "Namespaces: "] { #expect(text.contains(word), "\(word)") }
        #expect(try shim.waitForExit().code == 0)
    }

    @Test("loses log lines to a full disk, and only those: the container goes on, and the log says how many are missing")
    func fullDisk() throws {
        // /dev/full fails every write with ENOSPC; it takes the place of the log.
        let shim = try ShimBench(["sh", "-c", "seq 1 1000; sleep 0.3; exit 3"], logPath: "/dev/full")
        let client = try shim.attach()
        try shim.require(.start)
        #expect(try client.texts()[0].split(separator: "\n").count == 1_000)
        let record = try shim.waitForExit()
        #expect(record.code == 3)
        let losses = try shim.wait { if case .logLost(let loss) = $0 { loss } else { nil } }
        #expect(losses.lines > 0 && losses.reason == "No space left on device")
    }

    @Test("ends what is left in the container when its first process ends, also without a PID namespace")
    func sharedProcesses() throws {
        let shim = try ShimBench(["sh", "-c", "sleep 600 & exit 4"], sharesProcesses: true)
        try shim.require(.start)
        #expect(try shim.waitForExit().code == 4)
        #expect(try shim.release() == .exited(0))
    }
}
