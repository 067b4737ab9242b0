// slipway-runtime runs busybox: what the container sees, what it may, how it ends, and what stays behind (nothing).
import Explain
import Linux
import OCI
import Runtime
import Testing

@Suite("slipway-runtime runs a bundle", .enabled(if: Sandbox.isHere, Sandbox.why), .serialized)
struct RunTests {
    @Test("streams stay apart, and the exit status is the command's")
    func streams() throws {
        let outcome = try Box(["sh", "-c", "echo out; echo err >&2; exit 7"]).run()
        #expect((outcome.status, outcome.output, outcome.errors) == (7, "out\n", "err\n"))
    }

    @Test("the command is PID 1 on a host of its own name, with nothing open but its streams")
    func world() throws {
        let outcome = try Box(["sh", "-c", "echo $$ $(hostname); echo /proc/[0-9]*; ls /proc/self/fd; cat /proc/net/dev"]).run()
        #expect(outcome.output.hasPrefix("1 slipway\n/proc/1"))
        #expect(outcome.output.contains("\n0\n1\n2\n3\n"), "3 is the directory that ls reads")
        #expect(outcome.output.split(separator: "\n").filter { $0.contains(":") }.count == 1, "lo alone")
    }

    @Test("the mounts, devices and links that every program expects are there")
    func mounts() throws {
        let outcome = try Box(["sh", "-c", "mount; ls -l /dev; echo x > /dev/null; cat /dev/stdin < /dev/null"]).run()
        for mount in ["proc on /proc type proc", "tmpfs on /dev type tmpfs", "devpts on /dev/pts type devpts", "shm on /dev/shm", "mqueue on", "sysfs on /sys"]
        {
            #expect(outcome.output.contains(mount), "\(mount) in \(outcome)")
        }
        for name in ["null", "zero", "full", "random", "urandom", "tty", "ptmx -> pts/ptmx", "stdout -> /proc/self/fd/1"] {
            #expect(outcome.output.contains(name), "\(name)")
        }
        #expect(outcome.errors == "")
    }

    @Test("what tells about or changes the machine is hidden, or read-only, and so is the root where asked")
    func walls() throws {
        let box = try Box(["sh", "-c", "cat /proc/kcore | head -c 1; echo 1 > /proc/sys/kernel/panic; touch /x; cat /proc/self/status"]) {
            $0.root?.readonly = true
            $0.linux?.seccomp = SeccompSettings(
                defaultAction: "SCMP_ACT_ALLOW", syscalls: [SeccompRule(names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 28)])
        }
        let outcome = try box.run()
        #expect(outcome.errors.split(separator: "\n").filter { $0.contains("Read-only file system") }.count == 2, "\(outcome)")
        for line in ["CapEff:\t00000000a80425fb", "CapBnd:\t00000000a80425fb", "CapInh:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"] {
            #expect(outcome.output.contains(line), "\(line)")
        }
    }

    @Test("a user by name is looked up in the container's own files, with groups and home")
    func user() throws {
        let box = try Box(["sh", "-c", "id -u; id -g; id -G; echo $HOME; grep CapEff /proc/self/status; echo again >> /dev/stdout"]) {
            $0.annotations = [Annotation.user: "web", Annotation.additionalGroups: "9"]
        }
        let outcome = try box.run()
        #expect(outcome.output == "33\n44\n44 7 9\n/srv\nCapEff:\t0000000000000000\nagain\n", "\(outcome)")
    }

    @Test("limits hold: memory, processes, open files, and how soon it is killed")
    func limits() throws {
        let box = try Box(["sh", "-c", "ulimit -n; cat /proc/self/oom_score_adj; cat /sys/fs/cgroup/pids/pids.max || cat /sys/fs/cgroup/pids.max"]) {
            $0.process?.oomScoreAdj = 300
            $0.linux?.resources = Resources()
            $0.linux?.resources?.pids = PidsLimit(limit: 23)
        }
        #expect(try box.run().output == "1024\n300\n23\n")
    }

    @Test("a working directory that is missing is made; one through a magic link is refused")
    func workingDirectory() throws {
        #expect(try Box(["sh", "-c", "pwd"]) { $0.process?.cwd = "/new/one" }.run().output == "/new/one\n")
        #expect(try Box(["sh", "-c", "pwd"]) { $0.process?.cwd = "/proc/self/fd/5" }.run().status == 1)
    }

    @Test("an image's links lead nowhere but inside it")
    func links() throws {
        let box = try Box(["cat", "/escape/lent"]) {
            $0.mounts?.append(Mount(destination: "/escape/lent", type: "bind", source: "/etc/hostname", options: ["rbind", "ro"]))
        }
        try symbolicLink("../../../../../tmp", at: box.root.appending("escape"))
        #expect(try box.run().status == 0)
        #expect(!exists("/tmp/lent"), "the mount point was made on the host")
        let second = try Box(["true"])
        try removeTree(second.root.appending("proc"))
        try symbolicLink("tmp", at: second.root.appending("proc"))
        #expect(try second.run().errors.contains("openat2 /proc"), "/proc must be /proc")
    }

