// A server of bytes for answers that no decent server gives: cut in the middle, silent, contradicting themselves. Each connection has a thread;
// a greeting of TLS and `GET /v2/` are answered for the test, everything else by its script.
import Foundation
import Glibc
import Synchronization

final class RawConnection: Sendable {
    let socket: Int32
    /// Which request of its kind this is, from 0.
    let number: Int

    init(_ socket: Int32, _ number: Int) { (self.socket, self.number) = (socket, number) }

    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    @discardableResult
    func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    /// Up to and with the empty line; nil where the other side has gone.
    func head() -> String? {
        var all: [UInt8] = []
        while !all.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            var byte: UInt8 = 0
            guard recv(socket, &byte, 1, 0) == 1 else { return nil }
            if all.isEmpty, byte == 0x16 { return "TLS" }
            all.append(byte)
        }
        return String(decoding: all, as: UTF8.self)
    }

    /// Waits until the other side has closed, and gives what it still said.
    @discardableResult
    func waitForEnd() -> Int {
        var total = 0, buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = recv(socket, &buffer, buffer.count, 0)
            guard count > 0 else { return total }
            total += count
        }
    }

    /// Ends the connection so that the other side sees an error, not an end.
    func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        _ = setsockopt(socket, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
    }
}

final class RawServer: Sendable {
    let port: Int
    private let socket: Int32
    private let requests = Mutex<[String]>([])
    /// The heads that scripts were given.
    var asked: [String] { requests.withLock { $0 } }
    /// The values of `Range` in their order, an empty text where there was none.
    var ranges: [String] {
        asked.map { head in head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("range: ") }.map { String($0.dropFirst(7)) } ?? "" }
    }

    /// - Parameter ignoresTLS: whether a greeting of TLS is left unanswered, instead of ending its connection
    init(ignoresTLS: Bool = false, _ script: @escaping @Sendable (String, RawConnection) -> Void) {
        let listening = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                guard bind(listening, address, length) == 0, listen(listening, 64) == 0 else { return }
                _ = getsockname(listening, address, &length)
            }
        }
        (socket, port) = (listening, Int(UInt16(bigEndian: address.sin_port)))
        Thread.detachNewThread { [self] in
            while true {
                let connection = accept(listening, nil, nil)
                guard connection >= 0 else { return }
                Thread.detachNewThread { self.serve(connection, ignoresTLS, script) }
            }
        }
    }

    private func serve(_ socket: Int32, _ ignoresTLS: Bool, _ script: (String, RawConnection) -> Void) {
        defer { close(socket) }
        while let head = RawConnection(socket, 0).head() {
            if head == "TLS" {
                if ignoresTLS { RawConnection(socket, 0).waitForEnd() }
                return
            }
            if head.hasPrefix("GET /v2/ ") {
                RawConnection(socket, 0).send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return
            }
            let number = requests.withLock { requests in
                requests.append(head)
                return requests.count - 1
            }
            return script(head, RawConnection(socket, number))
        }
    }

    func stop() {
        shutdown(socket, Int32(SHUT_RDWR))
        close(socket)
    }
}

func withRaw<Result>(
    ignoresTLS: Bool = false, _ script: @escaping @Sendable (String, RawConnection) -> Void, _ body: (RawServer) async throws -> Result
) async throws -> Result {
    let server = RawServer(ignoresTLS: ignoresTLS, script)
    defer { server.stop() }
    return try await body(server)
}

/// Something that happens once, on another thread.
final class Event: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)
    func happened() { semaphore.signal() }
    /// Waits on a thread of its own; false after 20 seconds.
    func wait() async -> Bool {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: self.semaphore.wait(timeout: .now() + 20) == .success) }
        }
    }
}
