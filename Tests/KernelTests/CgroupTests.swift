// Cgroups on a real kernel, whichever layout it has, in the part of the trees that the sandbox gives us.
import Cgroups
import Glibc
import Linux
import Testing

@Suite("A cgroup", .enabled(if: Sandbox.isHere, Sandbox.why))
struct CgroupTests {
    /// A new group with a sleeping process in it; both are gone afterwards.
    private func withSleeper(_ name: String, _ body: (Cgroup, ProcessID) throws -> Void) throws {
        let cgroup = Cgroup(FilePath("/cgroup-test/\(name)"), in: try .discover())
        try cgroup.create()
        let sleeper = try spawn(Spawn("/bin/sleep", ["sleep", "60"]))
        try cgroup.join(sleeper.process)
        defer {
            _ = try? send(.kill, to: sleeper.process)  // it may have ended already
            _ = try? wait(sleeper.process)
            try? cgroup.remove()  // what is left is found by the sandbox
        }
        try body(cgroup, sleeper.process)
    }

    @Test("holds who joins it, in every tree")
    func joins() throws {
        try withSleeper("joins") { (cgroup, sleeper) throws in
            #expect(try cgroup.processes() == [sleeper])
            for directory in cgroup.directories { #expect(try readText(directory.appending("cgroup.procs")) == "\(sleeper)\n") }
        }
    }

    @Test("is not made a second time while somebody is in it, and not removed")
    func busy() throws {
        try withSleeper("busy") { (cgroup, _) throws in
            #expect(throws: KernelError.self) { try cgroup.create() }
            let error = #expect(throws: KernelError.self) { try cgroup.remove(within: 50) }
            #expect(error?.errno == EBUSY)
        }
    }

    @Test("freezes and thaws")
    func freezes() throws {
        try withSleeper("freezes") { cgroup, _ in
            #expect(!cgroup.isFrozen())
            try cgroup.freeze()
            #expect(cgroup.isFrozen())
            try cgroup.thaw()
            #expect(!cgroup.isFrozen())
        }
    }

    @Test("kills all at once, also those that are frozen and those in groups below")
    func kills() throws {
        try withSleeper("kills") { cgroup, sleeper in
            let below = Cgroup(cgroup.path.appending("below"), in: cgroup.hierarchies)
            try below.create()
            try below.join(sleeper)
            try cgroup.freeze()
            try cgroup.kill()
            #expect(try wait(sleeper) == .signaled(SIGKILL))
            try cgroup.remove()
            #expect(!cgroup.exists && !below.exists)
        }
    }

    @Test("works without v2 beside it, as on a machine with v1 alone")
    func v1Alone() throws {
        let here = try Hierarchies.discover()
        guard here.layout == .hybrid else { return }  // only there can v2 be left out
        let cgroup = Cgroup("/cgroup-test/v1", in: Hierarchies(here.all.filter { $0.version == .v1 }))
        try cgroup.create()
        let sleeper = try spawn(Spawn("/bin/sleep", ["sleep", "60"]))
        try cgroup.join(sleeper.process)
        try cgroup.freeze()
        #expect(cgroup.isFrozen())
        let end = monotonicNanoseconds() + 100_000_000
        try send(.kill, to: sleeper.process)
        #expect(try wait(sleeper.process, noHang: true) == nil, "v1's freezer holds the signal back")
        try cgroup.thaw()
        #expect(try wait(sleeper.process) == .signaled(SIGKILL) && monotonicNanoseconds() < end + 5_000_000_000)
        try cgroup.remove()
        #expect(!cgroup.exists)
    }

    @Test("takes limits one after the other, in either direction")
    func limits() throws {
        try withSleeper("limits") { cgroup, _ in
            for megabytes in [Int64(64), 32, 256] {
                try cgroup.apply(Limits(memoryBytes: megabytes << 20, memorySwapBytes: megabytes << 21, pids: 9))
                #expect(cgroup.usage().memoryLimitBytes == UInt64(megabytes << 20))
            }
            try cgroup.apply(Limits(memoryBytes: unlimited, memorySwapBytes: unlimited))
            #expect(cgroup.usage().memoryLimitBytes == nil)
            #expect(cgroup.outOfMemoryKills() == 0 && (cgroup.usage().pids ?? 1) == 1)
        }
    }

    @Test("refuses devices that no rule allows")
    func devices() throws {
        try withSleeper("devices") { (cgroup, _) throws in
            guard let tree = cgroup.hierarchies.tree(of: "devices") else { return }  // v2 has none
            #expect(try cgroup.apply([DeviceRule(allow: false), DeviceRule(allow: true, .character, major: 1, minor: 3)]).isEmpty)
            #expect(try readText(tree.directory(of: cgroup.path).appending("devices.list")) == "c 1:3 rwm\n")
        }
    }

    @Test("removing what is not there is no error")
    func absent() throws {
        try Cgroup("/cgroup-test/nosuch", in: .discover()).remove()
    }
}
