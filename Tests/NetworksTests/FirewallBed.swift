// A host with two bridges, three containers and a neighbour outside, made of network namespaces by ip(8), which tests may use and the product may
// not. Servers and clients are Python's sockets, so that nothing of ours decides what arrived:
//
//     client 10.99.0.2 ── 10.99.0.1 [host] 172.30.1.1 fw-br-a ── one 172.30.1.2, two 172.30.1.3
//                                          172.30.2.1 fw-br-b ── far 172.30.2.2
//
// Everything happens in the sandbox's own network namespace and goes with it; what a test makes it removes, for others run after it there.
import Foundation
import Glibc
import Netlink
import Networks
import Nftables

let isInSandbox = ProcessInfo.processInfo.environment["SLIPWAY_SANDBOX"] == "1"

/// Runs a command of the machine's to its end; what it printed, and its status.
@discardableResult
func machine(_ words: String...) throws -> (status: Int32, output: String) { try machine(words) }

/// By popen(3): Foundation's `Process` now and then waits for ever for a child that has ended.
func machine(_ words: [String]) throws -> (status: Int32, output: String) {
    let pipe = popen(shellWords(words) + " 2>&1", "re")
    var output = "", line = [CChar](repeating: 0, count: 4096)
    while fgets(&line, CInt(line.count), pipe) != nil { output += String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self) }
    let status = pclose(pipe)
    return (status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f, output)
}

private func shellWords(_ words: [String]) -> String {
    words.map { "'" + $0.replacingOccurrences(of: "'", with: "'\\''") + "'" }.joined(separator: " ")
}

struct MachineRefused: Error { let words: String, output: String }

/// Runs a script line by line; the first line that fails ends it.
func machine(script: String) throws {
    for line in script.split(separator: "\n").map({ $0.trimmingCharacters(in: .whitespaces) }) where !line.isEmpty {
        let outcome = try machine(line.split(separator: " ").map(String.init))
        guard outcome.status == 0 else { throw MachineRefused(words: line, output: outcome.output) }
    }
}

/// Answers every TCP connection and UDP datagram on the ports given with the address that it came from.
private let server = """
    import socket, sys, threading
    def tcp(port):
        s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(('0.0.0.0', port)); s.listen(64)
        def serve(c, peer):
            try:
                while c.recv(100): c.sendall(peer[0].encode())
            except OSError: pass
        while True: threading.Thread(target=serve, args=s.accept(), daemon=True).start()
    def udp(port):
        s = socket.socket(type=socket.SOCK_DGRAM); s.bind(('0.0.0.0', port))
        while True:
            _, peer = s.recvfrom(100); s.sendto(peer[0].encode(), peer)
    for port in map(int, sys.argv[1:]):
        for serve in tcp, udp: threading.Thread(target=serve, args=(port,)).start()
    import os; print(os.getpid(), flush=True)
    """

/// Asks `tcp:ADDRESS:PORT` or `udp:…`, all at once; prints for each the answer, or `-` where none came within a second or the host refused.
private let asker = """
    import socket, sys, threading
    answers = {}
    def ask(what):
        proto, address, port = what.split(':')
        s = socket.socket(type=socket.SOCK_STREAM if proto == 'tcp' else socket.SOCK_DGRAM); s.settimeout(1)
        try: s.connect((address, int(port))); s.sendall(b'?'); answers[what] = s.recv(100).decode()
        except OSError: answers[what] = '-'
    threads = [threading.Thread(target=ask, args=(w,)) for w in sys.argv[1:]]
    for t in threads: t.start()
    for t in threads: t.join()
    for what in sys.argv[1:]: print(what, answers[what])
    """

/// The host, until `remove`.
final class FirewallBed {
    static let names = ["fw-one", "fw-two", "fw-far", "fw-client"]
    let firewall: Firewall
    private var servers: [(pipe: UnsafeMutablePointer<FILE>, process: pid_t)] = []

    static let bridgeA = FirewallBridge(link: "fw-br-a", subnet: Subnet(containing: IPv4Address(0xac1e_0100), prefixLength: 24))
    static let bridgeB = FirewallBridge(link: "fw-br-b", subnet: Subnet(containing: IPv4Address(0xac1e_0200), prefixLength: 24))
    static let one = IPv4Address(0xac1e_0102), far = IPv4Address(0xac1e_0202)

