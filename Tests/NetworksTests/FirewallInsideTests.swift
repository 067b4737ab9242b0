// The redirection of DNS in a container's own network namespace, judged by packets: the program inside asks 127.0.0.11:53 and is answered from
// there, while who answers sits on other ports. Chapter 09.
import Glibc
import Networks
import Nftables
import Testing

/// Answers one question by TCP and one by UDP on ports that it chooses, and prints these.
private let nameServer = """
    import socket, threading
    t = socket.socket(); t.bind(('127.0.0.11', 0)); t.listen(4)
    u = socket.socket(type=socket.SOCK_DGRAM); u.bind(('127.0.0.11', 0))
    def tcp():
        while True:
            c, _ = t.accept(); c.recv(10); c.sendall(b'tcp'); c.close()
    threading.Thread(target=tcp, daemon=True).start()
    print(u.getsockname()[1], t.getsockname()[1], flush=True)
    while True:
        _, peer = u.recvfrom(10); u.sendto(b'udp', peer)
    """

/// Asks 127.0.0.11:53 by an unconnected UDP socket, which sees who answers, and by TCP.
private let resolver = """
    import socket
    u = socket.socket(type=socket.SOCK_DGRAM); u.settimeout(2); u.sendto(b'?', ('127.0.0.11', 53)); print(*u.recvfrom(10))
    t = socket.create_connection(('127.0.0.11', 53), 2); t.sendall(b'?'); print(t.recv(10), t.getpeername()[1])
    """

@Suite("The redirection of DNS", .serialized, .enabled(if: isInSandbox, "UNVERIFIED HERE: packets are sent in the sandbox only (Tests/Sandbox/run)"))
struct FirewallInsideTests {
    @Test("leads to the engine's sockets and back, and can be led elsewhere")
    func redirect() throws {
        _ = try machine("ip", "netns", "delete", "fw-dns")
        try machine(script: "ip netns add fw-dns\nip -n fw-dns link set lo up")
        defer { _ = try? machine("ip", "netns", "delete", "fw-dns") }  // the sandbox goes anyway
        for _ in 1...2 {  // the second time as an engine does that came back, with sockets on other ports
            guard let server = popen("exec ip netns exec fw-dns /usr/bin/python3 -c \"\(nameServer)\"", "re") else { return }
            var line = [CChar](repeating: 0, count: 64)
            fgets(&line, 64, server)
            let ports = String(decoding: line.prefix { $0 > 31 }.map(UInt8.init(bitPattern:)), as: UTF8.self).split(separator: " ").compactMap { UInt16($0) }
            try #require(ports.count == 2)
            let file = popen("exec ip netns exec fw-dns nft -f -", "we")
            fputs(InsideRules.redirect(udpPort: ports[0], tcpPort: ports[1]), file)
            let status = pclose(file)
            #expect(status == 0)
            let answers = try machine("ip", "netns", "exec", "fw-dns", "/usr/bin/python3", "-c", resolver).output
            #expect(answers == "b'udp' ('127.0.0.11', 53)\nb'tcp' 53\n")
            _ = try machine("sh", "-c", "kill -9 $(ip netns pids fw-dns)")
            pclose(server)
        }
    }
}
