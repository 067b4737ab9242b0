// A client of bytes: what it sends and when is in the test's hands, in one segment or in many, with or without an end. It blocks, so each call
// runs on a thread of its own.
import Dispatch
import HTTP
import Linux

/// A connection to a server under test.
final class Wire: Sendable {
    private let socket: FileDescriptor

    init(_ path: FilePath) throws { socket = try connect(path, .stream).release() }

    /// Sends all of it; false where the server has gone.
    @discardableResult
    func send(_ bytes: [UInt8]) async -> Bool {
        await onThread { [socket] in
            var rest = bytes[...]
            while !rest.isEmpty {
                guard let count = try? sendMessage(socket, Array(rest.prefix(1 << 16))), count > 0 else { return false }  // gone: said by the result
                rest = rest.dropFirst(count)
            }
            return true
        }
    }

    @discardableResult
    func send(_ text: String) async -> Bool { await send(Array(text.utf8)) }

    /// Says that no more will come.
    func endOutput() { try? shutdown(socket, .writing) }  // the server may have gone first

    /// Reads until `enough`, or to the end.
    func read(until enough: @escaping @Sendable ([UInt8]) -> Bool = { _ in false }) async -> [UInt8] {
        await onThread { [socket] in
            var all: [UInt8] = []
            while !enough(all) {
                guard let message = try? receiveMessage(socket, capacity: 1 << 18), !message.bytes.isEmpty else { break }  // cut: an end too
                all += message.bytes
            }
            return all
        }
    }

    /// Reads to the end as text.
    func text() async -> String { String(decoding: await read(), as: UTF8.self) }

    /// Reads until the text ends so.
    func text(endingWith end: String) async -> String {
        String(decoding: await read { $0.suffix(end.utf8.count).elementsEqual(end.utf8) }, as: UTF8.self)
    }

    func close() { try? socket.close() }  // closed once, at the end of a test
}

func onThread<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
    await withCheckedContinuation { continuation in DispatchQueue(label: "a blocking call").async { continuation.resume(returning: body()) } }
}

/// Runs a server at a socket of its own while `body` lasts.
func withServer(
    limits: Limits = Limits(), _ handler: @escaping @Sendable (Request) async -> Response, _ body: (FilePath, Server) async throws -> Void
) async throws {
    let path = FilePath("/tmp/slipway-http-\(UInt64.random(in: 0...UInt64.max)).sock")
    let server = Server(limits: limits, handler: handler)
    try await server.bind(unix: path)
    do { try await body(path, server) } catch {
        await server.shutdown()
        throw error
    }
    await server.shutdown()
}

/// Bytes of which every place is recognisable: blocks that begin with their number.
func pattern(_ count: Int, seed: Int = 0) -> [UInt8] {
    let block = (0..<4_096).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8 &+ seed) }
    var bytes: [UInt8] = []
    for number in 0...(count / block.count) {
        bytes += (0..<4).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
        bytes += block.dropFirst(4)
    }
    return Array(bytes.prefix(count))
}

/// Sends all of `bytes` to a socket; for the socket's side of a relay.
func sendAll(_ socket: FileDescriptor, _ bytes: [UInt8]) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
        guard let count = try? sendMessage(socket, Array(rest.prefix(1 << 16))), count > 0 else { return false }  // gone: said by the result
        rest = rest.dropFirst(count)
    }
    return true
}

/// Receives to the end.
func receiveAll(_ socket: FileDescriptor) -> [UInt8] {
    var all: [UInt8] = []
    while let message = try? receiveMessage(socket, capacity: 1 << 18), !message.bytes.isEmpty { all += message.bytes }  // cut: an end too
    return all
}
