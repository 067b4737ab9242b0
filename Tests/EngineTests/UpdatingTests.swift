import DockerAPI
import FoundationEssentials
import OCI
import Testing

@testable import Engine

private func host(_ json: String) throws -> HostConfig { try JSONDecoder().decode(HostConfig.self, from: Data(json.utf8)) }

@Suite("What an update changes")
struct UpdatingTests {
    /// As the docker command sends it where nothing was asked for.
    private static let nothing = """
        {"CpuShares":0,"Memory":0,"NanoCpus":0,"CgroupParent":"","BlkioWeight":0,"BlkioWeightDevice":null,"CpuPeriod":0,"CpuQuota":0,"CpusetCpus":"",
        "CpusetMems":"","Devices":null,"MemoryReservation":0,"MemorySwap":0,"MemorySwappiness":null,"OomKillDisable":null,"PidsLimit":null,"Ulimits":null,
        "RestartPolicy":{"Name":"","MaximumRetryCount":0}}
        """
    private static let full = """
        {"CpuShares":512,"Memory":67108864,"MemorySwap":134217728,"MemoryReservation":33554432,"CpuPeriod":100000,"CpuQuota":50000,"CpusetCpus":"0",
        "CpusetMems":"0","PidsLimit":20,"RestartPolicy":{"Name":"always","MaximumRetryCount":0}}
        """

    @Test("zero, null and the empty text leave everything as it is")
    func unchanged() throws {
        let before = try host(Self.full), request = try host(Self.nothing)
        #expect(try updated(before, by: request) == before)
        let resources = limitChanges(request)
        #expect(resources.memory == OCI.MemoryLimits() && resources.pids == nil && resources.cpu?.shares == nil && resources.cpu?.quota == nil)
    }

    @Test("what is said takes the place of what was, and goes to the shim alone")
    func changed() throws {
        let before = try host(Self.full), request = try host(#"{"Memory":100000000,"PidsLimit":-1,"RestartPolicy":{"Name":"no"}}"#)
        let after = try updated(before, by: request)
        #expect(after.Memory == 100_000_000 && after.PidsLimit == 0 && after.RestartPolicy?.Name == "no" && after.CpuShares == 512)
        let resources = limitChanges(request)
        #expect(resources.memory?.limit == 100_000_000 && resources.memory?.swap == nil && resources.pids?.limit == -1)
        let billionths = limitChanges(try host(#"{"NanoCpus":1500000000}"#))
        #expect(billionths.cpu?.quota == 150_000 && billionths.cpu?.period == 100_000)
    }

    @Test(
        "what contradicts the container is refused in Docker's words",
        arguments: [
            (#"{"Memory":200000000}"#, "Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time"),
            (#"{"NanoCpus":1000000000}"#, "Conflicting options: Nano CPUs cannot be updated as CPU Period has already been set")
        ])
    func conflicts(request: String, words: String) throws {
        let before = try host(Self.full), wanted = try host(request)
        #expect(throws: EngineError(.conflict, words)) { () throws in _ = try updated(before, by: wanted) }
    }

    @Test("a container that removes itself does not restart")
    func autoRemove() throws {
        let before = try host(#"{"AutoRemove":true}"#), wanted = try host(#"{"RestartPolicy":{"Name":"always"}}"#)
        let words = "Restart policy cannot be updated because AutoRemove is enabled for the container"
        #expect(throws: EngineError(.conflict, words)) { () throws in _ = try updated(before, by: wanted) }
    }

    @Test("values are checked as at the creation; swap may come alone, and a weight that nobody can set is warned of")
    func rules() throws {
        let machine = MachineFacts(processors: 2, isUnified: false)
        #expect(try checkUpdate(host(Self.nothing), on: machine).isEmpty)
        #expect(try checkUpdate(host(#"{"MemorySwap":-1}"#), on: machine).isEmpty && checkUpdate(host(#"{"MemorySwap":9000000}"#), on: machine).isEmpty)
        #expect(try checkUpdate(host(#"{"BlkioWeight":300}"#), on: machine).count == 1)
        for bad in [
            #"{"Memory":1000}"#, #"{"NanoCpus":9000000000}"#, #"{"RestartPolicy":{"Name":"sometimes"}}"#, #"{"Memory":8388608,"MemorySwap":7000000}"#,
            #"{"RestartPolicy":{"Name":"always","MaximumRetryCount":3}}"#
        ] {
            let wanted = try host(bad)
            #expect(throws: EngineError.self, "\(bad)") { () throws in _ = try checkUpdate(wanted, on: machine) }
        }
    }
}

@Suite("What ps and /proc say")
struct ProcessTextTests {
    @Test("ps's table is taken apart by its titles, and only the container's lines are told")
    func table() throws {
        let text = """
            UID          PID    PPID  C STIME TTY          TIME CMD
            root           1       0  0 18:37 ?        00:00:00 init
            root         127       1  0 18:37 ?        00:00:00 sh -c echo  two   blanks
            """
        let list = try processList(text, of: [127])
        #expect(list.Titles == ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"])
        #expect(list.Processes == [["root", "127", "1", "0", "18:37", "?", "00:00:00", "sh -c echo two blanks"]])
        #expect(try processList("  PID COMMAND\n   12\n", of: [12]).Processes == [["12", ""]])
        #expect(try processList("    PID     LWP\n    127       -\n      -     127\n      9       -\n      -       9\n", of: [127]).Processes.count == 2)
    }

    @Test("without its numbers the table is nobody's", arguments: ["COMMAND\nsh\n", "", "PID CMD\nxx sh\n"])
    func noTable(text: String) {
        #expect(throws: EngineError.self) { () throws in _ = try processList(text, of: [1]) }
    }

    @Test("/proc/stat: seven kinds of time, in ticks, and the processors that are on")
    func time() {
        let time = processorTime("cpu  1 2 3 4 5 6 7 800 900 0\ncpu0 1 0 0 0\ncpu1 0 2 3 4\nintr 5\n")
        #expect(time.nanoseconds == 280_000_000 && time.processors == 2)
        #expect(processorTime("").nanoseconds == 0)
    }

    @Test("net/dev: every interface but the loopback")
    func networks() {
        let text = """
            Inter-|   Receive                                                |  Transmit
             face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
                lo:     100       2    0    0    0     0          0         0      100       2    0    0    0     0       0          0
              eth0:12345678      12    1    2    0     0          0         0      876       8    3    4    0     0       0          0
            """
        let found = interfaces(text)
        #expect(found.keys.sorted() == ["eth0"])
        #expect(found["eth0"] == .init(received: (12_345_678, 12, 1, 2), sent: (876, 8, 3, 4)))
    }

    @Test("a sample carries the one before it; without a run it is empty, and says so as Docker does")
    func sample() throws {
        var first = ContainerStatistics(name: "/a", id: "b"), second = first
        first.read = "2026-11-21T12:00:00Z"
        first.cpu_stats.cpu_usage.total_usage = 7
        second.follow(first)
        #expect(second.preread == first.read && second.precpu_stats.cpu_usage.total_usage == 7)
        let text = String(decoding: try JSONEncoder().encode(ContainerStatistics(name: "/a", id: "b")), as: UTF8.self)
        #expect(text.contains(#""read":"0001-01-01T00:00:00Z""#) && text.contains(#""io_service_bytes_recursive":null"#))
        #expect(!text.contains("networks") && !text.contains("system_cpu_usage") && text.contains(#""memory_stats":{}"#))
    }
}
