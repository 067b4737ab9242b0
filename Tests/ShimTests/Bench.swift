import FoundationEssentials
import Linux
import OCI
import ShimProtocol
import Testing

// The bench on which the shim is tested: the real executable, with a bundle of busybox, and this process as its daemon. What runs is
// what is installed; nothing is faked. It needs root and /bin/busybox (Debian's busybox-static); elsewhere these tests are UNVERIFIED.

/// Why a suite was skipped.
let unverified: Comment = "UNVERIFIED: needs root, /bin/busybox and slipway-shim beside the tests"

/// Whether this machine can run containers at all; where it cannot, the tests are skipped and say so.
let canRunContainers = geteuidIsRoot() && exists("/bin/busybox") && exists(shimExecutable)

private func geteuidIsRoot() -> Bool { (try? status("/proc/self"))?.user == 0 }  // without /proc there are no containers either

/// The shim of the same build as these tests.
let shimExecutable: FilePath = {
    let own = FilePath((try? readLink("/proc/self/exe")) ?? "")  // empty: nothing is found, and the tests are skipped
    return own.removingLastComponent().appending("slipway-shim")
}()

/// One shim with its bundle. Removes everything at the end of its life, and with it whatever still runs.
final class ShimBench {
    let base: FilePath
    private(set) var channel: ShimChannel
    let process: ProcessID
    private let descriptor: Descriptor
    private(set) var hello: ShimEvent.Hello
    private var sequence: UInt64 = 0
    private var replies: [UInt64: ShimReply] = [:]
    private var events: [ShimEvent] = []

    var id: String { base.lastComponent?.string ?? "" }
    var logPath: FilePath { base.appending("log") }
    var exitPath: FilePath { base.appending("exit.json") }
    var bundle: FilePath { base.appending("bundle") }

    init(
        _ command: [String], terminal: Bool = false, stdin: Bool = false, once: Bool = true, logPath: FilePath? = nil, sharesProcesses: Bool = false
    ) throws {
        base = FilePath("/tmp/slipway-shim-\(currentProcess())-\(monotonicNanoseconds())")
        let (bundle, lower) = (base.appending("bundle"), base.appending("lower"))
        for folder in ["bundle/rootfs", "lower/bin", "lower/etc", "lower/proc", "upper", "work"] { try makeDirectories(base.pushing(FilePath(folder))) }
        try writeFile(lower.appending("bin").appending("busybox"), readFile("/bin/busybox"), mode: 0o755)
        for name in ["sh", "cat", "echo", "sleep", "id", "true", "wc", "head", "yes", "stty", "dd", "mount", "ls", "seq"] {
            try symbolicLink("busybox", at: lower.appending("bin").appending(name))
        }
        try writeFile(lower.pushing("etc/passwd"), "root:x:0:0::/root:/bin/sh\nwww:x:33:33::/:/bin/sh\n")
        try writeFile(lower.pushing("etc/group"), "root:x:0:\nwww:x:33:\n")
        let kinds = ["mount", "ipc", "uts", "network"] + (sharesProcesses ? [] : ["pid"])
        var linux = OCI.LinuxSettings(namespaces: kinds.map { OCI.Namespace(type: $0) })
        linux.cgroupsPath = "/slipway-shim-test-\(base.lastComponent?.string ?? "")"
        let spec = OCI.Spec(
            process: OCI.Process(args: command, env: ["PATH=/bin"], terminal: terminal), root: OCI.Root(path: "rootfs"), hostname: "box",
            mounts: [
                OCI.Mount(destination: "/proc", type: "proc", source: "proc"), OCI.Mount(destination: "/dev", type: "tmpfs", source: "tmpfs"),
                OCI.Mount(destination: "/dev/pts", type: "devpts", source: "devpts", options: ["newinstance", "ptmxmode=0666", "mode=0620"])
            ], linux: linux)
        try writeFile(bundle.appending("config.json"), Packet.encode(spec))
        try ShimConfiguration(
            id: base.lastComponent?.string ?? "", overlay: .init(lower: ["\(lower)"], upper: "\(base)/upper", work: "\(base)/work"), network: .new,
            log: .init(path: "\(logPath ?? base.appending("log"))"), exitRecordPath: "\(base)/exit.json", terminal: terminal, openStdin: stdin, stdinOnce: once
        ).write(to: bundle.appending("shim.json"))
        let pair = try SocketPair(.packets)
        var what = Spawn(shimExecutable, [shimExecutable.string, bundle.string], environment: [])
        what.descriptors = [(.standardError, 2), (FileDescriptor(rawValue: pair.far.number), 3)]
        let spawned = try spawn(what)
        process = spawned.process
        descriptor = try spawned.descriptor.duplicate()
        channel = ShimChannel(owning: try pair.near.duplicate())
        hello = ShimEvent.Hello(id: "", pid: 0, state: .parked)
        hello = try nextHello()
    }

    deinit {
        // Whatever a failed test has left: the shim's death leaves its child, whose cgroup has an exact name.
        try? descriptor.borrow { (shim) throws(KernelError) in try send(.kill, to: shim) }  // it has ended in an orderly way
        if let running = hello.initPid.map({ ProcessID($0) }) ?? started { try? send(.kill, to: running) }  // likewise
        try? removeTree(base)  // what is busy shows in the comparison of the host
    }

