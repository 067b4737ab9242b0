// The cpuset controller: on which processors and memory nodes. On v1 a new group has neither, and no process can join it until both are set;
// so `create` copies them from the parent, level by level. On v2 an empty file means "as the parent". man 7 cpuset. Chapter 04.
import Linux

extension Controller {
    private static let cpus = Setting(meaning: "processors", v1: "cpuset.cpus", v2: "cpuset.cpus")
    private static let mems = Setting(meaning: "memory nodes", v1: "cpuset.mems", v2: "cpuset.mems")

    /// Processors and memory nodes.
    public static let cpuset = Controller(name: "cpuset", settings: [cpus, mems]) { limits, _, _ in
        [limits.cpus.map { Write("cpuset.cpus", $0, cpus.meaning) }, limits.mems.map { Write("cpuset.mems", $0, mems.meaning) }].compactMap(\.self)
    }
}

/// Gives a new v1 cpuset what its parent has, where it has nothing yet.
func inheritCPUSet(_ directory: FilePath) throws(KernelError) {
    let parent = directory.removingLastComponent()
    for file in ["cpuset.cpus", "cpuset.mems"] where try readText(directory.appending(file)).allSatisfy(\.isWhitespace) {
        try writeControl(directory.appending(file), try readText(parent.appending(file)).filter { !$0.isWhitespace })
    }
}
