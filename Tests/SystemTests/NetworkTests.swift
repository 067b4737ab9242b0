// Networks as people use them: the genuine docker command, busybox's web server behind published ports, and a second network namespace that stands for the
// rest of the world. What is asked for is asked of the kernel, too: links, rules, addresses.
import Foundation
import Testing

@Suite("Networks", .enabled(if: Machine.hasDocker, Machine.whyNoDocker), .serialized)
struct NetworkTests {
    static let shared = Result {
        try Outside.make(); return try Testbed("net")
    }
    let bed: Testbed
    init() throws { bed = try Self.shared.get() }

    /// A machine beyond the host: 10.99.0.2 in a namespace of its own; the host is 10.99.0.1.
    enum Outside {
        static func make() throws {
            let script = """
                set -e; mkdir -p /run/netns; ip netns add outside; ip link set lo up; ip link add up0 type veth peer name up1 netns outside
                ip addr add 10.99.0.1/24 dev up0; ip link set up0 up
                ip -n outside addr add 10.99.0.2/24 dev up1; ip -n outside link set up1 up; ip -n outside link set lo up
                ip -n outside route add default via 10.99.0.1
                """
            let outcome = try run(["sh", "-c", script])
            guard outcome.status == 0 else { throw Refused(description: "\(outcome)") }
        }
        static func fetch(_ url: String) throws -> Outcome { try run(["ip", "netns", "exec", "outside", "curl", "-s", "-m", "3", url]) }
    }

    /// A web server that tells who asks: `/cgi-bin/who`.
    @discardableResult
    func serve(_ name: String, _ flags: String...) throws -> Outcome {
        let script = """
            mkdir -p /www/cgi-bin; printf '#!/bin/sh\\necho "Content-Type: text/plain"; echo; echo "\(name) $REMOTE_ADDR"\\n' >/www/cgi-bin/who; chmod +x /www/cgi-bin/who
            exec httpd -f -p 0.0.0.0:80 -h /www
            """
        return try run([Machine.docker ?? "docker", "run", "-d", "--name", name] + flags + ["bb", "sh", "-c", script], environment: bed.environment)
    }
    func fetch(_ place: String) throws -> String { try run(["curl", "-s", "-m", "3", "http://\(place)/cgi-bin/who"]).line }
    func fetches(_ place: String, _ wanted: String) throws -> Bool { try eventually(within: 5) { try fetch(place) == wanted } }
    func inside(_ name: String, _ script: String) throws -> Outcome { try bed.docker("exec", name, "sh", "-c", script) }
    func get(_ name: String, _ place: String) throws -> String { try inside(name, "timeout 2 wget -q -O - http://\(place)/cgi-bin/who").line }
    func address(_ name: String, _ network: String = "bridge") throws -> String {
        try bed.inspect(name, "{{(index .NetworkSettings.Networks \"\(network)\").IPAddress}}")
    }
    func clean(_ names: String...) throws { _ = try run([Machine.docker ?? "docker", "rm", "-f"] + names, environment: bed.environment) }

