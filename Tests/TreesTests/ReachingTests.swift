// cp, export and diff as the helper does them, of trees that are lived in and of trees that nobody has mounted. Needs root and the sandbox.

import Foundation
import Linux
import Testing
import Trees

private let isSandbox = ProcessInfo.processInfo.environment["SLIPWAY_SANDBOX"] == "1" && getuid() == 0

@Suite("reaching into a container's tree", .enabled(if: isSandbox, "UNVERIFIED HERE: needs root and the sandbox"), .serialized)
struct ReachingTests {
    @Test("a path is what it is, its links told but not followed", arguments: [true, false])
    func status(isRunning: Bool) throws {
        try eachWay(isRunning) { helper, tree, _ in
            let file = try helper.status(of: "/dir/one", in: tree)
            #expect(file.mode == 0o644 && file.size == 4 && file.linkTarget.isEmpty)
            #expect(try helper.status(of: "/dir/", in: tree).mode == 1 << 31 | 0o755)
            let link = try helper.status(of: "/link", in: tree)
            #expect(link.mode & 1 << 27 != 0 && link.linkTarget == "/dir")
            #expect(try helper.status(of: "/link/", in: tree).isDirectory)
            #expect(try helper.status(of: "/up", in: tree).linkTarget == "/etc/passwd")
            #expect(try helper.status(of: "/data/kept", in: tree).size == 5)
            #expect(throws: TreesError.path("/nosuch", .missing)) { try helper.status(of: "/nosuch", in: tree) }
            #expect(throws: TreesError.path("/dir/one/x", .noDirectory)) { try helper.status(of: "/dir/one/x", in: tree) }
        }
    }

