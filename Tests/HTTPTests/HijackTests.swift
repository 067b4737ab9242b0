// Hijacked connections: what arrives early is kept, both directions end on their own, and not a byte is lost, however the ends come.
import Foundation
import Glibc
import HTTP
import Testing

/// A server on a unix socket of its own; `POST /echo` hijacks and joins the client with whatever `peer` does on its socket.
final class EchoServer: Sendable {
    let server: Server, path: String

    init(_ peer: @escaping @Sendable (CInt) -> Void) async throws {
        path = "/tmp/slipway-http-\(getpid())-\(UInt32.random(in: 0 ... .max)).sock"
        server = Server { request in
            if request.path == "/body" {
                let bytes = (try? await request.body.collect()) ?? []
                return Response(status: 200, body: .bytes(bytes))
            }
            if request.path == "/stream" {
                return Response(status: 200, body: .stream { writer in for number in 0..<100 { try await writer.write("\(number)\n") } })
            }
            guard request.path == "/echo" else { return Response(status: 404, body: .bytes(Array("no\n".utf8))) }
            return Response(
                status: 101, headers: ["Connection": "Upgrade", "Upgrade": "tcp"],
                body: .hijack { connection in
                    var pair: [CInt] = [-1, -1]
                    socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &pair)
                    let far = pair[1]
                    Thread.detachNewThread { peer(far) }
                    try await connection.relay(to: pair[0])
                })
        }
        try await server.bind(unix: path)
    }

    func stop() async throws {
        try await server.shutdown()
        unlink(path)
    }
}

/// Runs what blocks on a thread of its own: the server's handlers need the few that async code shares.
func blocking<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
    await withCheckedContinuation { done in Thread.detachNewThread { done.resume(returning: body()) } }
}

/// Reads everything, to the end.
@Sendable func drain(_ descriptor: CInt) -> [UInt8] {
    var all: [UInt8] = [], buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = read(descriptor, &buffer, buffer.count)
        if count <= 0 { return all }
        all += buffer.prefix(count)
    }
}

@Sendable func send(_ descriptor: CInt, _ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if count <= 0 { return }
        rest = rest.dropFirst(count)
    }
}

/// A plain blocking connection, as a C client would make it.
func connected(to path: String) -> CInt {
    let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let result = withUnsafePointer(to: &address) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) } }
    precondition(result == 0)
    return descriptor
}

let upgrade = "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\n"

@Suite("Hijacked connections")
struct HijackTests {
    @Test("bytes that come in one piece with the head are the stream's first")
    func early() async throws {
        let server = try await EchoServer { far in
            send(far, drain(far))
            close(far)
        }
        let client = connected(to: server.path)
        send(client, Array((upgrade + "hello").utf8))
        shutdown(client, CInt(SHUT_WR))
        let text = await blocking { String(decoding: drain(client), as: UTF8.self) }
        close(client)
        #expect(text.hasPrefix("HTTP/1.1 101 UPGRADED\r\n") && text.hasSuffix("\r\n\r\nhello"), "\(text)")
        try await server.stop()
    }

    @Test("4 MB that are sent after the client's half-close all arrive, 50 times")
    func afterHalfClose() async throws {
        let much = [UInt8](repeating: 7, count: 4 << 20), some = [UInt8](repeating: 3, count: 3 << 20)
        let server = try await EchoServer { far in
            let got = drain(far)
            if got.count == some.count { send(far, much) }
            close(far)
        }
        for round in 0..<50 {
            let client = connected(to: server.path)
            let got = await blocking {
                send(client, Array(upgrade.utf8) + some)
                shutdown(client, CInt(SHUT_WR))
                return drain(client)
            }
            close(client)
            #expect(got.count > much.count && got.suffix(much.count).allSatisfy { $0 == 7 }, "round \(round): \(got.count) bytes")
        }
        try await server.stop()
    }

