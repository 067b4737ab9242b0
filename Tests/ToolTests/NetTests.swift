// slip-net, seen from outside: what it builds is found in /sys and tried with packets, and what it takes down is gone.
import Foundation
import Glibc
import Testing

@discardableResult
private func net(_ words: String..., seconds: Double = 60) throws -> Outcome { try inRoom([Machine.tool("slip-net")] + words, seconds: seconds) }

/// What of this namespace a lab could leave behind: links, rules, mounts, files, and whether the host is a router.
private func traces() throws -> [String] {
    let links = try inRoom(["sh", "-c", "ip -o link | cut -d: -f2"]).lines, rules = try inRoom(["nft", "list", "ruleset"]).lines
    let mounts = try String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8).split(separator: "\n").filter { $0.contains("/run/slip-net") }.map(
        String.init)
    let forwards = try inRoom(["cat", "/proc/sys/net/ipv4/ip_forward"]).output
    return links + rules + mounts + [forwards, "\(FileManager.default.fileExists(atPath: "/run/slip-net"))"]
}

/// A server that says hello to whoever comes.
private let greeter = """
    import socket
    server = socket.create_server(("", 8080))
    while True:
        client, _ = server.accept()
        client.sendall(b"hello from bob\\n")
        client.close()
    """

/// What a client of a port gets to hear, from this host or from one of the lab.
private func ask(_ address: String, from host: String? = nil) throws -> String {
    let client = ["busybox", "nc", "-w", "5", address, "8099"]
    return try inRoom(host.map { [Machine.tool("slip-net"), "exec", $0] + client } ?? client).line
}

@Suite("slip-net builds a network by hand", .serialized, .enabled(if: Machine.isReady && Machine.has("nft", "ip"), Machine.why))
struct NetTests {
    @Test("links, addresses, routes and neighbours are shown, as a table and as JSON")
    func lists() throws {
        let links = try net("links")
        #expect(links.lines.first?.hasPrefix("#  NAME") == true && links.output.contains("lo"))
        #expect(try net("addresses").output.contains("127.0.0.1/8"))
        for list in ["links", "addresses", "routes", "neighbours"] {
            let outcome = try net(list, "--json")
            let value = try JSONSerialization.jsonObject(with: outcome.bytes)
            #expect(outcome.status == 0 && value is [Any], "\(list): \(outcome)")
        }
        let local = try net("routes", "127.0.0.1")
        #expect(local.output.contains("local") && local.output.contains("lo"))
    }

    @Test("another namespace is named by process, by path or by host; one that is not there is an error in a sentence")
    func elsewhere() throws {
        #expect(try net("links", "--namespace", "\(getpid())").output.contains("lo"))
        #expect(try net("links", "--namespace", "/proc/1/ns/net").status == 0)
        let wrong = [
            ("alice", "slip-net: namespace alice: no such host (try: slip-net lab show); a file of this directory is ./alice\n"),
            ("/proc/1/ns/uts", "slip-net: setns /proc/1/ns/uts NEWNET: Invalid argument\n"),
            ("2147483647", "slip-net: openat /proc/2147483647/ns/net: No such file or directory\n")
        ]
        for (place, words) in wrong {
            let outcome = try net("links", "--namespace", place)
            #expect(outcome.status == 1 && outcome.errors == words)
        }
    }

    @Test("step by step: each says why, and what to try; the port answers; down leaves nothing")
    func stepByStep() throws {
        let before = try traces()
        defer { _ = try? net("lab", "down") }
        for number in 1...8 {
            let outcome = try net("lab", "step")
            #expect(outcome.status == 0 && outcome.output.hasPrefix("\(number)/8  ") && outcome.output.contains("     try: "), "\(outcome)")
        }
        #expect(try net("lab", "step").output == "all steps are done (try: slip-net lab down)\n")
        #expect(try net("lab").lines.filter { $0.hasPrefix("[x]") }.count == 8)
        let server = try beginInRoom([Machine.tool("slip-net"), "exec", "bob", "python3", "-c", greeter])
        defer { kill(server.pid, SIGKILL) }
        for (address, host) in [("10.99.0.1", "alice"), ("127.0.0.1", nil), ("10.99.0.1", nil), ("10.99.0.1", "bob")] {
            #expect(try eventually { try ask(address, from: host) == "hello from bob" }, "\(address) from \(host ?? "this host")")
        }
        #expect(try net("routes", "1.1.1.1", "--namespace", "alice").output.contains("10.99.0.1  eth0  10.99.0.2"))
        #expect(try net("neighbours").output.contains("lab-bob"))
        #expect(try net("lab", "down").line == "nothing of the lab is left")
        #expect(try traces() == before)
        #expect(try net("lab", "down").status == 0, "once more is no error")
    }