    @Test("a published port is reached by loopback, by the host's address, from outside, from another container and by hairpin, and outside's address is seen")
    func published() throws {
        let outcome = try serve("web", "-p", "8080:80")
        #expect(outcome.status == 0, "\(outcome) \(bed.daemonLog)")
        try bed.docker("run", "-d", "--name", "other", "bb", "sleep", "1000")
        let gateway = try bed.inspect("web", "{{.NetworkSettings.Gateway}}")
        #expect(try fetches("127.0.0.1:8080", "web \(gateway)"))
        #expect(try fetch("10.99.0.1:8080").hasPrefix("web "))
        #expect(try Outside.fetch("http://10.99.0.1:8080/cgi-bin/who").line == "web 10.99.0.2")
        #expect(try get("other", "10.99.0.1:8080").hasPrefix("web "))
        #expect(try get("other", "\(gateway):8080").hasPrefix("web "))
        #expect(try get("web", "10.99.0.1:8080").hasPrefix("web "), "hairpin")
        #expect(try get("other", try address("web")).hasPrefix("web "))
        #expect(try Outside.fetch("http://\(try address("web"))/cgi-bin/who").status != 0, "there is no direct way to a port")
        #expect(try bed.docker("port", "web").line == "80/tcp -> 0.0.0.0:8080")
        #expect(try bed.docker("ps", "--filter", "name=web", "--format", "{{.Ports}}").line == "0.0.0.0:8080->80/tcp")
        #expect(try bed.inspect("web", "{{json .NetworkSettings.Ports}}") == #"{"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"8080"}]}"#)
        try bed.docker("stop", "-t", "1", "web")
        #expect(try fetch("127.0.0.1:8080").isEmpty)
        #expect(
            try bed.inspect("web", "{{.NetworkSettings.IPAddress}}-{{len .NetworkSettings.Ports}}-{{(index .NetworkSettings.Networks \"bridge\").NetworkID}}")
                == "-0-")
        try bed.docker("start", "web")
        #expect(try fetches("127.0.0.1:8080", "web \(gateway)"))
        try clean("web", "other")
    }

    @Test("UDP is published, too, and the loopback address alone means nobody else")
    func datagrams() throws {
        let server = "use IO::Socket; $s = IO::Socket::INET->new(Proto => 'udp', LocalPort => 53) or die; while ($s->recv($b, 99)) { $s->send(\"got $b\") }"
        let outcome = try bed.docker(
            "run", "-d", "--name", "echo", "-p", "127.0.0.1:5353:53/udp", "-v", "/usr:/usr:ro", "-v", "/usr/lib:/lib:ro", "-v", "/usr/lib64:/lib64:ro", "bb",
            "/usr/bin/perl", "-e", server)
        #expect(outcome.status == 0, "\(outcome)")
        func ask(_ host: String, in namespace: [String] = []) throws -> String {
            let client =
                "use IO::Socket; alarm 2; $s = IO::Socket::INET->new(Proto => 'udp', PeerAddr => '\(host)', PeerPort => 5353) or die; $s->send('x'); $s->recv($b, 99); print $b"
            return try run(namespace + ["perl", "-e", client]).line
        }
        #expect(try eventually(within: 5) { try ask("127.0.0.1") == "got x" })
        #expect(try ask("10.99.0.1", in: ["ip", "netns", "exec", "outside"]).isEmpty)
        try clean("echo")
    }

    @Test("a port that is taken is told so, whoever has it; the container stays created, and the port is there for the next")
    func takenPorts() throws {
        try serve("first", "-p", "8081:80")
        let second = try serve("second", "-p", "8081:80")
        #expect(second.status == 125)
        #expect(second.errors.contains("driver failed programming external connectivity on endpoint second ("), "\(second)")
        #expect(second.errors.contains("Bind for 0.0.0.0:8081 failed: port is already allocated"))
        #expect(try bed.inspect("second", "{{.State.Status}} {{.State.ExitCode}}") == "created 128")
        let listener = try begin(["perl", "-e", "use IO::Socket; $s = IO::Socket::INET->new(Listen => 1, LocalPort => 8082) or die; sleep 100"])
        defer { kill(listener.pid, SIGKILL); _ = listener.wait() }
        #expect(try eventually { try run(["sh", "-c", "ss -ltn | grep -q :8082"]).status == 0 })
        let third = try serve("third", "-p", "8082:80")
        #expect(third.status == 125 && third.errors.contains("address already in use"), "\(third)")
        try clean("first")
        #expect(try bed.docker("start", "second").status == 0)
        #expect(try fetches("127.0.0.1:8081", "second \(try bed.inspect("second", "{{.NetworkSettings.Gateway}}"))"))
        try clean("second", "third")
    }

    @Test("-P publishes every exposed port above 32767, and a range gives the first that is free")
    func ephemeral() throws {
        try serve("all", "-P", "--expose", "80", "--expose", "81")
        let ports = try bed.docker("port", "all").lines
        #expect(ports.count == 2 && ports.allSatisfy { Int($0.split(separator: ":").last ?? "") ?? 0 >= 32768 }, "\(ports)")
        try serve("one", "-p", "8090-8092:80")
        try serve("two", "-p", "8090-8092:80")
        #expect(try bed.docker("port", "one").line == "80/tcp -> 0.0.0.0:8090")
        #expect(try bed.docker("port", "two").line == "80/tcp -> 0.0.0.0:8091")
        try clean("all", "one", "two")
    }

    @Test("networks are apart, both ways; on one's own network names are known")
    func isolation() throws {
        #expect(try bed.docker("network", "create", "left").status == 0)
        #expect(try bed.docker("network", "create", "--subnet", "10.55.0.0/24", "right").status == 0)
        try serve("l1", "--network", "left", "--network-alias", "web")
        try serve("l2", "--network", "left")
        try serve("r1", "--network", "right", "--ip", "10.55.0.77")
        #expect(try address("r1", "right") == "10.55.0.77")
        #expect(try eventually(within: 5) { try get("l2", "l1").hasPrefix("l1 ") })
        #expect(try get("l2", "web").hasPrefix("l1 ") && get("l2", "l1.left").hasPrefix("l1 "))
        let linked = try bed.docker("run", "--rm", "--network", "left", "--link", "l1:db", "bb", "nslookup", "db")
        #expect(try linked.output.contains("Address: \(address("l1", "left"))"), "a link is a name of one's own: \(linked)")
        #expect(try get("l1", "10.55.0.77").isEmpty)
        #expect(try get("r1", try address("l1", "left")).isEmpty)
        #expect(try inside("r1", "nslookup l1").status != 0)
        #expect(try inside("l1", "cat /etc/resolv.conf").output.contains("nameserver 127.0.0.11"))
        #expect(try bed.docker("network", "rm", "left").errors.contains("has active endpoints"))
        #expect(try bed.docker("network", "inspect", "-f", "{{range .Containers}}{{.Name}} {{.IPv4Address}}{{end}}", "right").line == "r1 10.55.0.77/24")
        try clean("l1", "l2", "r1")
        #expect(try bed.docker("network", "rm", "left", "right").status == 0)
        #expect(try !run(["ip", "-o", "link"]).output.contains("network left"))
    }

    @Test("connect and disconnect take effect at once: interface, name, hosts file, way out")
    func live() throws {
        try bed.docker("network", "create", "zulu")
        try bed.docker("network", "create", "--internal", "yankee")
        try serve("mover", "-p", "8083:80")
        try serve("friend", "--network", "zulu")
        let before = try inside("mover", "ip route | grep default").line
        #expect(try bed.docker("network", "connect", "--alias", "m", "zulu", "mover").status == 0)
        #expect(try inside("mover", "ip -o -4 addr show eth1").output.contains(try address("mover", "zulu")))
        #expect(try eventually(within: 5) { try get("mover", "friend").hasPrefix("friend ") })
        #expect(try get("friend", "m").hasPrefix("mover "))
        #expect(try inside("mover", "cat /etc/hosts").output.contains(try address("mover", "zulu")))
        #expect(try inside("mover", "ip route | grep default").line == before, "bridge comes before zulu")
        #expect(try bed.docker("network", "connect", "zulu", "mover").errors.contains("endpoint with name mover already exists in network zulu"))
        #expect(try bed.docker("network", "connect", "yankee", "mover").status == 0)
        let gateway = try bed.inspect("mover", "{{(index .NetworkSettings.Networks \"zulu\").Gateway}}")
        #expect(try bed.docker("network", "disconnect", "bridge", "mover").status == 0)
        #expect(try inside("mover", "ip -o link show eth0").status != 0)
        #expect(try inside("mover", "ip route | grep default").output.contains("via \(gateway) "), "an internal network is no way out")
        #expect(try fetches("127.0.0.1:8083", "mover \(gateway)"), "the port leads to the other network now")
        #expect(try bed.docker("network", "disconnect", "bridge", "mover").errors.contains("is not connected to network bridge"))
        try bed.docker("restart", "-t", "1", "mover")
        #expect(try inside("mover", "ls /sys/class/net").lines == ["eth0", "eth1", "lo"])
        try clean("mover", "friend")
        #expect(try bed.docker("network", "prune", "-f").status == 0)
        #expect(try bed.docker("network", "ls", "--format", "{{.Name}}").lines.sorted() == ["bridge", "host", "none"])
    }

    @Test("a container shares another's namespace, ports and files with it; the one that is gone takes its wire along")
    func shared() throws {
        try serve("main", "-p", "8084:80")
        let side = try bed.docker("run", "-d", "--name", "side", "--network", "container:main", "bb", "sleep", "1000")
        #expect(side.status == 0, "\(side)")
        #expect(try eventually(within: 5) { try get("side", "127.0.0.1").hasPrefix("main ") })
        #expect(try inside("side", "cat /etc/hosts").output == inside("main", "cat /etc/hosts").output)
        #expect(try inside("side", "hostname").line == inside("main", "hostname").line)
        let link = try run(["sh", "-c", "ip -o link | grep -c 'veth.*@'"]).line
        try bed.docker("rm", "-f", "main")
        #expect(try eventually { try run(["sh", "-c", "ip -o link | grep -c 'veth.*@'"]).line != link })
        #expect(try bed.docker("run", "--network", "container:main", "bb", "true").errors.contains("No such container: main"))
        try clean("side")
    }

    @Test("an unknown network: the container is made, and its start fails")
    func unknown() throws {
        let outcome = try bed.docker("run", "--name", "lost", "--network", "nonet", "bb", "true")
        #expect(outcome.status == 125 && outcome.errors.contains("network nonet not found"), "\(outcome)")
        try bed.docker("network", "create", "nonet")
        #expect(try bed.docker("start", "-a", "lost").status == 0)
        try clean("lost")
        try bed.docker("network", "rm", "nonet")
    }

    @Test("events come in Docker's order")
    func events() throws {
        let start = try run(["date", "+%s.%N"]).line
        try bed.docker("run", "--rm", "--name", "told", "bb", "true")
        let told = try bed.docker("events", "--since", start, "--until", try run(["date", "+%s.%N"]).line, "--format", "{{.Type}} {{.Action}}").lines
        #expect(
            told == ["container create", "container attach", "network connect", "container start", "container die", "network disconnect", "container destroy"])
    }

    @Test("a port serves while the daemon is dead; the next one knows all of it, and answers names again")
    func daemonDies() throws {
        try bed.docker("network", "create", "keep")
        try serve("stays", "--network", "keep", "-p", "8085:80")
        try serve("asks", "--network", "keep")
        let gateway = try bed.inspect("stays", "{{(index .NetworkSettings.Networks \"keep\").Gateway}}"), place = try address("stays", "keep")
        #expect(try fetches("127.0.0.1:8085", "stays \(gateway)"))
        bed.killDaemon()
        #expect(try fetch("127.0.0.1:8085") == "stays \(gateway)")
        let thief = try run(["perl", "-e", "use IO::Socket; exit(IO::Socket::INET->new(Listen => 1, LocalPort => 8085) ? 0 : 1)"])
        #expect(thief.status == 1, "the port is held although no daemon lives")
        try bed.startDaemon()
        #expect(try fetch("127.0.0.1:8085") == "stays \(gateway)")
        #expect(try address("stays", "keep") == place && bed.docker("port", "stays").line == "80/tcp -> 0.0.0.0:8085")
        #expect(try eventually(within: 5) { try get("asks", "stays").hasPrefix("stays ") })
        #expect(try serve("late", "-p", "8085:80").errors.contains("port is already allocated"))
        bed.killDaemon()
        try run([
            "sh", "-c",
            "nft delete table ip \(bed.mark); ip link delete $(ip -o link | grep '\(bed.mark) ' | sed -n 's/.*\\(br-[0-9a-f]*\\):.*/\\1/p' | head -1)"
        ])
        try bed.startDaemon()
        #expect(try fetches("127.0.0.1:8085", "stays \(gateway)"), "rules and bridge are made anew")
        try clean("stays", "asks", "late")
        try bed.docker("network", "rm", "keep")
    }

    @Test("twenty containers at once: twenty addresses, all reach each other's ports, and afterwards nothing is left")
    func many() throws {
        let runs = try (0..<20).map { number in
            try bed.beginDocker("run", "-d", "--name", "many\(number)", "-p", "8080", "bb", "sleep", "1000", seconds: 120)
        }
        #expect(runs.map { $0.wait().status } == Array(repeating: 0, count: 20))
        let addresses = try (0..<20).map { try address("many\($0)") }, ports = try (0..<20).map { try bed.docker("port", "many\($0)").line }
        #expect(Set(addresses).count == 20 && !addresses.contains("") && Set(ports).count == 20)
        #expect(try inside("many0", "for a in \(addresses.joined(separator: " ")); do ping -c 1 -W 2 $a >/dev/null || echo $a; done").output.isEmpty)
        _ = try run([Machine.docker ?? "docker", "rm", "-f"] + (0..<20).map { "many\($0)" }, environment: bed.environment)
        #expect(try eventually { try !run(["ip", "-o", "link"]).output.contains("\(bed.mark) container") })
        #expect(try bed.docker("network", "inspect", "-f", "{{len .Containers}}", "bridge").line == "0")
    }

    @Test("kill -9 of the daemon at random points: no address and no port is lost or handed out twice")
    func randomKills() throws {
        for round in 0..<6 {
            let commands = try (0..<3).map {
                try bed.beginDocker("run", "-d", "--name", "k\(round)-\($0)", "-p", "\(9000 + $0):80", "bb", "sleep", "1000", seconds: 30)
            }
            usleep(UInt32.random(in: 0...300_000))
            bed.killDaemon()
            for command in commands { _ = command.wait() }
            try bed.startDaemon()
            let running = try bed.docker("ps", "-q").lines
            let places = try running.map { try address($0) + " " + bed.docker("port", $0).line }
            #expect(Set(places).count == running.count && !places.contains { $0.hasPrefix(" ") }, "round \(round): \(places)")
            let all = try bed.docker("ps", "-aq").lines
            if !all.isEmpty { _ = try run([Machine.docker ?? "docker", "rm", "-f"] + all, environment: bed.environment) }
            let isClean = try eventually { try !run(["ip", "-o", "link"]).output.contains("\(bed.mark) container") },
                links = try run(["ip", "-o", "link"]).output
            #expect(isClean, "round \(round): \(links)")
            #expect(try bed.docker("run", "--rm", "-p", "9000:80", "-p", "9001:80", "-p", "9002:80", "bb", "true").status == 0, "round \(round)")
        }
    }

    @Test("a daemon in whose end nothing runs leaves neither bridges nor tables")
    func leaves() throws {
        let own = try Testbed("bye")
        #expect(try own.docker("run", "--rm", "-p", "8099:80", "bb", "true").status == 0)
        let name = try own.docker("network", "inspect", "-f", "{{index .Options \"com.docker.network.bridge.name\"}}", "bridge").line
        #expect(try run(["ip", "link", "show", name]).status == 0)
        own.stopDaemon()
        #expect(try run(["ip", "link", "show", name]).status != 0)
        #expect(try !run(["nft", "list", "tables"]).output.contains(name.dropFirst(3)))
    }
}
