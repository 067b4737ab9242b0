// Layers, chains and containers' directories, on disk and mounted.

import Digests
import Linux
import Metadata
import Snapshots
import Testing
import Trees

private let container = String(repeating: "c", count: 64)

@Suite("Snapshots")
struct SnapshotStoreTests {
    @Test("are named by chain: the lowest by its DiffID, others by all below them too")
    func chains() throws {
        let one = Digest(of: "1".utf8), two = Digest(of: "2".utf8)
        let first = ChainID(diffID: one, onto: nil)
        #expect(first.digest == one)
        // OCI image-spec: SHA256(ChainID(L0) + " " + DiffID(L1)).
        #expect(ChainID(diffID: two, onto: first).digest == Digest(of: Array("\(one) \(two)".utf8)))
        #expect(ChainID(diffID: one, onto: ChainID(diffID: two, onto: nil)) != ChainID(diffID: two, onto: first))
    }

    @Test("of one content are one directory, however often they are unpacked")
    func shared() throws {
        try withStore { store in
            let first = try store.layer([.file("a", "1")]), second = try store.layer([.file("a", "1")])
            #expect(first == second)
            #expect(try store.names("layers").count == 1)
        }
    }

    @Test("stack, and are removed from the top when nobody holds them")
    func stack() throws {
        try withStore { store in
            let base = try store.layer([.file("a", "1")]), top = try store.layer([.file("b", "2")], onto: base.chain)
            #expect(try store.snapshots.layers(of: top.chain).map { try entries($0) } == [["b"], ["a"]])
            #expect(try store.snapshots.sizeBytes(of: top.chain) == 2)
            try store.metadata.write { (transaction) throws(MetadataError) in try store.snapshots.hold(top.chain, by: "image:x", in: transaction) }
            try store.metadata.write { (transaction) throws(MetadataError) in try store.snapshots.release("lease:test", in: transaction) }
            try store.snapshots.sweep()
            #expect(try store.names("layers").count == 2)
            try store.metadata.write { (transaction) throws(MetadataError) in try store.snapshots.release("image:x", in: transaction) }
            try store.snapshots.sweep()
            #expect(try store.names("layers").isEmpty && store.names("trash").isEmpty)
            #expect(throws: SnapshotsError.unknownChain(top.chain)) { try store.snapshots.layers(of: top.chain) }
        }
    }

    @Test("give a container an upper directory with the image root's attributes")
    func upper() throws {
        try withStore { store in
            let layer = try store.layer([.directory("./").with { ($0.mode, $0.user) = (0o1711, 12) }])
            let mount = try store.snapshots.prepare(container: container, from: layer.chain)
            let upper = try status(mount.upper)
            #expect(upper.mode == 0o041711 && upper.user == 12 && upper.modified == (1_700_000_000, 0))
            #expect(try store.snapshots.overlay(of: container) == mount)
            #expect(throws: SnapshotsError.self) { try store.snapshots.prepare(container: container, from: layer.chain) }
        }
    }

    @Test("put Docker's mount points between image and container, with the attributes of the image's directories")
    func initLayer() throws {
        try withStore { store in
            let base = try store.layer([
                .directory("etc/").with { ($0.mode, $0.user) = (0o751, 3) }, .directory("dev/"), .directory("dev/shm/").with { $0.mode = 0o1777 }
            ])
            let top = try store.layer([.file("dev/.wh.shm", ""), .directory("proc/").with { $0.mode = 0o555 }], onto: base.chain)
            let initial = try store.snapshots.prepare(container: container, from: top.chain).lower[0]
            for file in [".dockerenv", "etc/hosts", "etc/hostname", "etc/resolv.conf", "dev/console"] {
                let status = try status(initial.appending(file), followLinks: false)
                #expect(status.mode == 0o100755 && status.bytes == 0, "\(file)")
            }
            #expect(try readLink(initial.appending("etc/mtab")) == "/proc/mounts")
            let etc = try status(initial.appending("etc"))
            #expect(etc.mode == 0o040751 && etc.user == 3 && etc.modified == (1_700_000_000, 0))
            #expect(try status(initial.appending("proc")).mode == 0o040555)
            // The image hides its own: then Docker's default.
            #expect(try status(initial.appending("dev/shm")).mode == 0o040755)
            #expect(try status(initial.appending("sys")).kind == .directory && status(initial.appending("dev/pts")).kind == .directory)
        }
    }

