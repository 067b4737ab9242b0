// Network namespaces for tests: a thread may have one of its own, so each test gets as many hosts as it wants, and they go with its descriptors.
import Foundation
import Linux
import Netlink
import Networks
import Synchronization

enum Sandbox {
    static let isHere = ProcessInfo.processInfo.environment["SLIPWAY_SANDBOX"] == "1" && effectiveUser() == 0
}

/// Runs `body` on a thread of its own in a network namespace of its own.
func inOwnNetwork<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) throws -> Result {
    let outcome = Outcome<Result>(), done = DispatchSemaphore(value: 0)
    Thread {
        let result = Swift.Result {
            try unshare(.network)
            return try body()
        }
        outcome.value.withLock { $0 = result }
        done.signal()
    }.start()
    done.wait()
    guard let result = outcome.value.withLock({ $0 }) else { throw CancellationError() }
    return try result.get()
}

private final class Outcome<Result: Sendable>: Sendable {
    let value = Mutex<Swift.Result<Result, any Error>?>(nil)
}

/// A host of its own: its namespace and a socket that was made in it.
final class OwnHost: Sendable {
    let namespace: FileDescriptor
    let socket: RouteSocket

    init() throws {
        (namespace, socket) = try inOwnNetwork {
            let namespace = try open("/proc/thread-self/ns/net", [.readOnly]).release()
            return (namespace, try RouteSocket())
        }
    }

    deinit { try? namespace.close() }
}

/// A host with a container's namespace beside it, on whose thread the test runs: files of /proc/sys are those of the thread's namespace.
struct WiringBench: Sendable {
    let socket: RouteSocket, wiring: Wiring, container: OwnHost

    /// Runs a test in there.
    static func run(_ test: @escaping @Sendable (WiringBench) throws -> Void) throws {
        try inOwnNetwork {
            let socket = try RouteSocket()
            try socket.setLink(.name("lo"), LinkChange(isUp: true))
            try test(WiringBench(socket: socket, wiring: Wiring(host: socket), container: try OwnHost()))
        }
    }

    /// All links but those that a kernel puts into every namespace, in words.
    func links(in socket: RouteSocket) throws -> [String] {
        try socket.links().filter { $0.kind == "bridge" || $0.kind == "veth" }.map {
            "\($0.name) \($0.kind ?? "-") \($0.isUp ? "up" : "down") \($0.alias ?? "-")"
        }
    }
}

let bridgeWish = BridgeWish(name: "slipway0", alias: "slipway-test bridge", gateway: IPv4Address(0xac11_0001), prefixLength: 16)

func endpointWish(_ number: UInt32 = 2, gateway: IPv4Address? = IPv4Address(0xac11_0001)) -> EndpointWish {
    EndpointWish(
        hostLink: "vethabcdef\(number)", alias: "slipway-test web", insideLink: "eth0", address: IPv4Address(0xac11_0000 | number), prefixLength: 16,
        gateway: gateway)
}
