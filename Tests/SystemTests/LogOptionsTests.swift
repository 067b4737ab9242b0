// What `--log-opt` and `--log-driver` do: files that rotate are read as one log, from any place of it; what is not built is refused by name.
import Foundation
import Testing

@Suite("Log options", .enabled(if: Machine.hasDocker, Machine.whyNoDocker), .serialized)
struct LogOptionsTests {
    static let shared = Result { try Testbed("logopts") }
    let bed: Testbed
    init() throws { bed = try Self.shared.get() }

    private func create(_ words: String..., command: [String] = ["true"]) throws -> Outcome {
        try run([Machine.docker ?? "docker", "create", "--network", "none"] + words + ["bb"] + command, environment: bed.environment)
    }

    @Test("a log in several files is one log: whole lines in order, its tail, what was written since, and what is being written")
    func rotation() throws {
        defer { _ = try? bed.docker("rm", "-f", "rotating") }
        let script =
            "i=0; while [ $i -lt 400 ]; do i=$((i+1)); echo line $i; done; while ! [ -e /tmp/go ]; do sleep 0.05; done; for i in 401 402 403; do echo line $i; done"
        #expect(
            try create("--name", "rotating", "--log-opt", "max-size=4k", "--log-opt", "max-file=3", command: ["sh", "-c", script]).status == 0)
        #expect(try bed.docker("start", "rotating").status == 0)
        #expect(try eventually { try bed.docker("logs", "--tail", "1", "rotating").line == "line 400" })
        let path = try bed.inspect("rotating", "{{.LogPath}}")
        #expect(["", ".1", ".2"].allSatisfy { FileManager.default.fileExists(atPath: path + $0) })
        #expect(!FileManager.default.fileExists(atPath: path + ".3"))
        let all = try bed.docker("logs", "rotating").lines, first = 400 - all.count + 1
        #expect(first > 1 && all == (first...400).map { "line \($0)" }, "\(all.count) lines from \(all.first ?? "")")
        // More than the current file holds: the tail begins in an older one.
        let tail = try bed.docker("logs", "--tail", "\(all.count - 3)", "rotating").lines
        #expect(tail == (first + 3...400).map { "line \($0)" })
        let stamped = try bed.docker("logs", "-t", "rotating").lines, middle = stamped[stamped.count / 2]
        let since = String(middle.prefix { $0 != " " })
        let later = try bed.docker("logs", "--since", since, "rotating").lines
        #expect(later.contains { middle.hasSuffix($0) } && later.last == "line 400" && later.count <= all.count)
        let following = try bed.beginDocker("logs", "-f", "--tail", "2", "rotating")
        usleep(300_000)
        #expect(try bed.docker("exec", "rotating", "touch", "/tmp/go").status == 0)
        #expect(following.wait().lines == (399...403).map { "line \($0)" })
    }

    @Test("driver none keeps nothing; what is not built or does not exist is refused")
    func drivers() throws {
        defer { _ = try? bed.docker("rm", "-f", "mute", "tagged") }
        #expect(try create("--name", "mute", "--log-driver", "none").status == 0)
        #expect(try bed.docker("start", "mute").status == 0)
        #expect(try bed.docker("logs", "mute").errors.contains("configured logging driver does not support reading"))
        #expect(try bed.inspect("mute", "{{.LogPath}}").isEmpty)
        for (words, text) in [
            (["--log-driver", "local"], "log driver 'local' is not supported"), (["--log-driver", "syslog"], "no log driver named 'syslog' is registered"),
            (["--log-opt", "compress=true"], "'compress' is not supported"), (["--log-opt", "mode=non-blocking"], "non-blocking"),
            (["--log-opt", "nosuch=1"], "unknown log opt 'nosuch' for json-file log driver"), (["--log-opt", "max-file=2"], "max-file cannot be specified"),
            (["--log-opt", "max-size=huge"], "invalid size")
        ] {
            let outcome = try run([Machine.docker ?? "docker", "create"] + words + ["bb", "true"], environment: bed.environment)
            #expect(outcome.status == 1 && outcome.errors.contains(text), "\(words): \(outcome)")
        }
        let outcome = try create("--name", "tagged", "--log-opt", "tag={{.Name}}", "--log-opt", "labels=a,b", "--log-opt", "mode=blocking")
        #expect(outcome.status == 0 && outcome.errors.contains("Log options labels, tag are kept"), "\(outcome)")
        #expect(try bed.inspect("tagged", "{{index .HostConfig.LogConfig.Config \"labels\"}}") == "a,b")
    }

    @Test("--pid container: it sees the other's processes, and cannot start without them")
    func sharedProcesses() throws {
        defer { _ = try? bed.docker("rm", "-f", "seen", "sees") }
        #expect(try create("--name", "seen", command: ["sleep", "4242"]).status == 0)
        #expect(try create("--name", "sees", "--pid", "container:seen", command: ["ps"]).status == 0)
        let early = try bed.docker("start", "sees")
        #expect(early.status == 1 && early.errors.contains("cannot join PID namespace of a non running container"), "\(early)")
        #expect(try bed.docker("start", "seen").status == 0)
        #expect(try bed.docker("start", "-a", "sees").output.contains("sleep 4242"))
        #expect(try bed.inspect("seen", "{{.State.Running}}") == "true", "the end of one that looks on ends nobody")
    }
}
