// Ports of the host that lead into containers: what was asked for, read from Docker's two maps, and the sockets that hold the ports. No process
// listens behind them, for nftables sends what arrives into the container before it gets there; but whoever else wants the port is refused by the
// kernel, and so the kernel is the judge between us and the rest of the machine. The sockets go to the shim, and so the ports stay taken while no
// daemon lives. Docker's go-connections/nat reads the texts. Chapter 12 over chapter 09.
import DockerAPI
import Linux
import Netlink
import Networks

/// A published port as somebody asked for it.
struct PortRequest: Sendable, Equatable {
    var proto: PortProtocol
    var containerPort: UInt16
    var hostAddress: IPv4Address
    /// The first free one of these; nil for any above the ports that are for programs to choose.
    var hostPorts: ClosedRange<UInt16>?

    var key: String { "\(containerPort)/\(proto.rawValue)" }
}

/// `80`, `80/tcp`, `7000-7005/udp`: the ports and their protocol.
/// - Throws: `invalid` in Docker's words; `unsupported` for SCTP.
func portNumbers(_ text: String) throws(EngineError) -> (ports: ClosedRange<UInt16>, proto: PortProtocol) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let word = parts.count > 1 ? parts[1].lowercased() : "tcp"
    if word == "sctp" { throw EngineError(.unsupported, "publishing SCTP ports is not supported by this engine yet") }
    guard let proto = PortProtocol(rawValue: word), let range = portRange(parts[0]), range.lowerBound > 0 else {
        throw EngineError(.invalid, "invalid port specification: \"\(text)\"")
    }
    return (range, proto)
}

/// `8000` or `8000-8010`.
private func portRange(_ text: String) -> ClosedRange<UInt16>? {
    let numbers = text.split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) }
    guard (1...2).contains(numbers.count), let low = numbers[0], let high = numbers[numbers.count - 1], low <= high else { return nil }
    return low...high
}

/// All ports that a container publishes, by protocol and number inside.
func portRequests(_ config: ContainerConfig, _ host: HostConfig) throws(EngineError) -> [PortRequest] {
    var requests: [PortRequest] = []
    let bindings = host.PortBindings ?? [:]
    for (key, places) in bindings.sorted(by: { $0.key < $1.key }) {
        for place in places ?? [] { requests += try portRequests(key, place) }
    }
    if host.PublishAllPorts == true {
        for key in (config.ExposedPorts ?? [:]).keys where (bindings[key] ?? nil)?.isEmpty != false { requests += try portRequests(key, PortBinding()) }
    }
    return requests.sorted { ($0.proto.rawValue, $0.containerPort) < ($1.proto.rawValue, $1.containerPort) }
}

private func portRequests(_ key: String, _ place: PortBinding) throws(EngineError) -> [PortRequest] {
    let (inside, proto) = try portNumbers(key)
    let text = place.HostPort ?? "", outside = text.isEmpty || text == "0" ? nil : portRange(text)
    guard outside != nil || text.isEmpty || text == "0" else { throw EngineError(.invalid, "invalid port specification: \"\(text)\"") }
    let address = try hostAddress(place.HostIp ?? "")
    return inside.enumerated().map { index, port in
        // A range inside goes with a range outside of the same length, port by port; any other range is a choice.
        let pairs = outside.flatMap { $0.count == inside.count ? $0.lowerBound + UInt16(index) : nil }
        return PortRequest(proto: proto, containerPort: port, hostAddress: address, hostPorts: pairs.map { $0...$0 } ?? outside)
    }
}

private func hostAddress(_ text: String) throws(EngineError) -> IPv4Address {
    if text.isEmpty { return .any }
    if let address = IPv4Address(text) { return address }
    if text.contains(":") { throw EngineError(.unsupported, "publishing a port on the IPv6 address \(text) is not supported by this engine yet") }
    throw EngineError(.invalid, "invalid IP address: \(text)")
}

/// The ports that a container exposes or publishes, as inspect names them.
func exposedPorts(_ record: ContainerRecord) -> [String] {
    let keys = Array((record.config.ExposedPorts ?? [:]).keys) + Array((record.host.PortBindings ?? [:]).keys)
    let single = keys.flatMap { key -> [String] in
        guard let (ports, proto) = try? portNumbers(key) else { return [] }  // refused at its creation
        return ports.map { "\($0)/\(proto.rawValue)" }
    }
    return Set(single).sorted()
}