    @Test("with an init, PID 1 is a small program of ours that reaps, and hands the status on")
    func initProcess() throws {
        let box = try Box(["sh", "-c", "echo $$; (sleep 0.1 & ) ; sleep 0.4; ps; exit 9"]) { $0.annotations = [Annotation.initProcess: "true"] }
        let outcome = try box.run()
        #expect(outcome.status == 9)
        #expect(outcome.line != "1")
        #expect(!outcome.output.contains("[sleep]"), "a zombie: \(outcome)")
    }

    @Test(
        "a command that can't be run is told in Docker's words",
        arguments: [
            ("nosuch", "exec: \"nosuch\": executable file not found in $PATH"), ("/nosuch", "exec: \"/nosuch\": stat /nosuch: no such file or directory"),
            ("/bin", "exec: \"/bin\": is a directory"), ("/etc/passwd", "exec: \"/etc/passwd\": permission denied"),
            ("/bin/junk", "exec: \"/bin/junk\": exec format error")
        ])
    func commands(_ name: String, _ words: String) throws {
        for isInit in ["false", "true"] {
            let box = try Box([name]) { $0.annotations = [Annotation.initProcess: isInit] }
            try writeFile(box.root.appending("bin/junk"), Array("junk".utf8), mode: 0o755)
            let outcome = try box.run()
            #expect(outcome.status == 1)
            #expect(outcome.errors.hasSuffix("\(words)\n"), "\(outcome)")
        }
    }

    @Test("a failure at any step leaves nothing, and names the step")
    func failures() throws {
        let failures: [(step: String, edit: (inout Spec) -> Void)] = [
            ("plan", { $0.process?.cwd = "x" }), ("make the cgroup", { $0.linux?.resources = tooShortPeriod }),
            ("call the hooks", { $0.hooks = hooks("/bin/false") }), ("take what the host lends", { $0.mounts?.append(lent("/nonexistent")) }),
            ("enter the root", { $0.root?.path = "/nonexistent" }),
            ("mount what the container sees", { $0.mounts?.append(Mount(destination: "/m", type: "tmpfs", options: ["nonsense=1"])) }),
            ("join the namespaces that are there", { $0.linux?.namespaces = others + [Namespace(type: "network", path: "/etc/hostname")] }),
            ("set kernel parameters", { $0.linux?.sysctl = ["net.ipv4.nonsense": "1"] }),
            ("find the user", { $0.annotations = [Annotation.user: "nosuch"] }), ("make the working directory", { $0.process?.cwd = "/etc/passwd" })
        ]
        for (step, edit) in failures {
            let outcome = try Box(["true"], edit).run()
            #expect(outcome.status == 1)
            #expect(outcome.errors.hasPrefix("slipway-runtime: \(step): "), "\(step): \(outcome)")
        }
    }

    @Test("--explain says whose modules are at work, and shows each step and call by its process")
    func explain() throws {
        let outcome = try Box(["true"]).run("--explain")
        #expect(outcome.errors.hasPrefix("runtime  # Namespaces: "))
        #expect(outcome.errors.contains("init       mount "))
        let shown = outcome.errors.split(separator: "\n").filter { $0.hasPrefix("init     ") && $0.contains(", chapter ") }
        let names = stepTable.filter { $0.process == "init" }.map(\.name)
        let order = shown.compactMap { line in names.firstIndex { line.hasPrefix("init     \($0), chapter ") } }
        #expect(order.count == shown.count && order.count > 10)
        #expect(order == order.sorted())
    }

    @Test("a run costs at most 600 kernel calls", .enabled(if: exists("/usr/bin/strace"), "UNVERIFIED HERE: needs strace"))
    func calls() throws {
        let box = try Box(["true"]), tool = FilePath(try readLink("/proc/self/exe")).removingLastComponent().appending("slipway-runtime")
        let list = box.folder.appending("calls")
        let words = ["-f", "-c", "-o", "\(list)", "\(tool)", "--root", "\(box.folder.appending("state"))", "run", "--bundle", "\(box.folder)", box.id]
        #expect(try Running("/usr/bin/strace", words).wait().status == 0)
        let total = try #require(readText(list).split(separator: "\n").last { $0.hasSuffix(" total") })
        let count = try #require(total.split(separator: " ").dropFirst(3).first.flatMap { Int($0) })
        #expect(count <= 600)
    }
}

/// A processor period that the kernel refuses.
private let tooShortPeriod: Resources = {
    var resources = Resources()
    resources.cpu = CPULimits()
    resources.cpu?.period = 7
    return resources
}()

private func hooks(_ path: String) -> Hooks {
    var hooks = Hooks()
    hooks.prestart = [Hook(path: path)]
    return hooks
}

private func lent(_ path: String) -> Mount { Mount(destination: "/lent", type: "bind", source: path, options: ["rbind"]) }

private let others = ["pid", "ipc", "uts", "mount"].map { Namespace(type: $0) }
