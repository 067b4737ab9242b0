// Both exercises at work: a command in new namespaces, and a command in those of another process. The other process is made by util-linux's
// unshare, and privileges are given up by its setpriv: what judges does not run on what is judged.
import Linux
import Testing

private let kinds = [("uts", "--uts"), ("ipc", "--ipc"), ("net", "--net"), ("pid", "--pid"), ("mnt", "--mount"), ("cgroup", "--cgroup")]

@Suite("Lab 03: the world")
struct WorldChecks {
    @Test("A command gets the namespaces that were asked for, and no others")
    func worldMade() throws {
        for wanted in [Set(["uts"]), ["net", "ipc"], ["pid", "mnt", "cgroup"], Set(kinds.map(\.0))] {
            let flags = kinds.filter { wanted.contains($0.0) }.map(\.1)
            let running = try Running([try slipNs()] + flags + ["sleep", "1000"])
            let command = try running.becomes("sleep")
            for (name, _) in kinds {
                let (theirs, ours) = (try space(name, of: command), try space(name, of: currentProcess()))
                guard (theirs != ours) == wanted.contains(name) else { throw Sign(theirs == ours ? "shared" : "extra", flags.joined(separator: " "), theirs) }
            }
        }
    }

    @Test("A process without any privilege can join the namespaces of another of the same user")
    func worldJoined() throws {
        guard effectiveUser() == 0, try readText("/proc/self/uid_map").contains("4294967295") else {
            throw Unverified("needs root, to become a user without privilege")
        }
        let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"]
        let tool = FilePath("/tmp/slip-ns-\(currentProcess())")  // nobody may not be able to reach the build folder
        try writeFile(tool, try readFile(FilePath(try slipNs())), mode: 0o755)
        try changeMode(tool, 0o755)
        defer { _ = try? remove(tool) }  // the sandbox's /tmp goes with the sandbox
        let other = try Running(nobody + ["unshare", "--user", "--map-root-user", "--uts", "--ipc", "--net", "sleep", "1000"])
        let target = try other.becomes("sleep")
        let running = try Running(nobody + [tool.string, "--join", "\(target)", "tail", "-f", "/dev/null"])
        let command = try running.becomes("tail")
        for name in ["user", "uts", "ipc", "net"] {
            let (theirs, wanted) = (try space(name, of: command), try space(name, of: target))
            guard theirs == wanted else { throw Sign("apart", name, theirs, wanted) }
        }
    }
}
