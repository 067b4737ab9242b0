// The task `copy`: what a volume gets of an image at its first use. It mounts in the helper's own namespace; needs root and slipway-tree.
import Foundation
import Linux
import Testing
import Trees

extension Place {
    /// Copies what one or several layers have at `path` into `root`.
    func copy(_ path: FilePath, of layers: [String] = ["image"], limits: UnpackLimits = .standard) throws -> Copied {
        try makeDirectories(self.path.appending("place"))
        let helper = TreeHelper(executable: try self.helper.executable, limits: limits)
        return try helper.copy(path, of: layers.map { self.path.appending($0) }, into: root, place: self.path.appending("place"))
    }

    func sh(_ script: String) throws {
        let child = try spawn(Spawn("/bin/sh", ["sh", "-ec", "cd \"$0\"; \(script)", path.string], environment: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]))
        let ended = try child.descriptor.borrow { try wait($0) }
        try #require(ended == .exited(0), "\(script)")
    }
}

@Suite("slipway-tree copy", .enabled(if: effectiveUser() == 0, "UNVERIFIED HERE: needs root"))
struct CopyTests {
    @Test("keeps owners, modes, times, attributes, links and nodes")
    func fidelity() throws {
        try withPlace { place in
            try place.sh(
                """
                mkdir -p image/data/sub/deep; cd image/data
                echo hello >file; chown 33:34 file; chmod 4751 file; touch -d '2001-02-03 04:05:06.789' file
                ln file sub/second; ln -s ../../etc/passwd link; chown -h 7:8 link; ln -s nowhere sub/dangling
                mkfifo fifo; mknod null c 1 3; chmod 620 null; mknod sub/disk b 7 1
                chmod 1777 sub; chown 5:6 sub; touch -d '1999-12-31' sub/deep; touch -d '1999-12-30' sub; chmod 700 .
                printf 'a name' >"$(printf 'odd\\377\\nname')"
                """)
            try setAttribute("user.note", of: place.path.appending("image/data/file"), to: Array("kept".utf8))
            let copied = try place.copy("/data")
            #expect(copied.isFound && copied.entries == 10 && copied.bytes == 12 && copied.leftOut.isEmpty, "\(copied)")
            try place.sh(
                """
                (cd image/data; find . -printf '%P|%y|%U:%G|%m|%T@|%l|%n\\n' | LC_ALL=C sort) >before
                (cd root; find . -printf '%P|%y|%U:%G|%m|%T@|%l|%n\\n' | LC_ALL=C sort) >after
                sed -i 's/|d|\\(.*\\)|[0-9]*$/|d|\\1/' before after; diff before after
                [ $(stat -c %i root/file) = $(stat -c %i root/sub/second) ]; [ "$(stat -c %t:%T root/null)" = 1:3 ]
                """)
            #expect(try attribute("user.note", of: place.root.appending("file")) == Array("kept".utf8))
        }
    }

    @Test("leaves holes where they were")
    func sparse() throws {
        try withPlace { place in
            try place.sh(
                "mkdir -p image/data; cd image/data; truncate -s 64M big; printf x | dd of=big bs=1 seek=40000000 conv=notrunc status=none; truncate -s 1M empty"
            )
            #expect(try place.copy("/data").bytes == 65 << 20)
            try place.sh("cmp image/data/big root/big; cmp image/data/empty root/empty")
            let big = try status(place.root.appending("big")), empty = try status(place.root.appending("empty"))
            #expect(big.bytes == 64 << 20 && big.allocatedBytes <= 1 << 20 && empty.allocatedBytes == 0)
        }
    }

    @Test("sees layers as a container does: whiteouts hide, opaque directories too")
    func layers() throws {
        try withPlace { place in
            try place.sh(
                "mkdir -p lower/data/a lower/data/b upper/data/b; touch lower/data/gone lower/data/a/x lower/data/b/hidden upper/data/b/shown; mknod upper/data/gone c 0 0"
            )
            try setAttribute("trusted.overlay.opaque", of: place.path.appending("upper/data/b"), to: Array("y".utf8))
            #expect(try place.copy("/data", of: ["upper", "lower"]).entries == 4)
            try place.sh("[ -e root/a/x ]; [ -e root/b/shown ]; [ ! -e root/b/hidden ]; [ ! -e root/gone ]")
            #expect(try attributes(of: place.root.appending("b")).isEmpty)
        }
    }

    @Test("follows the image's links within the image only, and none below the path")
    func hostile() throws {
        try withPlace { place in
            try place.sh(
                """
                mkdir -p image/data/sub image/real outside; echo secret >outside/secret; echo inside >image/real/file
                ln -s "$PWD/outside" image/absolute; ln -s ../../../../../../../../../..$PWD/outside image/dots
                ln -s /real image/proper; ln -s "$PWD/outside" image/data/planted; ln -s ../../../outside image/data/sub/up; ln -s / image/data/root
                """)
            for path in ["/absolute", "/dots", "/nowhere", "/real/file", "/data/planted"] {
                #expect(try place.copy(FilePath(path)) == Copied(isFound: false), "\(path)")
            }
            #expect(try entries(place.root).isEmpty)
            #expect(try place.copy("/data").entries == 4)
            #expect(try readLink(place.root.appending("root")) == "/" && readLink(place.root.appending("sub/up")) == "../../../outside")
            #expect(try entries(place.path.appending("outside")) == ["secret"])
            try place.sh("rm -r root; mkdir root")
            #expect(try place.copy("/proper").entries == 1 && readText(place.root.appending("file")) == "inside\n")
        }
    }

    @Test("writes through no link that lies where it copies to")
    func planted() throws {
        try withPlace { place in
            try place.sh(
                "mkdir -p image/data/sub outside; echo x >image/data/sub/file; echo y >image/data/other; ln -s ../outside root/sub; ln -s ../outside/other root/other"
            )
            #expect(throws: TreesError.self) { try place.copy("/data") }
            #expect(try entries(place.path.appending("outside")).isEmpty)
        }
    }

    @Test("stops at its limits, naming the file under way")
    func limits() throws {
        try withPlace { place in
            try place.sh("mkdir -p image/data; cd image/data; truncate -s 1M hole; touch a b c")
            do {
                _ = try place.copy("/data", limits: UnpackLimits(bytes: 1000, entries: 100))
                Issue.record("a megabyte fitted into 1000 bytes")
            } catch TreesError.limit(let entry, let what) { #expect(entry == "hole" && what == "1000 bytes") }
            try place.sh("rm -r root; mkdir root")
            do {
                _ = try place.copy("/data", limits: UnpackLimits(bytes: 2 << 20, entries: 3))
                Issue.record("four entries were three")
            } catch TreesError.limit(_, let what) { #expect(what == "3 entries") }
        }
    }

    @Test("is deeper than descriptors allow, and wider than a screen")
    func deep() throws {
        try withPlace { place in
            try place.sh(
                "mkdir -p image/data; cd image/data; for i in $(seq 300); do mkdir d; cd d; done; echo bottom >file; cd ../../..; seq 500 | xargs touch")
            #expect(try place.copy("/data").entries == 801)
            try place.sh("diff -r image/data root")
        }
    }
}
