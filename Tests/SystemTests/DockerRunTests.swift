// `docker run` with the genuine command line: streams, exit codes, standard input, names, and what stays behind.
import Foundation
import Testing

@Suite("The genuine docker command runs containers", .enabled(if: Machine.hasDocker, Machine.whyNoDocker), .serialized)
struct DockerRunTests {
    static let shared = Result { try Testbed("run") }
    let bed: Testbed
    init() throws { bed = try Self.shared.get() }

    @Test("the streams stay apart and the exit code is the command's")
    func streams() throws {
        let outcome = try bed.docker("run", "--rm", "--network", "none", "bb", "sh", "-c", "echo out; echo err >&2; exit 7")
        #expect(outcome.status == 7)
        #expect(outcome.output == "out\n")
        #expect(outcome.errors == "err\n")
    }

    @Test("--rm leaves no container behind")
    func removal() throws {
        try bed.docker("run", "--rm", "--name", "gone", "bb", "true")
        #expect(try eventually { try bed.docker("ps", "-aq", "--filter", "name=gone").line.isEmpty })
    }

    @Test("20 MB pass through a container in both directions, byte for byte")
    func much() throws {
        var bytes = Data(count: 20 << 20)
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        bytes.withUnsafeMutableBytes { buffer in
            for index in 0..<(buffer.count / 8) {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                buffer.storeBytes(of: state, toByteOffset: index * 8, as: UInt64.self)
            }
        }
        let outcome = try bed.docker("run", "-i", "--rm", "bb", "cat", input: bytes, seconds: 120)
        #expect(outcome.status == 0)
        #expect(outcome.bytes == bytes)
    }

    @Test("`echo x | docker run -i cat` loses nothing, 40 times while the machine is busy")
    func pipe() throws {
        let load = try (0..<3).map { _ in try begin(["sh", "-c", "while :; do :; done"], seconds: 300) }
        defer { for each in load { kill(each.pid, SIGKILL) } }
        for round in 0..<40 {
            let outcome = try bed.docker("run", "-i", "--rm", "bb", "cat", input: Data("x\(round)\n".utf8))
            #expect(outcome.output == "x\(round)\n", "round \(round): \(outcome)")
            #expect(outcome.status == 0)
        }
    }

    @Test(
        "a command that cannot run gives Docker's exit code and words",
        arguments: [
            (["nosuch"], Int32(127), "executable file not found"), (["/nosuch/tool"], 127, "no such file or directory"),
            (["/etc/data"], 126, "permission denied"), (["/etc"], 126, "is a directory")
        ])
    func cannotRun(words: [String], status: Int32, says: String) throws {
        let outcome = try run([Machine.docker ?? "docker", "run", "--rm", "bb"] + words, environment: bed.environment)
        #expect(outcome.status == status, "\(outcome)")
        #expect(outcome.errors.contains(says), "\(outcome)")
    }

    @Test("an unknown image and an unknown flag are 125")
    func engineFailures() throws {
        let image = try bed.docker("run", "--rm", "nosuch:1", "true")
        #expect(image.status == 125)
        #expect(image.errors.contains("Unable to find image 'nosuch:1' locally"))
        #expect(try bed.docker("run", "--nosuch", "bb").status == 125)
    }

    @Test("a signal's end is 128 + its number; PID 1 without a handler ignores TERM")
    func signals() throws {
        #expect(try bed.docker("run", "--rm", "bb", "sh", "-c", "kill -KILL $$; sleep 1; exit 3").status == 3, "PID 1 cannot kill itself")
        try bed.docker("run", "-d", "--name", "sleeper", "bb", "sleep", "1000")
        try bed.docker("kill", "-s", "TERM", "sleeper")
        usleep(300_000)
        #expect(try bed.inspect("sleeper", "{{.State.Running}}") == "true")
        try bed.docker("kill", "sleeper")
        #expect(try bed.docker("wait", "sleeper").line == "137")
        try bed.docker("rm", "sleeper")
    }

    @Test("--init reaps, and passes TERM on")
    func initProcess() throws {
        try bed.docker("run", "-d", "--init", "--name", "inited", "bb", "sleep", "1000")
        #expect(try bed.docker("stop", "-t", "8", "inited").status == 0)
        #expect(try bed.inspect("inited", "{{.State.ExitCode}}") == "143")
        try bed.docker("rm", "inited")
    }

