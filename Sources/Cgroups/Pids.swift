// The pids controller: how many processes and threads. Without it a fork bomb in a container takes the whole machine's process numbers.
// Beyond the limit, fork says EAGAIN. cgroup-v1/pids.rst; cgroup-v2.rst, "PID". Chapter 04.
import Linux

extension Controller {
    private static let limit = Setting(meaning: "processes", v1: "pids.max", v2: "pids.max")
    private static let usage = Setting(meaning: "processes now", v1: "pids.current", v2: "pids.current")

    /// The number of processes and threads. Zero counts as no limit, as Docker has it.
    public static let pids = Controller(name: "pids", settings: [limit, usage]) { limits, _, _ in
        limits.pids.map { [Write("pids.max", $0 <= 0 ? "max" : "\($0)", limit.meaning)] } ?? []
    }
}
