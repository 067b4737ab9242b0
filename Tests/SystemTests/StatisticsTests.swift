// stats and top as clients see them: the genuine docker command's table, live and once; the numbers behind it; and ps's columns.
import Foundation
import Glibc
import Testing

@Suite("Statistics and top", .enabled(if: Machine.isSandbox, Machine.why), .serialized)
struct StatisticsTests {
    static let shared = Result { () throws -> Testbed in
        let bed = try Testbed("stats")
        try bed.slipway("run", "-d", "--name", "busy", "--memory", "64m", "--network", "none", "bb", "sh", "-c", "sleep 1000 & while :; do :; done")
        try bed.slipway("create", "--name", "idle", "bb", "true")
        return bed
    }
    let bed: Testbed
    init() throws { bed = try Self.shared.get() }

    private func sample(_ path: String) throws -> [String: Any] {
        let reply = try bed.request("GET", path)
        #expect(reply.status == 200, "\(reply)")
        return try #require(try JSONSerialization.jsonObject(with: Data(reply.body.utf8)) as? [String: Any])
    }

    private func number(_ sample: [String: Any], _ keys: String...) -> Double? {
        keys.dropLast().reduce(sample as [String: Any]?) { $0?[$1] as? [String: Any] }?[keys.last ?? ""] as? Double
    }

    @Test("stream=0 has two samples, from which a percentage can be told; one-shot has one")
    func samples() throws {
        let two = try sample("/containers/busy/stats?stream=0")
        #expect(two["name"] as? String == "/busy" && (two["id"] as? String)?.count == 64)
        let used = try #require(number(two, "cpu_stats", "cpu_usage", "total_usage")),
            before = try #require(number(two, "precpu_stats", "cpu_usage", "total_usage"))
        let all = try #require(number(two, "cpu_stats", "system_cpu_usage")), allBefore = try #require(number(two, "precpu_stats", "system_cpu_usage"))
        #expect(used > before && before > 0 && all > allBefore)
        let processors = try #require(number(two, "cpu_stats", "online_cpus"))
        let percent = (used - before) / (all - allBefore) * processors * 100
        #expect(percent > 1 && percent < 100 * processors + 20, "\(percent)")
        #expect(number(two, "memory_stats", "limit") == 67_108_864 && (number(two, "memory_stats", "usage") ?? 0) > 4096)
        #expect((number(two, "pids_stats", "current") ?? 0) >= 2)
        let stats = (two["memory_stats"] as? [String: Any])?["stats"] as? [String: Any]
        #expect(stats?["total_inactive_file"] != nil || stats?["inactive_file"] != nil)
        let one = try sample("/containers/busy/stats?stream=0&one-shot=1")
        #expect(number(one, "precpu_stats", "cpu_usage", "total_usage") == 0 && number(one, "precpu_stats", "system_cpu_usage") == nil)
        #expect(one["preread"] as? String == "0001-01-01T00:00:00Z" && one["read"] as? String != one["preread"] as? String)
        #expect(try bed.request("GET", "/containers/busy/stats?stream=1&one-shot=1").status == 400)
    }

    @Test("a container that does not run uses nothing; an unknown one is not found")
    func idle() throws {
        let nothing = try sample("/containers/idle/stats?stream=0")
        #expect(nothing["read"] as? String == "0001-01-01T00:00:00Z" && nothing["networks"] == nil && nothing["name"] as? String == "/idle")
        #expect((nothing["blkio_stats"] as? [String: Any])?["io_service_bytes_recursive"] is NSNull)
        #expect(try bed.request("GET", "/containers/nosuch/stats?stream=0").status == 404)
    }