/// Owns a socket that holds a port.
final class PortSocket: Sendable {
    private let socket: Descriptor
    init(_ socket: consuming Descriptor) { self.socket = socket }
    /// Valid for as long as this object lives.
    var descriptor: FileDescriptor { FileDescriptor(rawValue: socket.number) }
}

/// Why a port is not to be had, in Docker's words.
struct PortRefusal: Error, Equatable, CustomStringConvertible {
    let description: String
}

/// Takes ports of the host, in the calling thread's network namespace.
struct PortReserver {
    /// The ports of containers that run: they tell whose a port is that the kernel refuses.
    var published: Set<PublishedPort>
    /// Where the search for a free port goes on.
    var next: UInt16 = first

    /// The ports that programs are given by the kernel begin here, and Docker's begin with them. /proc/sys/net/ipv4/ip_local_port_range
    static let first: UInt16 = 32_768, last: UInt16 = 60_999

    /// Takes one port for each request, or none at all.
    mutating func reserve(_ requests: [PortRequest]) throws(PortRefusal) -> [(port: PublishedPort, socket: PortSocket)] {
        var taken: [(port: PublishedPort, socket: PortSocket)] = []
        for request in requests { taken.append(try reserve(request, besides: taken.map(\.port))) }
        published.formUnion(taken.map(\.port))
        return taken
    }

    private mutating func reserve(_ request: PortRequest, besides own: [PublishedPort]) throws(PortRefusal) -> (port: PublishedPort, socket: PortSocket) {
        guard let range = request.hostPorts else { return try reserveAny(request) }
        var failure = PortRefusal(description: "all ports are allocated")
        for number in range {
            let port = PublishedPort(proto: request.proto, hostAddress: request.hostAddress, hostPort: number, containerPort: request.containerPort)
            do throws(KernelError) { return (port, try hold(port)) } catch { failure = refusal(port, error, own) }
        }
        throw failure
    }

    /// Goes on where the last search ended, so that a port that has just become free is not given to the next at once.
    private mutating func reserveAny(_ request: PortRequest) throws(PortRefusal) -> (port: PublishedPort, socket: PortSocket) {
        for _ in Self.first...Self.last {
            let port = PublishedPort(proto: request.proto, hostAddress: request.hostAddress, hostPort: next, containerPort: request.containerPort)
            next = next == Self.last ? Self.first : next + 1
            do throws(KernelError) { return (port, try hold(port)) } catch {
                guard Errno(rawValue: error.errno) == .addressInUse else { throw refusal(port, error, []) }
            }
        }
        throw PortRefusal(description: "all ports are allocated")
    }

    private func refusal(_ port: PublishedPort, _ error: KernelError, _ own: [PublishedPort]) -> PortRefusal {
        if Errno(rawValue: error.errno) == .addressInUse, published.union(own).contains(where: { $0.conflicts(with: port) }) {
            return PortRefusal(description: NetworksError.portTaken(port).description)
        }
        let reason = error.reason.prefix(1).lowercased() + error.reason.dropFirst()
        return PortRefusal(description: "failed to bind host port \(port.hostAddress):\(port.hostPort)/\(port.proto.rawValue): \(reason)")
    }
}

/// A TCP socket that does not listen would let another one have the port: man 7 socket, `SO_REUSEADDR`.
private func hold(_ port: PublishedPort) throws(KernelError) -> PortSocket {
    let name = InternetName(address: port.hostAddress.number, port: port.hostPort)
    let socket = try bind(port.proto == .tcp ? .tcp : .udp, to: name, reuse: port.proto == .tcp)
    if port.proto == .tcp { try socket.borrow { (descriptor) throws(KernelError) in try setBacklog(of: descriptor, 0) } }
    return PortSocket(socket)
}

extension PublishedPort {
    /// Whether both cannot be.
    func conflicts(with other: PublishedPort) -> Bool {
        proto == other.proto && hostPort == other.hostPort
            && (hostAddress == other.hostAddress || hostAddress == .any || other.hostAddress == .any)
    }

    var key: String { "\(containerPort)/\(proto.rawValue)" }
}
