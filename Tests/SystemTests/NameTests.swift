// Names as programs in containers use them: busybox's resolver and glibc's (through `getent`), on user-defined networks, with a resolver outside that
// the test runs, and a daemon that dies and comes back.
import Foundation
import Glibc
import Testing

@Suite("Names", .enabled(if: Machine.hasDocker, Machine.whyNoDocker), .serialized)
struct NameTests {
    static let shared = Result { try Testbed("names") }
    let bed: Testbed
    init() throws { bed = try Self.shared.get() }

    /// Runs a container that waits, with the machine's own programs beside busybox's, for `getent`.
    private func wait(_ name: String, _ flags: String...) throws {
        let machine = ["-v", "/usr:/usr:ro", "-v", "/usr/lib:/lib:ro", "-v", "/usr/lib64:/lib64:ro"]
        let outcome = try run(
            [Machine.docker ?? "docker", "run", "-d", "--name", name] + machine + flags + ["bb", "sleep", "1000"], environment: bed.environment)
        guard outcome.status == 0 else { throw Refused(description: "\(outcome)\n\(bed.daemonLog)") }
    }
    private func inside(_ name: String, _ script: String, seconds: Double = 60) throws -> Outcome {
        try run([Machine.docker ?? "docker", "exec", name, "sh", "-c", script], environment: bed.environment, seconds: seconds)
    }
    private func address(_ name: String, _ network: String) throws -> String {
        try bed.inspect(name, "{{(index .NetworkSettings.Networks \"\(network)\").IPAddress}}")
    }
    /// The IPv4 addresses that a name has, as glibc in the container sees it.
    private func resolve(_ name: String, in container: String) throws -> [String] {
        let lines = try inside(container, "/usr/bin/getent ahostsv4 \(name)").lines
        return Set(lines.compactMap { $0.split(separator: " ").first.map(String.init) }).sorted()
    }
    private func clean(_ networks: String...) throws {
        let all = try bed.docker("ps", "-aq").lines
        if !all.isEmpty { _ = try run([Machine.docker ?? "docker", "rm", "-f"] + all, environment: bed.environment) }
        for network in networks { #expect(try bed.docker("network", "rm", network).status == 0) }
    }

    @Test("containers find each other by name, alias and short id, alone and before the network's name, in any case")
    func find() throws {
        try bed.docker("network", "create", "sea")
        try wait("ship", "--network", "sea", "--network-alias", "vessel")
        try wait("boat", "--network", "sea")
        let ship = try address("ship", "sea"), id = String(try bed.inspect("ship", "{{.Id}}").prefix(12))
        for name in ["ship", "vessel", id, "ship.sea", "vessel.sea", "SHIP", "Ship.Sea"] { #expect(try resolve(name, in: "boat") == [ship], "\(name)") }
        #expect(try resolve("ship", in: "ship") == [ship])
        #expect(try inside("boat", "nslookup ship").output.contains(ship))
        // And the other way: who has this address?
        #expect(try inside("boat", "/usr/bin/getent hosts \(ship)").output.contains("ship.sea"))
        let file = try inside("boat", "cat /etc/resolv.conf").lines
        #expect(file.filter { $0.hasPrefix("nameserver") } == ["nameserver 127.0.0.11"] && file.contains { $0.contains("ndots:0") }, "\(file)")
        try clean("sea")
    }

    @Test("several containers under one alias are all found, and the one that ends is not")
    func share() throws {
        try bed.docker("network", "create", "sea")
        for number in 1...3 { try wait("ship\(number)", "--network", "sea", "--network-alias", "fleet") }
        try wait("boat", "--network", "sea")
        let all = try (1...3).map { try address("ship\($0)", "sea") }
        #expect(try resolve("fleet", in: "boat") == all.sorted())
        try bed.docker("kill", "ship2")
        #expect(try eventually(within: 5) { try resolve("fleet", in: "boat") == [all[0], all[2]].sorted() })
        try bed.docker("start", "ship2")
        #expect(try eventually(within: 5) { try resolve("fleet", in: "boat").count == 3 })
        try clean("sea")
    }

    @Test("after disconnect the name is gone, and after connect there, with the alias of this network alone")
    func disconnect() throws {
        try bed.docker("network", "create", "sea")
        try bed.docker("network", "create", "lake")
        try wait("ship", "--network", "sea")
        try wait("boat", "--network", "sea")
        try wait("raft", "--network", "lake")
        #expect(try resolve("ship", in: "boat") == [address("ship", "sea")])
        #expect(try resolve("ship", in: "raft").isEmpty)
        #expect(try bed.docker("network", "disconnect", "sea", "ship").status == 0)
        #expect(try resolve("ship", in: "boat").isEmpty)
        #expect(try bed.docker("network", "connect", "--alias", "barge", "lake", "ship").status == 0)
        #expect(try resolve("ship", in: "raft") == [address("ship", "lake")])
        #expect(try resolve("barge", in: "raft") == [address("ship", "lake")])
        #expect(try resolve("raft", in: "ship") == [address("raft", "lake")])
        #expect(try resolve("barge", in: "boat").isEmpty)
        // On two networks it sees both.
        #expect(try bed.docker("network", "connect", "sea", "ship").status == 0)
        #expect(try resolve("boat", in: "ship") == [address("boat", "sea")] && resolve("raft", in: "ship") == [address("raft", "lake")])
        try clean("sea", "lake")
    }

    @Test("a container may serve port 53 itself: only questions to 127.0.0.11 are led away")
    func ownServer() throws {
        try bed.docker("network", "create", "sea")
        try wait("ship", "--network", "sea")
        try wait("boat", "--network", "sea")
        try bed.docker("exec", "-d", "ship", "sh", "-c", "echo ahoy | nc -l -p 53")
        #expect(try eventually(within: 5) { try inside("boat", "nc -w 2 ship 53 </dev/null").line == "ahoy" })
        #expect(try resolve("boat", in: "ship") == [address("boat", "sea")])
        try clean("sea")
    }

    // MARK: Outside

    /// A resolver at 127.0.0.1:53 of the host that knows one address for everything, and writes down what it is asked.
    private final class Resolver {
        private let process: Running
        private let log: URL

        init(_ folder: URL) throws {
            log = folder.appending(path: "asked-\(UUID().uuidString.prefix(6))")
            let program = """
                use IO::Socket; $| = 1;
                $s = IO::Socket::INET->new(Proto => 'udp', LocalAddr => '127.0.0.1', LocalPort => 53) or die $!;
                open(L, '>>', $ARGV[0]) or die; select((select(L), $| = 1)[0]); print L "ready\\n";
                while (defined($s->recv($q, 512))) {
                    my ($at, @name) = (12); while (my $n = ord(substr($q, $at, 1))) { push @name, substr($q, $at + 1, $n); $at += $n + 1 }
                    my $type = unpack('n', substr($q, $at + 1, 2)); print L join('.', @name), " $type\\n";
                    my $question = substr($q, 12, $at - 12 + 5), $found = $type == 1;
                    $s->send(substr($q, 0, 2) . "\\x81\\x80\\0\\1\\0" . chr($found) . "\\0\\0\\0\\0" . $question . ($found ? "\\xc0\\x0c\\0\\1\\0\\1\\0\\0\\0\\x3c\\0\\4\\xc0\\0\\2\\7" : ''));
                }
                """
            process = try begin(["perl", "-e", program, log.path], seconds: 600)
            guard eventually({ asked.contains("ready") }) else { throw Refused(description: "the resolver did not come up: \(process.wait())") }
        }

        var asked: [String] { ((try? String(contentsOf: log, encoding: .utf8)) ?? "").split(separator: "\n").map(String.init) }
        deinit {
            kill(process.pid, SIGKILL)
            _ = process.wait()
        }
    }

    @Test("names that nobody here has are asked of the resolver that was asked for, from the host; ours are not")
    func forward() throws {
        _ = try run(["ip", "link", "set", "lo", "up"])
        let resolver = try Resolver(bed.folder)
        try bed.docker("network", "create", "sea")
        try bed.docker("network", "create", "--internal", "pond")
        try wait("boat", "--network", "sea", "--dns", "127.0.0.1")
        try wait("frog", "--network", "pond", "--dns", "127.0.0.1")
        #expect(try resolve("far.example.org", in: "boat") == ["192.0.2.7"])
        #expect(resolver.asked.contains("far.example.org 1"))
        #expect(try resolve("boat", in: "boat") == [address("boat", "sea")])
        // From a network that reaches nothing outside nothing is asked there.
        #expect(try resolve("near.example.org", in: "frog").isEmpty && resolve("frog", in: "frog") == [address("frog", "pond")])
        #expect(!resolver.asked.contains { $0.hasPrefix("near") || $0.hasPrefix("boat") || $0.hasPrefix("frog") }, "\(resolver.asked)")
        try clean("sea", "pond")
    }

    @Test("without a daemon nobody answers; the next one does, with all names, and asks outside again")
    func daemonDies() throws {
        _ = try run(["ip", "link", "set", "lo", "up"])
        let resolver = try Resolver(bed.folder)
        try bed.docker("network", "create", "sea")
        try wait("ship", "--network", "sea", "--network-alias", "vessel")
        try wait("boat", "--network", "sea", "--dns", "127.0.0.1")
        let ship = try address("ship", "sea")
        #expect(try resolve("vessel", in: "boat") == [ship])
        for _ in 0..<3 {
            bed.killDaemon()
            try bed.startDaemon()
            #expect(try eventually(within: 5) { try resolve("vessel", in: "boat") == [ship] })
            #expect(try resolve("ship.sea", in: "boat") == [ship] && resolve("far.example.org", in: "boat") == ["192.0.2.7"])
        }
        // One rule in the container leads to the sockets of today, and none to those of yesterday.
        let pid = try bed.inspect("boat", "{{.State.Pid}}")
        let rules = try run(["nsenter", "-t", pid, "-n", "nft", "list", "ruleset"]).lines.filter { $0.contains("53") && $0.contains("127.0.0.11") }
        #expect(rules.count { $0.contains("udp") } <= 2 && rules.count { $0.contains("tcp") } <= 2 && !rules.isEmpty, "\(rules)")
        #expect(resolver.asked.count { $0 == "far.example.org 1" } >= 3)
        try clean("sea")
    }

    @Test("a container that floods the service has a hundred questions under way outside and no more, and its neighbour is answered")
    func flood() throws {
        _ = try run(["ip", "link", "set", "lo", "up"])
        let silent = try begin(
            ["perl", "-e", "use IO::Socket; $s = IO::Socket::INET->new(Proto => 'udp', LocalAddr => '127.0.0.1', LocalPort => 53) or die; sleep 1000"],
            seconds: 600)
        defer {
            kill(silent.pid, SIGKILL)
            _ = silent.wait()
        }
        try bed.docker("network", "create", "sea")
        try wait("noisy", "--network", "sea", "--dns", "127.0.0.1")
        try wait("boat", "--network", "sea")
        let program = """
            use Socket; socket(S, PF_INET, SOCK_DGRAM, 17); $to = sockaddr_in(53, inet_aton('127.0.0.11'));
            while (1) { $n = ++$i % 60000; send(S, pack('nnnnnn', $n, 256, 1, 0, 0, 0) . chr(length($n)) . $n . "\\0\\0\\1\\0\\1", 0, $to) }
            """
        try bed.docker("exec", "-d", "noisy", "/usr/bin/perl", "-e", program)
        func underWay() throws -> Int { Int(try run(["sh", "-c", "ss -Hun state established dst 127.0.0.1:53 | wc -l"]).line) ?? 0 }
        #expect(try eventually(within: 20) { try underWay() > 50 })
        for _ in 0..<10 {
            #expect(try resolve("noisy", in: "boat") == [address("noisy", "sea")])
            let count = try underWay()
            #expect(count <= 100)
        }
        try clean("sea")
    }
}