    @Test("a stream has a sample a second, each with the one before it, and ends with the container")
    func stream() throws {
        try bed.slipway("run", "-d", "--name", "short", "bb", "sleep", "1000")
        let running = try begin(["curl", "-sN", "--unix-socket", bed.socket, "http://e/containers/short/stats"], environment: bed.environment, seconds: 40)
        usleep(2_500_000)
        try bed.slipway("pause", "short")  // those that stand still are counted all the same
        usleep(1_500_000)
        try bed.slipway("rm", "-f", "short")
        let outcome = running.wait()
        #expect(outcome.status == 0)
        let objects = try outcome.lines.map { try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]) }
        #expect(objects.count >= 3, "\(outcome)")
        #expect(objects.first?["preread"] as? String == "0001-01-01T00:00:00Z")
        #expect(zip(objects, objects.dropFirst()).allSatisfy { $0["read"] as? String == $1["preread"] as? String })
    }

    @Test("the genuine docker command's table, once and live", .enabled(if: Machine.hasDocker, Machine.whyNoDocker))
    func docker() throws {
        let format = "{{.Name}}|{{.CPUPerc}}|{{.MemUsage}}|{{.MemPerc}}|{{.NetIO}}|{{.BlockIO}}|{{.PIDs}}"
        let once = try bed.docker("stats", "--no-stream", "--format", format, "busy")
        let fields = once.line.split(separator: "|").map(String.init)
        #expect(once.status == 0 && fields.count == 7 && fields[0] == "busy" && fields[2].hasSuffix(" / 64MiB"), "\(once)")
        #expect(fields[1].hasSuffix("%") && fields[1] != "0.00%" && fields[3] != "0.00%" && (Int(fields[6]) ?? 0) >= 2, "\(once)")
        let all = try bed.docker("stats", "--no-stream", "--all", "--format", "{{.Name}} {{.PIDs}}")
        #expect(all.lines.contains { $0.hasPrefix("busy ") } && all.lines.contains("idle 0"), "\(all)")
        let live = try begin(
            ["timeout", "-s", "INT", "5", Machine.docker ?? "docker", "stats", "--format", "{{.Name}} {{.CPUPerc}}"], environment: bed.environment, seconds: 30)
        usleep(1_500_000)
        try bed.slipway("run", "-d", "--name", "guest", "bb", "sleep", "1000")
        let shown = live.wait().output
        try bed.slipway("rm", "-f", "guest")
        #expect(shown.contains("busy ") && shown.contains("guest "), "\(shown)")
    }

    @Test("top shows ps's columns for the container's processes only", arguments: Client.present)
    func top(_ who: Client) throws {
        func top(_ words: String...) throws -> Outcome { try run(who.words + ["top", "busy"] + words, environment: bed.environment, seconds: 20) }
        let usual = try top()
        #expect(usual.status == 0 && usual.lines.count == 3 && usual.line.split(separator: " ").first == "UID", "\(usual)")
        #expect(usual.output.contains("sleep 1000") && !usual.output.contains("slipwayd"))
        let pid = try bed.inspect("busy", "{{.State.Pid}}")
        let chosen = try top("-o", "pid,args")
        #expect(chosen.lines.first?.split(whereSeparator: \.isWhitespace) == ["PID", "COMMAND"] && chosen.lines.contains { $0.hasPrefix(pid) }, "\(chosen)")
        #expect(try top("aux").line.hasPrefix("USER"))
        #expect(try top("axf").lines.count == 3, "an option that does not go with -q")
        let hidden = try top("-o", "pid=PID2,args")
        #expect(hidden.status != 0 && hidden.errors.contains("is not allowed"), "\(hidden)")
        #expect(try top("-o", "cmd").errors.contains("Couldn't find PID field in ps output"))
        #expect(try top("--nonsense").status != 0)
    }

    @Test("what a client writes is no command line: no shell sees it")
    func hostile() throws {
        let reply = try bed.request("GET", "/containers/busy/top?ps_args=-ef%3Btouch%20/tmp/slipway-top-was-here%20%24(touch%20/tmp/slipway-top-was-here)")
        #expect(reply.status == 500, "\(reply)")
        #expect(!FileManager.default.fileExists(atPath: "/tmp/slipway-top-was-here"))
        #expect(try bed.request("GET", "/containers/idle/top").status == 409)
        #expect(try bed.request("GET", "/containers/nosuch/top").status == 404)
    }
}
