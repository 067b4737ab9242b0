// An engine that answers from a script, on a socket of its own: it shows what the program `slipway` asks, in which order, and lets it meet
// answers that no healthy engine gives. Each connection has a queue of its own, for the shared ones give a thread late; attach is taken
// over and becomes a stream. Chapter 13.
import Dispatch
import Linux
import Synchronization

/// What a request is answered with.
enum ScriptedReply: Sendable {
    /// Status and body.
    case json(Int, String)
    /// A taken-over connection: output frames, and then, if wished, what comes in comes out, to the end.
    case stream([UInt8], echoes: Bool)
    /// The head at once, the body when the gate opens.
    case later(String)
    /// Pieces of a body as they come; without an end where the engine breaks off.
    case pieces([String], isComplete: Bool)
    /// The connection is closed without a word.
    case nothing
}

final class ScriptedEngine: Sendable {
    let path: FilePath
    private let script: @Sendable (String) -> ScriptedReply
    private let heard = Mutex<[String]>([]), texts = Mutex<[String]>([])
    private let gate = DispatchSemaphore(value: 0)

    /// `script` answers a request line such as `POST /containers/x/start`.
    init(_ script: @escaping @Sendable (String) -> ScriptedReply) throws {
        self.script = script
        path = FilePath("/tmp/slipway-cli-test-\(UInt32.random(in: 0 ... .max)).sock")
        let socket = try listen(path, .stream).release()
        DispatchQueue(label: "engine").async { [self] in
            while let peer = try? accept(socket) {  // the test is over when the socket is gone
                let connection = peer.release()
                DispatchQueue(label: "connection").async { [self] in serve(connection) }
            }
        }
    }

    /// The request lines so far, queries included.
    var requests: [String] { heard.withLock { $0 } }

    /// All of each request: lines, headers, body.
    var wholeRequests: [String] { texts.withLock { $0 } }

    private func serve(_ raw: FileDescriptor) {
        let connection = Descriptor(owning: raw)
        while let text = try? connection.borrow({ try Self.message(from: $0) }), !text.isEmpty {  // a client that left
            let line = text.split(separator: "\r\n")[0].split(separator: " ").prefix(2).joined(separator: " ")
            heard.withLock { $0.append(line) }
            texts.withLock { $0.append(text) }
            guard (try? answer(script(line), on: connection)) == true else { return }  // likewise
        }
    }

    /// One request: its head, and as many bytes of body as that says.
    private static func message(from descriptor: FileDescriptor) throws -> String {
        var text = ""
        while case let part = try read(descriptor, upTo: 1 << 20), !part.isEmpty {
            text += String(decoding: part, as: UTF8.self)
            guard let end = text.firstRange(of: "\r\n\r\n") else { continue }
            let length = text[..<end.lowerBound].firstMatch(of: /(?i)content-length: (\d+)/).flatMap { Int($0.1) } ?? 0
            if text[end.upperBound...].utf8.count >= length { break }
        }
        return text
    }

    private func answer(_ reply: ScriptedReply, on connection: borrowing Descriptor) throws -> Bool {
        switch reply {
        case .json(let status, let body):
            try connection.borrow {
                try write($0, "HTTP/1.1 \(status) X\r\nOstype: linux\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
            }
            return true
        case .later(let body):
            try connection.borrow { try write($0, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n") }
            gate.wait()
            try connection.borrow { try write($0, "\(String(body.utf8.count, radix: 16))\r\n\(body)\r\n0\r\n\r\n") }
            return true
        case .pieces(let pieces, let isComplete):
            try connection.borrow { descriptor in
                try write(descriptor, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
                for piece in pieces { try write(descriptor, "\(String(piece.utf8.count, radix: 16))\r\n\(piece)\r\n") }
                if isComplete { try write(descriptor, "0\r\n\r\n") }
            }
            return isComplete
        case .stream(let bytes, let echoes):
            try connection.borrow { descriptor in
                try write(descriptor, "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
                try write(descriptor, bytes)
                while echoes, case let part = try read(descriptor, upTo: 65_536), !part.isEmpty { try write(descriptor, Self.frame(1, part)) }
            }
            gate.signal()
            return false
        case .nothing: return false
        }
    }

    /// One frame of output.
    static func frame(_ stream: UInt8, _ bytes: [UInt8]) -> [UInt8] {
        [stream, 0, 0, 0] + (0..<4).map { UInt8(truncatingIfNeeded: bytes.count >> (24 - 8 * $0)) } + bytes
    }

    static func frame(_ stream: UInt8, _ text: String) -> [UInt8] { frame(stream, Array(text.utf8)) }

    func close() { try? remove(path) }  // it may be gone
}

/// What the program `slipway` did.
struct ToolRun {
    var code: Int32, output: String, errors: String

    /// Runs `slipway` of this build against an engine, or another program that takes `-H`.
    init(
        _ engine: ScriptedEngine, _ words: [String], input: [UInt8] = [], environment: [String] = ["DOCKER_CONFIG=/nonexistent"], program: FilePath? = nil
    ) throws {
        let folder = FilePath(try readLink("/proc/self/exe")).removingLastComponent()
        let stem = FilePath("\(engine.path).\(UInt32.random(in: 0 ... .max))")
        let files = ["in", "out", "err"].map { FilePath("\(stem).\($0)") }
        defer { for file in files { try? remove(file) } }  // not made yet, if we failed early
        try writeFile(files[0], input)
        let inward = try open(files[0], .readOnly), outward = try open(files[1], [.writeOnly, .create], mode: 0o600)
        let complaints = try open(files[2], [.writeOnly, .create], mode: 0o600)
        let numbers = [inward.number, outward.number, complaints.number].enumerated().map { (ours: FileDescriptor(rawValue: $1), number: CInt($0)) }
        let child = try spawn(
            Spawn(
                program ?? folder.appending("slipway"), ["slipway", "-H", "unix://\(engine.path)"] + words,
                environment: ["PATH=/bin", "HOME=/root"] + environment,
                descriptors: numbers)
        )
        code = try child.descriptor.borrow { try wait($0)?.code ?? -1 }
        (output, errors) = (try readText(files[1]), try readText(files[2]))
    }
}

/// What the program `slipway` sent to a terminal of this size, with plain line breaks.
func drawing(_ engine: ScriptedEngine, _ words: [String], rows: UInt16, columns: UInt16) throws -> (code: Int32, text: String) {
    let program = FilePath(try readLink("/proc/self/exe")).removingLastComponent().appending("slipway")
    let (number, path) = try openTerminal(), master = Descriptor(owning: number)
    try setWindowSize(number, rows: rows, columns: columns)
    let child: Spawned
    do {
        let other = try open(path, [.readWrite, .noTerminal])
        child = try other.borrow { descriptor in
            try spawn(
                Spawn(
                    program, ["slipway", "-H", "unix://\(engine.path)"] + words, environment: ["PATH=/bin", "DOCKER_CONFIG=/nonexistent"],
                    descriptors: (CInt(0)...2).map { (descriptor, $0) }))
        }
    }
    var bytes: [UInt8] = []
    // EIO: nobody has the other end any more.
    while let part = try? master.borrow({ try read($0, upTo: 65_536) }), !part.isEmpty { bytes += part }
    let code = try child.descriptor.borrow { try wait($0)?.code ?? -1 }
    return (code, String(decoding: bytes, as: UTF8.self).replacing("\r\n", with: "\n"))
}
