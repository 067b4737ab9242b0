// The daemon killed in the middle of create, start, stop, restart and removal: what was answered holds, nothing is half made, and everything can be
// removed afterwards.
import Foundation
import Testing

@Suite("A daemon that is killed in the middle of a change", .enabled(if: Machine.hasDocker, Machine.whyNoDocker), .serialized)
struct LifeFaultTests {
    @Test("kill -9 at 20 random points of create, start, stop, restart and rm")
    func randomPoints() throws {
        let before = try leftCgroups(), bed = try Testbed("points")
        let docker = Machine.docker ?? "docker"
        func command(_ words: String...) throws -> Running { try begin([docker] + words, environment: bed.environment, seconds: 40) }
        for name in ["stopping", "starting", "going", "cycling"] {
            let outcome = try bed.docker(
                "create", "--network", "none", "--name", name, "--stop-signal", "KILL", "--restart", "unless-stopped", "bb", "sleep", "1000")
            #expect(outcome.status == 0, "\(outcome)")
        }
        for round in 0..<20 {
            try bed.docker("start", "stopping", "cycling")
            try bed.docker("stop", "starting")
            try bed.docker("create", "--network", "none", "--name", "doomed\(round)", "bb", "sleep", "1000")
            let creation = try command("create", "--network", "none", "--name", "made\(round)", "bb", "true")
            let start = try command("start", "starting"), stop = try command("stop", "stopping")
            let restart = try command("restart", "cycling"), removal = try command("rm", "doomed\(round)")
            usleep(UInt32.random(in: 0...200_000))
            bed.killDaemon()
            let outcomes = [creation, start, stop, restart, removal].map { $0.wait().status == 0 }
            try bed.startDaemon()
            let listed = try bed.docker("ps", "-a", "--format", "{{.Names}}").lines
            #expect(Set(listed).count == listed.count, "a name is given twice: \(listed)")
            if outcomes[0] { #expect(listed.contains("made\(round)"), "round \(round): it was created") }
            if outcomes[4] { #expect(!listed.contains("doomed\(round)"), "round \(round): it was removed") }
            if outcomes[1] { #expect(try bed.inspect("starting", "{{.State.Running}}") == "true", "round \(round): it was started") }
            if outcomes[2] { #expect(try bed.inspect("stopping", "{{.State.Running}}") == "false", "round \(round): it was stopped") }
            for name in ["starting", "stopping", "cycling"] {
                let isSettled = try eventually(within: 20) {
                    try ["running true", "exited false", "created false"].contains(bed.inspect(name, "{{.State.Status}} {{gt .State.Pid 0}}"))
                }
                #expect(isSettled, "round \(round): \(name) is \((try? bed.inspect(name, "{{json .State}}")) ?? "")")
            }
        }
        let all = try bed.docker("ps", "-aq").lines
        #expect(try run([docker, "rm", "-f"] + all, environment: bed.environment).status == 0)
        #expect(try eventually { try run(["sh", "-c", "ps -eo args | grep '[s]lipway-shim.*\(bed.folder.lastPathComponent)' || true"]).output.isEmpty })
        #expect(try FileManager.default.contentsOfDirectory(atPath: bed.folder.appending(path: "run/containers").path).isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: bed.data.appending(path: "containers").path).isEmpty)
        let isClean = try eventually { try leftCgroups() == before }
        let left = try leftCgroups()
        #expect(isClean, "\(left), before: \(before)")
        bed.stopDaemon()
    }
}
