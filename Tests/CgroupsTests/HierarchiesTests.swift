// Layouts of cgroups, from captured texts of several machines.
import Cgroups
import Linux
import Testing

/// What a machine's /proc/self/mountinfo and /proc/self/cgroup say.
struct Machine {
    let mountinfo: String, selfCgroup: String
    var controllers = "", writable = true

    var hierarchies: Hierarchies {
        Hierarchies(mountinfo: mountinfo, selfCgroup: selfCgroup, unifiedControllers: { _ in controllers }, isWritable: { _ in writable })
    }

    /// A tree for each controller, v2's beside them, and we are elsewhere in memory than in the others.
    static let hybrid = Machine(
        mountinfo: """
            22 27 0:21 / /proc rw,relatime - proc proc rw
            31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
            32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
            34 31 0:31 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset
            35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
            40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd
            41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
            """, selfCgroup: "9:name=systemd:/\n4:memory:/agent/1598\n3:cpuset:/\n1:cpu:/\n0::/\n")
    /// Two controllers in one tree, as systemd mounts them, with a link beside it that mountinfo does not show.
    static let v1 = Machine(
        mountinfo: """
            30 25 0:25 / /sys/fs/cgroup/systemd rw,nosuid shared:9 - cgroup cgroup rw,xattr,release_agent=/lib/systemd/systemd-cgroups-agent,name=systemd
            33 25 0:28 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:12 - cgroup cgroup rw,cpu,cpuacct
            34 25 0:29 / /sys/fs/cgroup/memory rw,nosuid shared:13 - cgroup cgroup rw,memory
            """, selfCgroup: "5:memory:/user.slice\n4:cpu,cpuacct:/user.slice\n1:name=systemd:/user.slice/session-1.scope\n")
    static let v2 = Machine(
        mountinfo: "25 23 0:22 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot",
        selfCgroup: "0::/user.slice/user-1000.slice/session-3.scope\n", controllers: "cpuset cpu io memory hugetlb pids rdma misc\n")
    /// Inside a container of cgroup v1 without a cgroup namespace: only its own part of each tree is mounted, read-only.
    static let insideDocker = Machine(
        mountinfo: "718 717 0:29 /docker/4f5a /sys/fs/cgroup/memory ro,nosuid master:13 - cgroup memory rw,memory", selfCgroup: "5:memory:/docker/4f5a/inner\n",
        writable: false)
}

@Suite("Cgroup layouts are read from mountinfo")
struct HierarchiesTests {
    @Test("a layout has its name")
    func layouts() {
        #expect(Machine.hybrid.hierarchies.layout == .hybrid)
        #expect(Machine.v1.hierarchies.layout == .v1)
        #expect(Machine.v2.hierarchies.layout == .v2)
        #expect(Machine(mountinfo: "", selfCgroup: "").hierarchies.layout == .none)
    }

    @Test("v2 beside systemd's named tree alone is v2's controllers' layout")
    func named() {
        let machine = Machine(
            mountinfo: Machine.v2.mountinfo + "\n40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd", selfCgroup: "0::/\n",
            controllers: "memory")
        #expect(machine.hierarchies.layout == .v2)
    }

    @Test("a controller is found in its tree, whoever shares it")
    func controllers() {
        #expect(Machine.hybrid.hierarchies.tree(of: "memory")?.mountPoint == "/sys/fs/cgroup/memory")
        #expect(Machine.v1.hierarchies.tree(of: "cpuacct") == Machine.v1.hierarchies.tree(of: "cpu"))
        #expect(Machine.v1.hierarchies.tree(of: "cpu")?.controllers == ["cpu", "cpuacct"])
        #expect(Machine.v2.hierarchies.tree(of: "pids")?.version == .v2)
        #expect(Machine.hybrid.hierarchies.has("pids") == false)
    }

    @Test("options of a mount are not taken for controllers")
    func options() {
        #expect(Machine.v1.hierarchies.all.first?.controllers == ["name=systemd"])
    }

    @Test("we may be elsewhere in each tree")
    func places() {
        #expect(Machine.hybrid.hierarchies.tree(of: "memory")?.ownPath == "/agent/1598")
        #expect(Machine.hybrid.hierarchies.tree(of: "cpu")?.ownPath == "/")
        #expect(Machine.v2.hierarchies.unified?.ownPath == "/user.slice/user-1000.slice/session-3.scope")
    }

    @Test("a path counts from the top where that is ours, else from our own group")
    func directories() {
        #expect(Machine.hybrid.hierarchies.tree(of: "memory")?.directory(of: "/slipway/x") == "/sys/fs/cgroup/memory/slipway/x")
        let delegated = Machine(mountinfo: Machine.v2.mountinfo, selfCgroup: Machine.v2.selfCgroup, controllers: "memory", writable: false)
        #expect(delegated.hierarchies.unified?.directory(of: "/slipway/x") == "/sys/fs/cgroup/user.slice/user-1000.slice/session-3.scope/slipway/x")
    }

    @Test("a part of a tree that is mounted alone counts as its top")
    func part() {
        let tree = Machine.insideDocker.hierarchies.tree(of: "memory")
        #expect(tree?.ownPath == "/inner" && tree?.directory(of: "a") == "/sys/fs/cgroup/memory/inner/a")
    }

    @Test("a place outside what we can see counts as the top")
    func outside() {
        let machine = Machine(mountinfo: Machine.v2.mountinfo, selfCgroup: "0::/../other\n")
        #expect(machine.hierarchies.unified?.ownPath == "/")
    }

    @Test("a tree that is mounted twice is taken once, and v2's comes last")
    func twice() {
        let machine = Machine(
            mountinfo: Machine.v2.mountinfo + "\n" + Machine.hybrid.mountinfo + "\n99 31 0:32 / /elsewhere rw - cgroup cgroup rw,memory", selfCgroup: "0::/\n")
        #expect(machine.hierarchies.all.count == 5)
        #expect(machine.hierarchies.all.last?.version == .v2)
        #expect(machine.hierarchies.tree(of: "memory")?.mountPoint == "/sys/fs/cgroup/memory")
    }
}