    init(bridgedPacketsSeenByIP: Bool = false, state: FirewallState? = nil) throws {
        Self.sweep()
        try machine(
            script: """
                ip link set lo up
                ip link add fw-br-a type bridge
                ip link add fw-br-b type bridge
                ip address add 172.30.1.1/24 dev fw-br-a
                ip address add 172.30.2.1/24 dev fw-br-b
                ip link set fw-br-a up
                ip link set fw-br-b up
                sysctl -q net.ipv4.ip_forward=1 net.ipv4.conf.fw-br-a.route_localnet=1 net.ipv4.conf.fw-br-b.route_localnet=1
                """)
        // a kernel without br_netfilter has no such thing
        _ = try machine("sysctl", "-q", "net.bridge.bridge-nf-call-iptables=\(bridgedPacketsSeenByIP ? 1 : 0)")
        try Self.place("fw-one", "172.30.1.2/24", bridge: "fw-br-a", gateway: "172.30.1.1")
        try Self.place("fw-two", "172.30.1.3/24", bridge: "fw-br-a", gateway: "172.30.1.1")
        try Self.place("fw-far", "172.30.2.2/24", bridge: "fw-br-b", gateway: "172.30.2.1")
        try Self.place("fw-client", "10.99.0.2/24", bridge: nil, gateway: "10.99.0.1")
        try machine(script: "ip address add 10.99.0.1/24 dev v-fw-client")
        firewall = Firewall(try Nftables(), state: state ?? FirewallState(instance: "0badcafe", bridges: [Self.bridgeA, Self.bridgeB]))
        try firewall.repair()
        for (name, bridge) in [("fw-one", "fw-br-a"), ("fw-two", "fw-br-a"), ("fw-far", "fw-br-b")] {
            try firewall.connect(FirewallEndpoint(hostLink: "v-\(name)", bridge: bridge))
        }
    }

    private static func place(_ name: String, _ address: String, bridge: String?, gateway: String) throws {
        try machine(
            script: """
                ip netns add \(name)
                ip link add v-\(name) type veth peer name eth0 netns \(name)
                ip link set v-\(name) up
                \(bridge.map { "ip link set v-\(name) master \($0)\nip link set v-\(name) type bridge_slave hairpin on" } ?? "true")
                ip -n \(name) link set lo up
                ip -n \(name) address add \(address) dev eth0
                ip -n \(name) link set eth0 up
                ip -n \(name) route add default via \(gateway)
                """)
    }

    /// Starts a server in a namespace (nil: the host) and waits until it listens.
    func serve(in name: String?, ports: Int...) throws {
        let words = inside(name, ["/usr/bin/python3", "-c", server] + ports.map(String.init))
        guard let pipe = popen("exec " + shellWords(words), "re") else { throw MachineRefused(words: "popen", output: "") }
        var line = [CChar](repeating: 0, count: 32)
        fgets(&line, CInt(line.count), pipe)
        servers.append((pipe, pid_t(atoi(line))))
    }

    private func inside(_ name: String?, _ words: [String]) -> [String] { (name.map { ["ip", "netns", "exec", $0] } ?? []) + words }

    /// What a program in a namespace (nil: the host) is answered, by what it asked.
    func ask(from name: String?, _ questions: [String]) throws -> [String: String] {
        let words = inside(name, ["/usr/bin/python3", "-c", asker] + questions)
        let pairs = try machine(words).output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        return Dictionary(uniqueKeysWithValues: pairs.filter { $0.count == 2 }.map { ($0[0], $0[1]) })
    }

    /// Ends the servers and takes the host apart.
    func remove() {
        for server in servers {
            kill(server.process, SIGKILL)
            pclose(server.pipe)
        }
        try? firewall.removeTables()  // it may have been removed by the test
        Self.sweep()
    }

    static func sweep() {
        for name in names { _ = try? machine("ip", "netns", "delete", name) }  // not there, usually
        for link in ["fw-br-a", "fw-br-b"] + names.map({ "v-\($0)" }) { _ = try? machine("ip", "link", "delete", link) }  // likewise
    }
}

/// `TCP` and `UDP` of one address and port, as questions.
func both(_ target: String) -> [String] { ["tcp:\(target)", "udp:\(target)"] }

/// A port for tests: the protocol, `ADDRESS:PORT` on the host, the container and its port.
func port(_ proto: PortProtocol, _ address: String, _ hostPort: UInt16, to container: IPv4Address, _ containerPort: UInt16) -> FirewallPort {
    let host = IPv4Address(address) ?? .any
    return FirewallPort(PublishedPort(proto: proto, hostAddress: host, hostPort: hostPort, containerPort: containerPort), to: container)
}