    @Test("follow no link of the image when they look at it")
    func hostileImage() throws {
        try withStore { store in
            try makeDirectory(store.path.appending("outside"), mode: 0o700)
            let outside = "\(store.path)/outside"
            let layer = try store.layer([
                .symbolicLink("etc", to: outside), .symbolicLink("dev", to: "../../../../../../\(outside)"), .symbolicLink("sys", to: "/"), .fifo("proc")
            ])
            let mount = try store.snapshots.prepare(container: container, from: layer.chain)
            for name in ["etc", "dev", "sys", "proc"] {
                let status = try status(mount.lower[0].appending(name), followLinks: false)
                #expect(status.mode == 0o040755, "\(name)")
            }
            #expect(try entries(FilePath(outside)).isEmpty)
        }
    }

    @Test("mount, and what the container writes is in its upper directory alone")
    func mounted() throws {
        try withStore { store in
            let base = try store.layer([.file("gone", "old"), .file("kept", "base")]), top = try store.layer([.file(".wh.gone", "")], onto: base.chain)
            let mount = try store.snapshots.prepare(container: container, from: top.chain)
            let lower = mount.lower.map(\.string).joined(separator: ":"), options = "lowerdir=\(lower),upperdir=\(mount.upper),workdir=\(mount.work)"
            let script = """
                mkdir \(store.path)/mnt && mount -t overlay -o \(options) overlay \(store.path)/mnt && cd \(store.path)/mnt &&
                test ! -e gone && test "$(cat kept)" = base && test -f .dockerenv && test -d proc && echo new > written
                """
            let child = try spawn(Spawn("/usr/bin/unshare", ["unshare", "-m", "sh", "-c", script], environment: ["PATH=/usr/bin:/bin:/usr/sbin:/sbin"]))
            let ended = try child.descriptor.borrow { try wait($0) }
            #expect(ended == .exited(0))
            #expect(try entries(mount.upper) == ["written"])
        }
    }

    @Test("of a removed container are gone, and so are those that no container has")
    func removal() throws {
        try withStore { store in
            let layer = try store.layer([.file("a")])
            _ = try store.snapshots.prepare(container: container, from: layer.chain)
            _ = try store.snapshots.prepare(container: "stray", from: nil)
            try store.snapshots.keepOnly(containers: [container])
            #expect(try store.names("containers").count == 1)
            try store.snapshots.removeContainer(container)
            try store.snapshots.removeContainer(container)
            #expect(try store.names("containers").isEmpty)
            #expect(throws: SnapshotsError.unknownContainer(container)) { try store.snapshots.overlay(of: container) }
            #expect(throws: SnapshotsError.self) { try store.snapshots.prepare(container: container, from: ChainID(Digest(of: []))) }
            #expect(try store.names("containers").isEmpty)
        }
    }

    @Test("are removed however deep and oddly named the files in them are")
    func oddTrees() throws {
        try withStore { store in
            // 300 levels by path, and 300 more behind a link.
            let deep = String(repeating: "d/", count: 300)
            let layer = try store.layer([
                .file("x").pax("path", deep + "f"), .symbolicLink("s", to: "x").pax("path", "s").pax("linkpath", deep),
                .file("y").pax("path", "s/" + deep + "f"),
                .file("bytes").with { $0.name = [0xff, 0xfe, 0x80] }
            ])
            try store.metadata.write { (transaction) throws(MetadataError) in try store.snapshots.release("lease:test", in: transaction) }
            try store.snapshots.sweep()
            #expect(try store.names("layers").isEmpty && store.names("trash").isEmpty)
            #expect(layer.sizeBytes == 3)
        }
    }
}