    @Test("a host that was no router is none afterwards")
    func forwarding() throws {
        let file = "/proc/sys/net/ipv4/ip_forward", old = try inRoom(["cat", file]).output
        defer { _ = try? inRoom(["sh", "-c", "echo \(old) >\(file)"]) }
        try inRoom(["sh", "-c", "echo 0 >\(file)"])
        #expect(try net("lab", "up").status == 0)
        #expect(try inRoom(["cat", file]).output == "1\n")
        #expect(try net("lab", "down").status == 0)
        #expect(try inRoom(["cat", file]).output == "0\n")
    }

    @Test("whoever is killed half way goes on, and takes all of it down")
    func killed() throws {
        let before = try traces()
        for round in 0..<12 {
            let building = try beginInRoom([Machine.tool("slip-net"), "lab", "up"])
            usleep(UInt32.random(in: 1000...30_000))
            kill(building.pid, SIGKILL)
            _ = building.wait()
            if round % 2 == 0 {
                let on = try net("lab", "up")
                #expect(on.status == 0, "\(on)")
                #expect(try net("lab").lines.filter { $0.hasPrefix("[x]") }.count == 8)
            }
            let down = try net("lab", "down")
            #expect(down.status == 0, "\(down)")
            #expect(try traces() == before)
        }
    }

    @Test("a command runs inside with its own status; one that is not there is 127")
    func exec() throws {
        try net("lab", "up")
        defer { _ = try? net("lab", "down") }
        #expect(try net("exec", "alice", "sh", "-c", "exit 7").status == 7)
        #expect(try net("exec", "alice", "cat", "/proc/net/dev").output.contains("eth0:"))
        let missing = try net("exec", "alice", "nosuch")
        #expect(missing.status == 127 && missing.errors == "slip-net: exec: \"nosuch\": executable file not found in $PATH\n")
        #expect(try net("exec", "alice", "/etc").status == 126)
    }

    @Test("--explain shows the messages and the kernel calls behind each step")
    func explained() throws {
        defer { _ = try? net("lab", "down") }
        let outcome = try net("lab", "up", "--explain")
        for part in [
            "host alice, chapter 09: a network namespace", "unshare NEWNET", "# RTM_NEWLINK bridge lab0", "# RTM_NEWADDR 10.99.0.1/24",
            "# RTM_NEWLINK veth lab-alice peer eth0 in namespace fd", "# RTM_SETLINK lab-alice up master #", "setns /run/slip-net/bob NEWNET",
            "# RTM_NEWROUTE default via 10.99.0.1",
            "# nft add chain ip slip-net-lab leaving", "sendto netlink"
        ] {
            #expect(outcome.errors.contains(part), "\(part) is missing:\n\(outcome)")
        }
    }

    @Test("a bridge of that name that is somebody else's is left alone")
    func foreign() throws {
        try inRoom(["ip", "link", "add", "lab0", "type", "bridge"])
        defer { _ = try? inRoom(["ip", "link", "delete", "lab0"]) }
        let up = try net("lab", "up")
        #expect(up.status == 1 && up.errors.contains("link lab0: is there already and was not made by us"), "\(up)")
        let down = try net("lab", "down")
        let stays = try inRoom(["ip", "link", "show", "lab0"])
        #expect(down.status == 1 && stays.status == 0)
        try inRoom(["ip", "link", "delete", "lab0"])
        #expect(try net("lab", "down").status == 0)
    }

    @Test("a subnet that the host has a route to is refused; another can be chosen")
    func subnet() throws {
        try inRoom(["ip", "link", "add", "elsewhere", "type", "bridge"])
        try inRoom(["sh", "-c", "ip address add 10.99.0.77/16 dev elsewhere; ip link set elsewhere up"])
        defer { _ = try? (net("lab", "down"), inRoom(["ip", "link", "delete", "elsewhere"])) }
        let taken = try net("lab", "up")
        #expect(taken.status == 1 && taken.errors.contains("this machine has a route to 10.99.0.0/16 already (choose another: --subnet)"), "\(taken)")
        #expect(try net("lab", "up", "--subnet", "10.7.7.0/24").status == 0)
        #expect(try net("addresses", "--namespace", "bob").output.contains("10.7.7.3/24"))
        for wrong in ["10.7.7.1/24", "10.7.7.0", "x"] { #expect(try net("lab", "up", "--subnet", wrong).status == 64) }
        #expect(try net("lab", "up", "--subnet", "10.8.8.0/30").status == 1)
    }
}
