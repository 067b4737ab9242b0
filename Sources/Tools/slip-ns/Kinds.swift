// The flags that choose kinds of namespace, shared by making and joining.
import ArgumentParser
import Namespaces

struct Kinds: ParsableArguments {
    @Flag(name: .shortAndLong, help: "Mounts.")
    var mount = false
    @Flag(name: .long, help: "The host's name.")
    var uts = false
    @Flag(name: .shortAndLong, help: "System V objects and message queues.")
    var ipc = false
    @Flag(name: .shortAndLong, help: "Process numbers: the command becomes PID 1, and /proc is mounted anew where mounts are new too.")
    var pid = false
    @Flag(name: .shortAndLong, help: "Interfaces, addresses, ports; lo is brought up.")
    var net = false
    @Flag(name: .long, help: "Users: you are root in there, and yourself outside.")
    var user = false
    @Flag(name: .long, help: "Where the cgroup tree begins.")
    var cgroup = false
    @Flag(name: .long, help: "Offsets of clocks.")
    var time = false
    @Flag(name: .shortAndLong, help: "All of these but user and time.")
    var all = false

    var chosen: [Namespace] {
        let one: [(Bool, Namespace)] = [
            (mount, .mount), (uts, .uts), (ipc, .ipc), (pid, .pid), (net, .network), (user, .user), (cgroup, .cgroup), (time, .time)
        ]
        let many: [Namespace] = all ? [.mount, .uts, .ipc, .pid, .network, .cgroup] : []
        return many + one.filter { $0.0 && !many.contains($0.1) }.map(\.1)
    }
}
