// Kinds of namespace, the flags that they want, the order in which they are joined, and plans made of them. Plain values: no kernel needed.
import Linux
import Namespaces
import Testing

@Suite("Kinds and flags")
struct CloneFlagsTests {
    @Test(
        "every kind has the flag that the manual gives it",
        arguments: [
            (Namespace.mount, UInt64(0x0002_0000)), (.cgroup, 0x0200_0000), (.uts, 0x0400_0000), (.ipc, 0x0800_0000), (.user, 0x1000_0000),
            (.pid, 0x2000_0000), (.network, 0x4000_0000), (.time, 0x80)
        ])
    func oneFlag(_ kind: Namespace, _ value: UInt64) {
        #expect(cloneFlags(for: [kind]).rawValue == value)
        #expect(kind.cloneFlag.rawValue == value)
    }

    @Test("several kinds want all their flags, whatever the order")
    func union() {
        let all = cloneFlags(for: Namespace.allCases)
        #expect(all.rawValue == 0x7E02_0080)
        #expect(cloneFlags(for: Namespace.allCases.reversed()) == all)
        #expect(cloneFlags(for: [.pid, .pid]) == .pid)
    }

    @Test("no kind wants no flag")
    func none() {
        #expect(cloneFlags(for: []) == [])
    }

    @Test("a kind is found by its OCI word and by its name in /proc")
    func names() {
        for kind in Namespace.allCases {
            #expect(Namespace(name: kind.rawValue) == kind && Namespace(name: kind.procName) == kind)
            #expect(exists(kind.path(of: currentProcess())) || kind == .time)
        }
        #expect(Namespace(name: "mounts") == nil && Namespace(name: "") == nil)
    }

    @Test("an identity is what the kernel's link says")
    func identities() throws {
        let own = try identity(of: currentProcess(), .network)
        #expect(try readLink("/proc/self/ns/net") == own.description)
        #expect(throws: KernelError.self) { try identity(of: ProcessID(Int32.max), .network) }
    }
}

@Suite("Joining")
struct JoinOrderTests {
    @Test(
        "user comes first and mount last, however they are given",
        arguments: [
            [Namespace.mount, .user, .uts], [.uts, .mount, .user], [.user, .uts, .mount], [.mount, .uts, .user]
        ])
    func ends(_ kinds: [Namespace]) {
        #expect(joinOrder(kinds) == [.user, .uts, .mount])
    }

    @Test("all others keep their order, and none is lost")
    func keeps() {
        #expect(joinOrder([.pid, .network, .mount, .ipc, .time, .cgroup, .uts, .user]) == [.user, .pid, .network, .ipc, .time, .cgroup, .uts, .mount])
        #expect(joinOrder([.uts, .ipc]) == [.uts, .ipc])
        #expect(joinOrder([]) == [])
    }

    @Test("nothing is added that was not asked for", arguments: Namespace.allCases)
    func alone(_ kind: Namespace) {
        #expect(joinOrder([kind]) == [kind])
    }
}

@Suite("Plans")
struct NamespacePlanTests {
    @Test("a kind that is named twice is refused")
    func twice() {
        let target = JoinTarget(.network, at: "/proc/1/ns/net")
        #expect(throws: NamespacesError.twice(.pid)) { try NamespacePlan(create: [.pid, .uts, .pid]) }
        #expect(throws: NamespacesError.twice(.network)) { try NamespacePlan(create: [.network], join: [target]) }
        #expect(throws: NamespacesError.twice(.network)) { try NamespacePlan(create: [], join: [target, target]) }
    }

    @Test("user and pid are joined before the clone, the rest by the child")
    func before() throws {
        let plan = try NamespacePlan(create: [.uts], join: [.mount, .pid, .network, .user].map { JoinTarget($0, at: $0.path(of: currentProcess())) })
        #expect(plan.flags == .uts)
        #expect(plan.joinBeforeClone.map(\.kind) == [.pid, .user])
        #expect(plan.joinAfterClone.map(\.kind) == [.mount, .network])
        #expect(plan.isolates(.uts) && plan.isolates(.network) && !plan.isolates(.ipc))
    }
}

@Suite("Id maps")
struct IDMapTests {
    @Test("a map is read, and written as the kernel takes it")
    func parses() throws {
        let map = try IDMap(parsing: "0:100000:65536")
        #expect(map == IDMap(inside: 0, outside: 100_000, count: 65_536))
        #expect("\(map)" == "0 100000 65536")
        #expect(map.outside(of: 5) == 100_005 && map.outside(of: 65_536) == nil)
    }

    @Test("a map file is read back")
    func file() {
        #expect(
            IDMap.parse("         0     100000      65536\n     65536          7          1\n") == [
                IDMap(inside: 0, outside: 100_000, count: 65_536), IDMap(inside: 65_536, outside: 7, count: 1)
            ])
        #expect(IDMap.parse("0 0 4294967295\n").first?.count == .max)
    }

    @Test("what is no map is refused", arguments: ["", "0", "0:1", "0:1:2:3", "a:b:c", "0:0:0", "-1:0:1", "4294967295:0:2", "0:4294967295:2", "0: 1:2"])
    func rubbish(_ text: String) {
        #expect(throws: NamespacesError.self) { try IDMap(parsing: text) }
    }
}
