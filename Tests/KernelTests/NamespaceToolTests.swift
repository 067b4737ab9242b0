// slip-ns, seen from outside: /proc of what it started, not its own claims.
import Linux
import Namespaces
import Testing

@Suite("slip-ns makes and joins namespaces", .enabled(if: Sandbox.isHere, Sandbox.why))
struct NamespaceToolTests {
    /// The kinds in which a process started with these arguments differs from us.
    private func different(_ arguments: [String], as user: UInt32? = nil) throws -> Set<Namespace> {
        let tool = try Running("slip-ns", arguments + ["sh", "-c", "for n in /proc/self/ns/*; do readlink $n; done"], as: user)
        let theirs = try tool.wait().output.split(separator: "\n").map(String.init)
        return Set(try Namespace.allCases.filter { !theirs.contains(try readLink(FilePath("/proc/self/ns/\($0.procName)"))) })
    }

    @Test(
        "each flag makes its kind and no other",
        arguments: [
            ("--mount", Namespace.mount), ("--uts", .uts), ("--ipc", .ipc), ("--pid", .pid), ("--net", .network), ("--user", .user), ("--cgroup", .cgroup),
            ("--time", .time)
        ])
    func oneKind(_ flag: String, _ kind: Namespace) throws {
        #expect(try different([flag]) == [kind])
    }

    @Test("--all makes all but user and time")
    func all() throws {
        #expect(try different(["--all"]) == Set(Namespace.allCases).subtracting([.user, .time]))
    }

    @Test("the host's name stays what it was")
    func hostname() throws {
        #expect(try run("slip-ns", "--hostname", "ship", "hostname").line == "ship")
        #expect(systemName().host != "ship")
    }

    @Test("with new mounts and processes, the command is PID 1 and sees itself alone")
    func pid() throws {
        #expect(try run("slip-ns", "--pid", "--mount", "sh", "-c", "echo $$; echo /proc/[0-9]*").output == "1\n/proc/1\n")
    }

    @Test("anybody can be root in a user namespace, and brings lo up there")
    func user() throws {
        let outcome = try run(
            "slip-ns", "--user", "--net", "sh", "-c", "id -u; cat /sys/class/net/lo/operstate; cat /proc/self/uid_map /proc/self/setgroups", as: 1000)
        #expect(outcome.output.split(whereSeparator: \.isWhitespace) == ["0", "unknown", "0", "1000", "1", "deny"], "\(outcome)")
    }

    @Test("without root and without a user namespace there is a sentence")
    func unprivileged() throws {
        let outcome = try run("slip-ns", "--net", "true", as: 1000)
        #expect(outcome.status == 1 && outcome.errors == "slip-ns: clone3 NEWNET: Operation not permitted (this needs root: try sudo)\n")
    }

    @Test("a map that we may not write ends it, and leaves nobody waiting")
    func badMap() throws {
        let outcome = try run("slip-ns", "--map-users", "0:0:5", "true", as: 1000)
        #expect(outcome.status == 1 && outcome.errors.contains("uid_map"))
    }

    @Test("joining works without root too, where the user namespace is ours")
    func joins() throws {
        let host = try Running("slip-ns", ["--user", "--all", "--init", "--hostname", "inner", "sh", "-c", "echo up; exec sleep 60"], as: 1000)
        host.waitForOutput()
        let children = try readText(FilePath("/proc/\(host.process.process)/task/\(host.process.process)/children"))
        let first = try #require(children.split(separator: " ").first.flatMap { Int32($0) })
        #expect(try run("slip-ns", "--join", "\(first)", "sh", "-c", "hostname; id -u", as: 1000).output == "inner\n0\n")
        #expect(try run("slip-ns", "--join", "\(first)", "--uts", "hostname").output == "inner\n")
        #expect(try run("slip-ns", "--join", "\(first)", "--uts", "hostname", as: 1000).status == 1, "uts belongs to the user namespace, which must come first")
        try send(.terminate, to: host.process.process)
        #expect(try host.wait().status == 143, "--init passes signals on")
    }

    @Test("init reaps orphans and ends with the command's status")
    func reaps() throws {
        let outcome = try run(
            "slip-ns", "--pid", "--mount", "--init", "sh", "-c", "(sleep 0.1 &); sleep 0.4; grep -l '^State:.*zombie' /proc/[0-9]*/status; exit 5")
        #expect(outcome.status == 5 && outcome.output.isEmpty, "\(outcome)")
    }
}
