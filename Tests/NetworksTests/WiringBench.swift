// A machine of the test's own: a host and a container's namespace beside it.
import Linux
import Netlink
import Networks

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
