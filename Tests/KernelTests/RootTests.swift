// slip-chroot and slip-root, seen from outside.
import Linux
import Testing

@Suite("slip-chroot runs a command with another root", .enabled(if: Sandbox.isHere, Sandbox.why))
struct ChrootTests {
    let root: FilePath

    init() throws { root = try .busyboxRoot() }

    @Test("the root is the one that is given, and the user one of its own files")
    func entersRoot() throws {
        #expect(try run("slip-chroot", "\(root)", "ls", "/").output == "bin\netc\ntmp\n")
        #expect(try run("slip-chroot", "--user", "web", "\(root)", "id").line == "uid=33(web) gid=44(web) groups=7(log)")
        try removeTree(root)
    }

    @Test(
        "statuses and words are those of shells and Docker",
        arguments: [
            (["nosuch"], Int32(127), #"exec: "nosuch": executable file not found in $PATH"#), (["/etc"], 126, #"exec: "/etc": is a directory"#),
            (["/etc/passwd"], 126, #"exec: "/etc/passwd": permission denied"#), (["sh", "-c", "exit 7"], 7, ""), (["sh", "-c", "kill -9 $$"], 137, "")
        ])
    func statuses(_ command: [String], _ status: Int32, _ words: String) throws {
        let outcome = try Running("slip-chroot", ["\(root)"] + command).wait()
        #expect(outcome.status == status && outcome.errors.contains(words), "\(outcome)")
        try removeTree(root)
    }

    @Test("without privileges there is a sentence, and status 1")
    func unprivileged() throws {
        let outcome = try run("slip-chroot", "/", "true", as: 1000)
        #expect(outcome.status == 1 && outcome.errors == "slip-chroot: chroot /: Operation not permitted (this needs root: try sudo)\n")
        try removeTree(root)
    }
}

@Suite("slip-root gives a command a root of its own", .enabled(if: Sandbox.isHere, Sandbox.why))
struct RootTests {
    let root: FilePath

    init() throws { root = try .busyboxRoot() }

    @Test("the old root is mounted nowhere any more, and nothing reaches the host")
    func pivots() throws {
        let before = try readText("/proc/self/mountinfo")
        let mounts = try run("slip-root", "\(root)", "cat", "/proc/self/mountinfo").output.split(separator: "\n").map { $0.split(separator: " ")[4] }
        #expect(mounts == ["/", "/proc", "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue", "/sys"])
        #expect(try readText("/proc/self/mountinfo") == before)
        try removeTree(root)
    }

    @Test("devices work, and /dev is not the host's")
    func devices() throws {
        let outcome = try run("slip-root", "\(root)", "sh", "-c", "echo gone > /dev/null; ls /dev; echo much > /dev/full")
        #expect(
            outcome.output.split(separator: "\n") == [
                "core", "fd", "full", "mqueue", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin", "stdout", "tty", "urandom", "zero"
            ])
        #expect(outcome.errors.contains("No space left"))
        try removeTree(root)
    }

    @Test("a read-only root, a bound file and a tmpfs keep what they promise")
    func options() throws {
        try writeFile("/tmp/slipway-bound", "bound")
        let outcome = try run(
            "slip-root", "--read-only", "--tmpfs", "/tmp:size=4k", "--bind", "/tmp/slipway-bound:/etc/bound:ro", "\(root)", "sh", "-c",
            "cat /etc/bound; touch /a; touch /etc/bound; touch /tmp/b && echo written")
        #expect(outcome.output == "boundwritten\n")
        #expect(outcome.errors.split(separator: "\n").count == 2 && outcome.errors.contains("/a: Read-only file system"), "\(outcome)")
        try remove("/tmp/slipway-bound")
        try removeTree(root)
    }

    @Test("a root whose links lead outside cannot make us mount there")
    func hostile() throws {
        try symbolicLink("/tmp", at: root.appending("proc"))
        let outcome = try run("slip-root", "\(root)", "ls", "/tmp/self/comm")
        #expect(outcome.output == "/tmp/self/comm\n", "proc must lie on the root's own /tmp: \(outcome)")
        #expect(!exists("/tmp/self/comm"))
        try removeTree(root)
    }
}
