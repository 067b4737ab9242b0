// Both exercises at work: a command in new namespaces, and a command in those of another process. The other process is made by util-linux's
// unshare, and capabilities are taken away by its setpriv: what judges does not run on what is judged.
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
        let unprivileged = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
        let other = try Running(unprivileged + ["unshare", "--user", "--map-root-user", "--uts", "--ipc", "--net", "sleep", "1000"])
        let target = try other.becomes("sleep")
        let running = try Running(unprivileged + [try slipNs(), "--join", "\(target)", "tail", "-f", "/dev/null"])
        let command = try running.becomes("tail")
        for name in ["user", "uts", "ipc", "net"] {
            let (theirs, wanted) = (try space(name, of: command), try space(name, of: target))
            guard theirs == wanted else { throw Sign("apart", name, theirs, wanted) }
        }
    }
}