    @Test("20 MB pass in both directions at once")
    func bothWays() async throws {
        let server = try await EchoServer { far in
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = read(far, &buffer, buffer.count)
                if count <= 0 { break }
                send(far, Array(buffer.prefix(count)))
            }
            close(far)
        }
        let client = connected(to: server.path), bytes = (0..<(20 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 8) }
        Thread.detachNewThread {
            send(client, Array(upgrade.utf8) + bytes)
            shutdown(client, CInt(SHUT_WR))
        }
        let got = await blocking { drain(client) }
        close(client)
        #expect(got.suffix(bytes.count).elementsEqual(bytes))
        try await server.stop()
    }

    @Test("a client that vanishes ends the other side")
    func vanish() async throws {
        let ended = DispatchSemaphore(value: 0)
        let server = try await EchoServer { far in
            while write(far, "x", 1) == 1 {}
            close(far)
            ended.signal()
        }
        signal(SIGPIPE, SIG_IGN)
        let client = connected(to: server.path)
        send(client, Array(upgrade.utf8))
        usleep(100_000)
        close(client)
        #expect(await blocking { ended.wait(timeout: .now() + 10) == .success })
        try await server.stop()
    }
}

@Suite("Requests and replies")
struct RequestTests {
    @Test("one connection serves request after request: bodies, streams, refusals, HEAD")
    func keepAlive() async throws {
        let server = try await EchoServer { close($0) }
        let client = try await Client(.unix(path: server.path))
        for round in 0..<3 {
            let body = [UInt8](repeating: UInt8(round), count: 300_000)
            #expect(try await client.request("POST", "/body", body: body).bytes() == body)
            #expect(try await String(decoding: client.request("GET", "/stream").bytes(), as: UTF8.self) == (0..<100).map { "\($0)\n" }.joined())
            let refusal = try await client.request("GET", "/nothing")
            #expect(refusal.status == 404)
            #expect(try await refusal.bytes() == Array("no\n".utf8))
            let head = try await client.request("HEAD", "/nothing")
            #expect(head.status == 404)
            #expect(try await head.bytes().isEmpty)
        }
        await client.close()
        try await server.stop()
    }

    @Test("an upgrade gives a stream both ways")
    func clientUpgrade() async throws {
        let server = try await EchoServer { far in
            send(far, drain(far).reversed())
            close(far)
        }
        let client = try await Client(.unix(path: server.path))
        let (reply, stream) = try await client.upgrade("POST", "/echo")
        #expect(reply.status == 101)
        let raw = try #require(stream)
        try await raw.write(Array("abc".utf8))
        try await raw.finishWriting()
        var got: [UInt8] = []
        for try await part in raw.inbound { got += part }
        #expect(got == Array("cba".utf8))
        try await server.stop()
    }

    @Test("200 clients at once are all served")
    func many() async throws {
        let server = try await EchoServer { close($0) }
        let path = server.path
        let sums = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<200 {
                group.addTask {
                    let client = try await Client(.unix(path: path))
                    let bytes = try await client.request("POST", "/body", body: Array("\(number)".utf8)).bytes()
                    await client.close()
                    return Int(String(decoding: bytes, as: UTF8.self)) ?? -1
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(sums) == Set(0..<200))
        try await server.stop()
    }

    @Test("nobody there is an error that names the address")
    func refused() async {
        let error = await #expect(throws: ClientError.self) { _ = try await Client(.unix(path: "/nonexistent.sock")) }
        #expect("\(error.map { "\($0)" } ?? "")".contains("unix:///nonexistent.sock"))
    }

    @Test("garbage is answered with 400 and the connection ends")
    func garbage() async throws {
        let server = try await EchoServer { close($0) }
        let client = connected(to: server.path)
        send(client, Array("\u{1}\u{2}nonsense\r\n\r\n".utf8))
        let text = await blocking { String(decoding: drain(client), as: UTF8.self) }
        close(client)
        #expect(text.hasPrefix("HTTP/1.1 400"), "\(text)")
        try await server.stop()
    }
}

@Suite("Queries")
struct QueryTests {
    @Test("Docker's false words are false, all else is true", arguments: [("0", false), ("false", false), ("False", false), ("no", false), ("none", false), ("", false), ("1", true), ("True", true), ("x", true)])
    func flags(value: String, expected: Bool) {
        #expect(Query("f=\(value)").flag("f") == expected)
    }

    @Test("repeated keys keep their order, escapes and plus are decoded")
    func decoding() {
        #expect(Query("names=a%2Fb&names=c+d&x").all("names") == ["a/b", "c d"])
        #expect(Query("x=%zz")["x"] == "%zz")
    }
}
