// Bad moments: the daemon killed at random points, a shim killed, a full disk, clients that vanish. What runs goes on, and what is told is true.
import Foundation
import Testing

@Suite("Faults are harmless", .enabled(if: Machine.isSandbox, Machine.why), .serialized)
struct FaultTests {
    @Test("a container goes on while the daemon is dead; its exit code and its log are known to the next daemon")
    func daemonDies() throws {
        let bed = try Testbed("dies")
        try bed.slipway("run", "-d", "--name", "long", "bb", "sh", "-c", "for i in $(seq 1 30); do echo $i; sleep 0.05; done; exit 9")
        try bed.slipway("run", "-d", "--name", "stays", "bb", "sleep", "1000")
        usleep(300_000)
        bed.killDaemon()
        usleep(2_500_000)
        try bed.startDaemon()
        #expect(try bed.slipway("inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", "long").line == "exited 9")
        #expect(try bed.slipway("logs", "long").lines == (1...30).map(String.init))
        #expect(try bed.slipway("inspect", "-f", "{{.State.Running}}", "stays").line == "true")
        #expect(try bed.slipway("exec", "stays", "echo", "alive").line == "alive")
        bed.killDaemon()
        try bed.startDaemon()
        #expect(try bed.slipway("kill", "stays").status == 0)
        #expect(try bed.slipway("wait", "stays").line == "137")
    }

    @Test("kill -9 of the daemon at 20 random points under load: afterwards every container is listed as it is")
    func randomKills() throws {
        let before = try leftCgroups(), bed = try Testbed("random")
        for round in 0..<20 {
            let names = (0..<3).map { "r\(round)-\($0)" }
            let commands = try names.map {
                try begin(
                    [Machine.tool("slipway"), "run", "-d", "--name", $0, "bb", "sh", "-c", "sleep 0.3; exit 6"], environment: bed.environment, seconds: 30)
            }
            let remover = try begin([Machine.tool("slipway"), "rm", "-f", "r\(round - 1)-0", "r\(round - 1)-1"], environment: bed.environment, seconds: 30)
            usleep(UInt32.random(in: 0...250_000))
            bed.killDaemon()
            let started = commands.map { $0.wait() }
            _ = remover.wait()
            try bed.startDaemon()
            // A client that got its answer must find its container; one that did not may or may not.
            let listed = Set(try bed.slipway("ps", "-a", "--format", "{{.Names}}").lines)
            for (name, outcome) in zip(names, started) where outcome.status == 0 {
                #expect(listed.contains(name), "round \(round): \(name) was started and is not listed")
            }
            for name in names where listed.contains(name) {
                let settled = try eventually(within: 10) { try bed.slipway("inspect", "-f", "{{.State.Status}}", name).line != "running" }
                let state = try bed.slipway("inspect", "-f", "{{.State.Status}} {{.State.ExitCode}} {{.State.Pid}}", name).line
                #expect(settled && (state == "exited 6 0" || state == "created 0 0"), "round \(round): \(name) is \(state)")
            }
        }
        let all = try bed.slipway("ps", "-aq").lines
        if !all.isEmpty { #expect(try run([Machine.tool("slipway"), "rm", "-f"] + all, environment: bed.environment).status == 0) }
        #expect(try eventually { try run(["sh", "-c", "ps -eo args | grep '[s]lipway-shim.*\(bed.folder.lastPathComponent)' || true"]).output.isEmpty })
        #expect(try FileManager.default.contentsOfDirectory(atPath: bed.folder.appending(path: "run/containers").path).isEmpty)
        let isClean = try eventually { try leftCgroups() == before }, left = try leftCgroups()
        #expect(isClean, "\(left), before: \(before)")
    }

    @Test("kill -9 of a shim: the container is ended, and recorded so")
    func shimDies() throws {
        let bed = try Testbed("shim")
        let id = try bed.slipway("run", "-d", "--name", "orphan", "bb", "sleep", "1000").line
        let pid = try #require(Int32(try bed.slipway("inspect", "-f", "{{.State.Pid}}", "orphan").line))
        let shims = try run(["sh", "-c", "ps -eo pid,args | grep '[s]lipway-shim' | grep \(id) | awk '{print $1}'"]).lines
        let shim = try #require(shims.first.flatMap { Int32($0) })
        kill(shim, SIGKILL)
        #expect(try eventually { try bed.slipway("inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", "orphan").line == "exited 137" })
        #expect(eventually { kill(pid, 0) != 0 })
        #expect(try bed.slipway("start", "orphan").status == 0, "it can be started again")
        #expect(try bed.slipway("rm", "-f", "orphan").status == 0)
    }

    @Test("a copy of the database taken while it is written opens and is whole")
    func databaseCopy() throws {
        let bed = try Testbed("copy")
        let load = try begin(
            ["sh", "-c", "for i in $(seq 1 15); do \(Machine.tool("slipway")) run --rm bb true; done"], environment: bed.environment, seconds: 60)
        for round in 0..<5 {
            usleep(150_000)
            let copy = bed.folder.appending(path: "copy\(round)")
            try run(["sh", "-c", "mkdir \(copy.path); cp \(bed.data.path)/slipway.db* \(copy.path)/"])
            #expect(try run(["sqlite3", copy.appending(path: "slipway.db").path, "pragma integrity_check"]).line == "ok")
        }
        #expect(load.wait().status == 0)
    }

    @Test("a container that writes and has no reader is not held up, and a client that vanishes harms nobody")
    func noReader() throws {
        let bed = try Testbed("reader")
        try bed.slipway("run", "-d", "--name", "writer", "bb", "sh", "-c", "yes | head -c 3000000; echo done >&2")
        #expect(try bed.slipway("wait", "writer", seconds: 30).line == "0")
        let client = try begin(
            [Machine.tool("slipway"), "run", "--name", "left", "bb", "sh", "-c", "while :; do echo busy; done"], environment: bed.environment)
        usleep(800_000)
        kill(client.pid, SIGKILL)
        _ = client.wait()
        #expect(try bed.slipway("inspect", "-f", "{{.State.Running}}", "left").line == "true")
        #expect(try bed.slipway("rm", "-f", "left").status == 0)
    }

    @Test("a disk that fills while logging: the container goes on, and its log goes on when there is room again")
    func diskFull() throws {
        let bed = try Testbed("full", image: false)
        bed.stopDaemon()
        try FileManager.default.createDirectory(at: bed.data, withIntermediateDirectories: true)
        try run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", bed.data.path])
        defer { _ = try? run(["umount", "-l", bed.data.path]) }
        try bed.startDaemon()
        try bed.importBusybox()
        try bed.slipway(
            "run", "-d", "--name", "chatty", "bb", "sh", "-c",
            "yes 0123456789012345678901234567890123456789 | head -c 30000000; echo over; while ! [ -e /go ]; do sleep 0.1; done; echo after; sleep 1000")
        #expect(
            try eventually(within: 30) {
                try run(["df", "--output=avail", bed.data.path]).lines.last.flatMap { Int($0.trimmingCharacters(in: .whitespaces)) } ?? 1 < 64
            })
        usleep(1_000_000)
        #expect(try bed.slipway("inspect", "-f", "{{.State.Running}}", "chatty").line == "true")
        try run(["mount", "-o", "remount,size=300m", bed.data.path])
        #expect(try bed.slipway("exec", "chatty", "touch", "/go").status == 0)
        #expect(try eventually(within: 90) { try bed.slipway("logs", "--tail", "3", "chatty").output.contains("after") })
        try bed.slipway("rm", "-f", "chatty")
        bed.stopDaemon()
    }
}