    @Test("a detached container: its id, logs -f to its end, ps, stop, and Docker's status words")
    func detached() throws {
        let id = try bed.docker("run", "-d", "--name", "worker", "bb", "sh", "-c", "for i in 1 2 3; do echo line $i; sleep 0.2; done").line
        #expect(id.count == 64)
        #expect(try bed.docker("logs", "-f", "worker").output == "line 1\nline 2\nline 3\n")
        #expect(try eventually { try bed.docker("ps", "-a", "--filter", "name=worker", "--format", "{{.Status}}").line.hasPrefix("Exited (0)") })
        try bed.docker("rm", "worker")
        try bed.docker("run", "-d", "--name", "server", "bb", "sh", "-c", "trap 'exit 5' TERM; while :; do sleep 0.1; done")
        #expect(try bed.docker("ps", "--format", "{{.Names}} {{.Image}} {{.State}}").line == "server bb running")
        #expect(try bed.docker("stop", "server").line == "server")
        #expect(try bed.inspect("server", "{{.State.Status}} {{.State.ExitCode}} {{.State.Pid}}") == "exited 5 0")
        try bed.docker("rm", "server")
    }

    @Test("logs know tail, timestamps and both streams")
    func logs() throws {
        try bed.docker("run", "--name", "talker", "bb", "sh", "-c", "seq 1 1000; echo problem >&2")
        let last = try bed.docker("logs", "--tail", "2", "talker")
        #expect(last.lines.count + last.errors.split(separator: "\n").count == 2, "\(last)")
        let all = try bed.docker("logs", "talker")
        #expect(all.lines == (1...1000).map(String.init))
        #expect(all.errors == "problem\n")
        #expect(try bed.docker("logs", "-t", "--tail", "3", "talker").lines.allSatisfy { $0.contains("T") && $0.contains("Z ") })
        try bed.docker("rm", "talker")
    }

    @Test("a name is given once, and the second is told in Docker's words")
    func names() throws {
        let id = try bed.docker("create", "--name", "taken", "bb", "true").line
        let second = try bed.docker("create", "--name", "taken", "bb", "true")
        #expect(second.status != 0)
        #expect(second.errors.contains("Conflict. The container name \"/taken\" is already in use by container \"\(id)\""))
        let race = try (0..<8).map { _ in try bed.beginDocker("create", "--name", "race", "bb", "true") }.map { $0.wait().status }
        #expect(race.filter { $0 == 0 }.count == 1)
        #expect(try bed.docker("create", "--name", "a", "bb").errors.contains("Invalid container name (a)"))
        try bed.docker("rename", "taken", "renamed")
        #expect(try bed.inspect("renamed", "{{.Id}}") == id)
        try bed.docker("rm", "renamed", "race")
    }

    @Test("50 at once: each runs, each is removed")
    func many() throws {
        let runs = try (0..<50).map { try bed.beginDocker("run", "--rm", "bb", "echo", "number \($0)", seconds: 180) }
        for (number, running) in runs.enumerated() {
            let outcome = running.wait()
            #expect(outcome.status == 0 && outcome.output == "number \(number)\n", "\(number): \(outcome)")
        }
        #expect(try eventually { try bed.docker("ps", "-aq").lines.isEmpty })
    }

    @Test("exec: output, exit code, environment, user, and a program that is not there")
    func exec() throws {
        try bed.docker("run", "-d", "--name", "host", "bb", "sleep", "1000")
        for round in 0..<30 {
            #expect(try bed.docker("exec", "host", "sh", "-c", "echo $$; exit 4").status == 4, "round \(round): the code is known when the stream ends")
        }
        #expect(try bed.docker("exec", "-e", "A=b", "-w", "/tmp", "-u", "me", "host", "sh", "-c", "echo $A $PWD $(id -un)").line == "b /tmp me")
        #expect(try bed.docker("exec", "-i", "host", "cat", input: Data("through\n".utf8)).output == "through\n")
        #expect(try bed.docker("exec", "host", "nosuch").status == 127)
        try bed.docker("rm", "-f", "host")
        #expect(try bed.docker("exec", "host", "true").status == 1)
    }

    @Test("what was asked for at create stands in inspect")
    func inspected() throws {
        try bed.docker(
            "create", "--name", "asked", "-m", "64m", "--cpus", "0.5", "--pids-limit", "50", "-e", "K=v", "-l", "team=x", "-w", "/tmp", "--read-only",
            "--network", "none", "bb", "sleep", "5")
        let text = try bed.inspect(
            "asked",
            "{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} {{.HostConfig.PidsLimit}} {{.HostConfig.ReadonlyRootfs}} {{.HostConfig.NetworkMode}} {{.Config.WorkingDir}} {{.Config.Labels.team}} {{.State.Status}} {{.Path}} {{.Name}}"
        )
        #expect(text == "67108864 500000000 50 true none /tmp x created sleep /asked")
        try bed.docker("rm", "asked")
    }

    @Test("version and info answer, and say who they are")
    func version() throws {
        #expect(try bed.docker("version").output.contains("Server"))
        #expect(try bed.docker("info", "--format", "{{.OSType}} {{.Driver}}").line == "linux overlay2")
    }
}