    private var started: ProcessID?

    // MARK: The wire

    private func receive() throws {
        switch try #require(try channel.receive(), "the shim has gone") {
        case .reply(let reply): replies[reply.sequence] = reply
        case .event(let event): events.append(event)
        case .unknown: Issue.record("an unknown message")
        }
    }

    /// Asks, and waits for the answer.
    @discardableResult
    func ask(_ request: ShimRequest, _ descriptors: [FileDescriptor] = []) throws -> ShimReply {
        sequence += 1
        try channel.send(request, sequence: sequence, descriptors: descriptors)
        while true {
            if let reply = replies.removeValue(forKey: sequence) {
                if case .start = request { started = reply.pid.map { ProcessID($0) } }
                return reply
            }
            try receive()
        }
    }

    /// Asks for what must succeed.
    @discardableResult
    func require(_ request: ShimRequest, _ descriptors: [FileDescriptor] = []) throws -> ShimReply {
        let reply = try ask(request, descriptors)
        try #require(reply.error == nil)
        return reply
    }

    /// Waits for the first event of which `choose` makes something.
    func wait<Value>(for choose: (ShimEvent) -> Value?) throws -> Value {
        while true {
            for (index, event) in events.enumerated() {
                if let value = choose(event) {
                    events.remove(at: index)
                    return value
                }
            }
            try receive()
        }
    }

    func waitForExit() throws -> ExitRecord {
        try wait {
            guard case .exited(let record) = $0 else { return nil }
            return record
        }
    }

    func waitForExec(_ id: String) throws -> Int32 {
        try wait {
            guard case .execExited(let exit) = $0, exit.id == id else { return nil }
            return exit.code
        }
    }

    private func nextHello() throws -> ShimEvent.Hello {
        try wait {
            guard case .hello(let hello) = $0 else { return nil }
            return hello
        }
    }

    /// Forgets the connection and comes back as the next daemon would.
    func reconnect() throws {
        channel.close()
        channel = try ShimChannel(connectingTo: bundle.appending("shim.sock"))
        events = []
        hello = try nextHello()
    }

    /// Releases the shim, and waits for its end.
    func release() throws -> Linux.ExitStatus? {
        try require(.release)
        return try descriptor.borrow { (shim) throws(KernelError) in try Linux.wait(shim) }
    }

    // MARK: Streams

    func attach(input: Bool = false, output: Bool = true, error: Bool = true, detachKeys: String? = nil) throws -> Client {
        let pair = try SocketPair()
        try require(.attach(input: input, output: output, error: error, detachKeys: detachKeys), [FileDescriptor(rawValue: pair.far.number)])
        return Client(try pair.near.duplicate())
    }

    func execute(
        _ id: String, _ command: [String], terminal: Bool = false, input: Bool = false, user: String? = nil
    ) throws -> (reply: ShimReply, client: Client) {
        let pair = try SocketPair()
        let process = OCI.Process(args: command, env: ["PATH=/bin"], terminal: terminal)
        let reply = try ask(.exec(id: id, process: process, user: user, groups: nil, input: input), [FileDescriptor(rawValue: pair.far.number)])
        return (reply, Client(try pair.near.duplicate()))
    }
}

/// The client's end of an attach stream.
final class Client: Sendable {
    private let socket: Descriptor
    init(_ socket: consuming Descriptor) { self.socket = socket }

    private var number: FileDescriptor { FileDescriptor(rawValue: socket.number) }

    /// To be polled or written by other means.
    var descriptor: FileDescriptor { number }

    /// Writes all; blocks for as long as the shim takes no more.
    func send(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty { rest = rest.dropFirst(try sendMessage(number, Array(rest.prefix(65_536)))) }
    }

    func send(_ text: String) throws { try send(Array(text.utf8)) }
    func endInput() throws { try shutdown(number, .writing) }

    /// Bytes to the stream's end, as they are.
    func readRaw() throws -> [UInt8] { try readAll(number) }

    /// Text up to and with `end`, or to the stream's end.
    func text(until end: String) throws -> String {
        var bytes: [UInt8] = []
        while !bytes.suffix(end.utf8.count).elementsEqual(end.utf8) {  // as bytes: CR and LF are one character
            let next = try Linux.read(number, upTo: 1)
            if next.isEmpty { break }
            bytes += next
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Both streams to their end, frames taken apart.
    func read() throws -> (output: [UInt8], error: [UInt8]) {
        let bytes = try readAll(number)
        var streams: [[UInt8]] = [[], [], []], rest = bytes[...]
        while rest.count >= 8 {
            let start = rest.startIndex
            let count = rest[(start + 4)..<(start + 8)].reduce(0) { $0 << 8 | Int($1) }
            try #require((1...2).contains(rest[start]) && rest.count >= 8 + count, "a whole frame of stream 1 or 2")
            streams[Int(rest[start])] += rest[(start + 8)..<(start + 8 + count)]
            rest = rest[(start + 8 + count)...]
        }
        try #require(rest.isEmpty)
        return (streams[1], streams[2])
    }

    func texts() throws -> [String] {
        let streams = try read()
        return [String(decoding: streams.output, as: UTF8.self), String(decoding: streams.error, as: UTF8.self)]
    }
}
