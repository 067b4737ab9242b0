// slip-volume from outside: as a person types it, and as two do at once.
import Foundation
import Testing

@Suite("slip-volume", .enabled(if: Machine.isReady, Machine.why))
struct VolumeToolTests {
    let bench: Bench

    init() throws {
        bench = try Bench()
        try bench.sh(
            """
            mkdir -p image/srv/www root/bin root/full; echo page >image/srv/www/page; echo full >root/full/file; chown -R 33:33 image/srv
            cp /bin/busybox root/bin/; for name in sh cat ls touch grep sleep; do ln -s busybox root/bin/$name; done
            """)
    }

    private func volume(_ words: String) throws -> Outcome {
        try run(["sh", "-c", "cd \(bench.path); \(Machine.executables.appending(path: "slip-volume").path) \(words)"])
    }

    @Test("makes, lists, shows and removes; a second time says why not")
    func verbs() throws {
        #expect(try volume("create -l a=b v1").line == "v1")
        #expect(try volume("list").output == "NAME  USERS  KIND\nv1    0      directory\n")
        #expect(try volume("inspect v1").output.contains(#""a": "b""#))
        #expect(try volume("inspect nosuch").errors == "slip-volume: get nosuch: no such volume\n")
        #expect(try volume("remove v1").line == "v1")
        let again = try volume("remove v1")
        #expect(again.status == 1 && again.errors == "slip-volume: get v1: no such volume\n")
        #expect(try volume("create -o type=nfs -o device=x v2").errors.contains("not supported by this engine yet"))
        #expect(try volume("frobnicate").status == 64)
    }

    @Test("--help names every command, with examples")
    func help() throws {
        let help = try volume("--help").output
        for word in ["create", "list", "inspect", "remove", "mount", "copy-up", "parse", "attack", "Examples:", "Exit status:"] { #expect(help.contains(word)) }
    }

    @Test("mounts into a root, fills at the first use, keeps what was written, and leaves no mount behind")
    func mount() throws {
        let first = try volume(
            "mount root -v vv:/full -v /anon -- sh -c 'cat /full/file; echo more >/full/more; touch /anon/x; grep -c _data /proc/self/mountinfo'")
        #expect(first.output == "full\n2\n", "\(first)")
        let second = try volume(
            "mount root -v vv:/other:ro -v $PWD/image:/image:ro --tmpfs /full:size=1m -- sh -c 'cat /other/more /image/srv/www/page; touch /other/x /image/x; ls -A /full'"
        )
        #expect(second.output == "more\npage\n" && second.errors.components(separatedBy: "Read-only file system").count == 3, "\(second)")
        #expect(try volume("mount root -v vv:/full -- sh -c 'exit 7'").status == 7)
        #expect(try volume("mount root -v vv:/full -- nosuch").status == 127)
        #expect(try volume("list").lines.count == 2, "the unnamed one went with its user")
        #expect(try !run(["cat", "/proc/self/mountinfo"]).output.contains(bench.path))
    }

    @Test("a volume in use is not removed, and a data root has one owner at a time")
    func owner() throws {
        let long = try begin([
            "sh", "-c", "cd \(bench.path); exec \(Machine.executables.appending(path: "slip-volume").path) mount root -v vv:/full -- sleep 1000"
        ])
        #expect(try eventually { try volume("list").output.contains("vv    1") })
        let other = try volume("remove vv")
        #expect(other.status == 1 && other.errors.contains("belongs to an engine that runs"), "\(other)")
        kill(long.pid, SIGKILL)
        _ = long.wait()
        // Killed, it could not let go: the next one does it.
        #expect(try eventually { try volume("mount root -v other:/full -- cat /full/file").status == 0 })
        #expect(try volume("remove vv").status == 0)
    }

    @Test("a link where the volume should be is refused, before and while it is mounted")
    func hostile() throws {
        _ = try volume("create vv")
        try bench.sh("rmdir slip-volumes/volumes/vv/_data; ln -s /etc slip-volumes/volumes/vv/_data")
        let refused = try volume("mount root -v vv:/full -- cat /full/passwd")
        #expect(refused.status == 1 && refused.errors.contains("a symbolic link is on the way") && refused.output.isEmpty, "\(refused)")
        let attack = try volume("attack --at \(bench.path)")
        #expect(attack.status == 0 && attack.output.components(separatedBy: "refused: volume shop: a symbolic link").count == 3, "\(attack)")
        #expect(try bench.sh("ls -d slip-volume-attack-* 2>/dev/null || true").isEmpty)
    }
}