    @Test("a tar of a path is rooted at its last name; volumes are seen, the kernel's file systems are not", arguments: [true, false])
    func archive(isRunning: Bool) throws {
        try eachWay(isRunning) { helper, tree, _ in
            #expect(try helper.listed("/dir", of: tree) == ["dir/": "", "dir/one": "one\n", "dir/sub/": "", "dir/sub/two": "two\n"])
            #expect(try helper.listed("/dir/.", of: tree).keys.sorted() == ["./", "./one", "./sub/", "./sub/two"])
            #expect(try helper.listed("/dir/one", of: tree) == ["one": "one\n"])
            #expect(try helper.listed("/link/one", of: tree) == ["one": "one\n"])
            #expect(try Array(helper.listed("/link", of: tree).keys) == ["link"])
            #expect(try helper.listed("/data", of: tree) == ["data/": "", "data/kept": "kept\n"])
            #expect(try helper.listed("/made", of: tree)["made/fixed/f"] == "fixed\n")
            let all = try helper.listed("/", of: tree)
            #expect(
                all["/dir/one"] != nil && all["/"] != nil
                    && !all.keys.contains { $0.hasPrefix("/proc/") && $0 != "/proc/" || $0.hasPrefix("/dev/") && $0 != "/dev/" })
            #expect(throws: TreesError.path("/nosuch", .missing)) { try helper.archive("/nosuch", of: tree) }
        }
    }

    @Test("the export is the root alone, where volumes are mounted an empty directory", arguments: [true, false])
    func export(isRunning: Bool) throws {
        try eachWay(isRunning) { helper, tree, _ in
            let all = try contents(of: helper.export(tree))
            #expect(all["dir/one"] == "one\n" && all["bin/busybox"] != nil && all["data/kept"] == nil && all["made/fixed/f"] == nil)
        }
    }

    @Test("a tar goes into a directory, through links where they lead in the container", arguments: [true, false])
    func extract(isRunning: Bool) throws {
        try eachWay(isRunning) { helper, tree, inhabited in
            let layer = tar([.file("new/a", "A").with { ($0.user, $0.mode) = (7, 0o4755) }, .hardLink("new/b", to: "new/a"), .file("link/c", "C"), .fifo("p")])
            #expect(try helper.put(layer, into: "/", of: tree).entries == 5)
            #expect(try readText(inhabited.upper.appending("new/b")) == "A" && readText(inhabited.upper.appending("dir/c")) == "C")
            let made = try Linux.status(inhabited.upper.appending("new/a"))
            #expect(made.user == 7 && made.mode & 0o7777 == 0o4755 && made.links == 2)
            _ = try helper.put(tar([.file("d", "D")]), into: "/data", of: tree)
            #expect(try readText(inhabited.place.path.appending("volume/d")) == "D")
            _ = try helper.put(tar([.file("mine", "M")]), into: "/dir", of: tree, ExtractOptions(owner: "me:staff"))
            let mine = try Linux.status(inhabited.upper.appending("dir/mine"))
            #expect(mine.user == 1000 && mine.group == 50)
        }
    }

    @Test("what may not be changed, is no directory, or is not there is refused before a byte is read", arguments: [true, false])
    func refused(isRunning: Bool) throws {
        try eachWay(isRunning) { helper, tree, _ in
            #expect(throws: TreesError.path("/made/fixed", .readOnlyVolume)) { try helper.extract(into: "/made/fixed", of: tree, ExtractOptions()) }
            #expect(throws: TreesError.path("/dir/one", .noDirectory)) { try helper.extract(into: "/dir/one", of: tree, ExtractOptions()) }
            #expect(throws: TreesError.path("/nosuch", .missing)) { try helper.extract(into: "/nosuch", of: tree, ExtractOptions()) }
            let words = "cannot overwrite directory \"/dir\" with non-directory \"/\""
            #expect(throws: TreesError.refused(entry: "dir", why: words)) {
                try helper.put(tar([.file("dir", "x")]), into: "/", of: tree, ExtractOptions(keepsKinds: true))
            }
            #expect(throws: TreesError.refused(entry: "x", why: "unable to find user nobody: no matching entries in passwd file")) {
                do { _ = try helper.put(tar([]), into: "/", of: tree, ExtractOptions(owner: "nobody")) } catch TreesError.refused(_, let why) {
                    throw TreesError.refused(entry: "x", why: why)
                }
            }
        }
    }

    @Test("a read-only root takes nothing")
    func readOnlyRoot() throws {
        try withInhabited { inhabited in
            var inhabited = inhabited
            inhabited.isReadOnly = true
            let helper = try inhabited.place.helper
            #expect(throws: TreesError.path("/dir", .readOnlyRoot)) { try helper.extract(into: "/dir", of: inhabited.stopped, ExtractOptions()) }
            _ = try helper.put(tar([.file("d", "D")]), into: "/data", of: inhabited.stopped)
        }
    }

    @Test("a stranger's tar stays inside", arguments: [true, false])
    func hostile(isRunning: Bool) throws {
        try eachWay(isRunning) { helper, tree, _ in
            let outside = "/tmp/outside-\(getpid())"
            #expect(throws: TreesError.refused(entry: "../x", why: "it leads outside of the layer")) {
                try helper.put(tar([.file("../x")]), into: "/dir", of: tree)
            }
            let away = tar([
                .directory("tmp"), .symbolicLink("dir/away", to: "/tmp"), .file("dir/away/outside-\(getpid())", "mine"), .symbolicLink("up2", to: "../../..")
            ])
            _ = try helper.put(away, into: "/", of: tree)
            _ = try helper.put(tar([.file("up2/tmp/outside-\(getpid())", "mine")]), into: "/", of: tree)
            #expect(try helper.listed("/tmp/outside-\(getpid())", of: tree).values.first == "mine")
            _ = try? helper.put(tar([.hardLink("stolen", to: "out")]), into: "/", of: tree)  // a second name of the link itself
            #expect(throws: TreesError.self) { try helper.put(tar([.hardLink("s", to: "../../../../tmp/outside-\(getpid())")]), into: "/dir", of: tree) }
            _ = try helper.put(tar([.file("/absolute", "a"), .characterDevice("disk", 8, 0)]), into: "/", of: tree)
            #expect(try readText(FilePath(outside)) == "quite-secret\n" && !exists("/absolute"))
            #expect(try Array(helper.listed("/out", of: tree).values) == [""])
            #expect(throws: TreesError.path("/out/", .noDirectory)) { try helper.archive("/out/", of: tree) }
        }
    }

    @Test("links that are swapped all the time lead nowhere else")
    func swapped() throws {
        let outside = "/tmp/outside-\(getpid())"
        let swapping =
            "cd /; while :; do busybox rm -rf play; busybox mkdir play; echo mine >play/f; busybox mv play p2; busybox ln -s / play; "
            + "busybox rm play; busybox ln -s /proc/1/root play; busybox rm play; busybox ln -s ../../../../tmp play; busybox rm -f play; busybox rm -rf p2; done"
        try withInhabited { inhabited in
            let helper = try inhabited.place.helper
            try inhabited.withRunning(swapping) { tree in
                for _ in 0..<20 {
                    let found = (try? helper.listed("/play/outside-\(getpid())", of: tree)) ?? [:]  // mostly not there
                    #expect(found.values.allSatisfy { !$0.contains("quite-secret") })
                    let whole = (try? helper.listed("/play/.", of: tree)) ?? [:]  // as above
                    #expect(whole.values.allSatisfy { !$0.contains("quite-secret") })
                    _ = try? helper.put(tar([.file("outside-\(getpid())", "evil")]), into: "/play", of: tree)  // as above
                }
            }
            #expect(try readText(FilePath(outside)) == "quite-secret\n")
        }
    }

    @Test("changes are told as Docker tells them")
    func changes() throws {
        try withInhabited { inhabited in
            let tree = inhabited.stopped, helper = try inhabited.place.helper
            #expect(try helper.changes(of: inhabited.upper, over: [inhabited.image]).isEmpty)
            try inhabited.withRunning(
                "cd /; busybox rm dir/one; busybox rm -r old; busybox mkdir old; echo x >old/new; echo n >etc/n; busybox rm -r link; : >/done; busybox sleep 1000"
            ) { _ in
                try #require(eventually { exists(inhabited.upper.appending("done")) })
            }
            let found = try helper.changes(of: inhabited.upper, over: [inhabited.image]).map { "\("CAD".map(String.init)[$0.kind.rawValue]) \($0.path)" }
            let expected = [
                "A /data", "A /dev", "C /dir", "D /dir/one", "A /done", "C /etc", "A /etc/n", "D /link", "A /made", "A /made/fixed", "C /old", "A /old/new",
                "D /old/was", "A /proc", "A /ready"
            ]
            #expect(found.sorted { $0.dropFirst(2) < $1.dropFirst(2) } == expected)
            #expect(try helper.listed("/old", of: tree).keys.sorted() == ["old/", "old/new"])
        }
    }

    @Test("a stream that nobody reads any more ends the helper")
    func cancelled() throws {
        try withInhabited { inhabited in
            try shell("head -c 30000000 /dev/zero >\(inhabited.image)/big")
            let helper = try inhabited.place.helper
            do {
                let (status, tar) = try helper.archive("/big", of: inhabited.stopped)
                #expect(status.size == 30_000_000)
                #expect(try tar.next()?.isEmpty == false)
            }
            let (_, second) = try helper.archive("/big", of: inhabited.stopped)
            _ = try second.next()
            second.cancel()
            #expect(throws: TreesError.self) { while try second.next() != nil {} }
        }
    }

    private func eachWay(_ isRunning: Bool, _ body: (TreeHelper, ContainerTree, Inhabited) throws -> Void) throws {
        try withInhabited { inhabited in
            let helper = try inhabited.place.helper
            guard isRunning else { return try body(helper, inhabited.stopped, inhabited) }
            try inhabited.withRunning("exec busybox sleep 1000") { tree in try body(helper, tree, inhabited) }
        }
    }
}
