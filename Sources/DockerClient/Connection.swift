// One connection to the engine, and one exchange at a time on it. After a reply has been read to its end the connection serves the next
// request; after an upgrade it belongs to whoever took it. Reading blocks, unless the descriptor was made non-blocking by the owner of a
// loop, who then feeds what it reads by `receive`. chapter 13

public import Linux

/// A connection to an engine.
public final class Connection {
    private let socket: Descriptor
    private var buffer: ArraySlice<UInt8> = []
    private var framing = Framing.length(0), method = ""
    private(set) var isReusable = true
    /// Whether an exchange has been completed on it: the engine may close such a connection at any moment.
    private(set) var isUsed = false

    /// Connects; blocks until the engine accepts.
    public init(to address: Address) throws(ClientError) {
        switch address {
        case .unix(let path):
            do throws(KernelError) { socket = try Linux.connect(FilePath(path), .stream) } catch {
                throw error.errno == 13 ? .forbidden(address) : .unreachable(address, reason: error.reason.lowercased())
            }
        case .tcp(let host, let port):
            do throws(ConnectError) { socket = try Linux.connect(host: host, port: port) } catch { throw .unreachable(address, reason: "\(error)") }
        }
    }

    /// Lends the descriptor, for a loop that waits.
    public func borrow<Result, Failure: Error>(_ body: (FileDescriptor) throws(Failure) -> Result) throws(Failure) -> Result { try socket.borrow(body) }

    /// Writes a request's head, and its body if that is JSON.
    public func send(_ request: Request) throws(ClientError) {
        (method, isReusable) = (request.method, false)
        try write(request.bytes)
    }

    /// Writes bytes as they are. Blocks until the engine has taken them.
    public func write(_ bytes: [UInt8]) throws(ClientError) {
        var rest = bytes
        while !rest.isEmpty {
            do throws(KernelError) { rest.removeFirst(try writeSome(rest, wait: true)) } catch { throw .broken("\(error)") }
        }
    }

    /// Writes what the engine takes now; never raises SIGPIPE.
    ///
    /// - Returns: how many bytes it took.
    /// - Throws: EAGAIN where it takes none now, unless `wait`.
    public func writeSome(_ bytes: [UInt8], wait: Bool) throws(KernelError) -> Int {
        try socket.borrow { (descriptor) throws(KernelError) in try sendMessage(descriptor, bytes, wait: wait) }
    }

    /// Writes one chunk of a chunked body; an empty one ends it.
    public func writeChunk(_ bytes: [UInt8]) throws(ClientError) {
        try write(Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + [13, 10])
    }

    /// The reply's head. Blocks until it is there; `100 Continue` and its like are passed over.
    public func head() throws(ClientError) -> ReplyHead {
        while true {
            if let head = try headSoFar(), head.status >= 200 || head.status == 101 {
                framing = head.framing(method: method)
                isReusable = head.status != 101 && framing != .untilEnd && head["connection"]?.lowercased() != "close"
                return head
            }
            guard try fill() else { throw .broken(buffer.isEmpty ? "EOF" : "the reply ended in its head") }
        }
    }

    private func headSoFar() throws(ClientError) -> ReplyHead? {
        guard let end = buffer.firstRange(of: [13, 10, 13, 10]) else {
            guard buffer.count < 1 << 20 else { throw .broken("the reply's head is longer than a mebibyte") }
            return nil
        }
        guard let head = ReplyHead(buffer[..<end.lowerBound]) else { throw .broken("malformed HTTP response") }
        buffer = buffer[end.upperBound...]
        return head
    }

    /// The next bytes of the body; nil at its end. Blocks until there are some.
    public func nextPart() throws(ClientError) -> [UInt8]? {
        while true {
            let part = try framing.decode(&buffer)
            if !part.isEmpty { return part }
            if framing.isFinished { break }
            guard try fill() else {
                guard framing == .untilEnd else { throw .broken("unexpected EOF") }
                break
            }
        }
        isUsed = true
        return nil
    }

    /// The whole body.
    public func body() throws(ClientError) -> [UInt8] {
        var all: [UInt8] = []
        while let part = try nextPart() { all += part }
        return all
    }

    /// For loops: the body's bytes that have been read already, with the head perhaps.
    public func takeBuffered() throws(ClientError) -> [UInt8] { try framing.decode(&buffer) }

    /// Whether the body has been read to its end.
    public var isAtEnd: Bool { framing.isFinished }

    /// For loops: reads once what is there, and returns the body's bytes in it, perhaps none; nil where the engine has closed.
    public func receive() throws(ClientError) -> [UInt8]? { try fill() ? try framing.decode(&buffer) : nil }

    /// After an upgrade: bytes that came together with the head.
    public func takeEarlyBytes() -> [UInt8] {
        defer { buffer = [] }
        return Array(buffer)
    }

    /// Reads once more into the buffer; false at the end of the stream.
    private func fill() throws(ClientError) -> Bool {
        do throws(KernelError) {
            let bytes = try socket.borrow { (descriptor) throws(KernelError) in try read(descriptor, upTo: 65_536) }
            buffer = buffer.isEmpty ? bytes[...] : buffer + bytes
            return !bytes.isEmpty
        } catch { throw .broken("\(error)") }
    }
}
