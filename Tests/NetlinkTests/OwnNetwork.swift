// Network namespaces for tests: a thread may have one of its own, so each test gets as many hosts as it wants, and they go with its descriptors.
import Foundation
import Linux
import Netlink
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
