// Watching a packet in one network namespace: a table that marks it as early as can be, and a second process that prints what the kernel reports
// of marked packets. Both are gone when the packet has passed, and when this process is killed before.
import JSON
import Linux
import Netlink
import Nftables

/// One place that is watched.
final class Watch {
    let place: String
    private let path: FilePath?
    private let filter: Nftables, socket: RouteSocket
    private let table = "slip-net-trace-\(currentProcess().rawValue)"
    private var monitor: (process: ProcessID, output: FileDescriptor)?
    private var events: [TraceEvent] = []
    private var tracked: String?

    /// Opens what belongs to a namespace.
    init(place: String, path: FilePath?) throws {
        (self.place, self.path) = (place, path)
        (filter, socket) = try at(path) { () throws in (try Nftables(), try routeSocket()) }
    }

    /// Starts the second process, waits until it listens, and marks the packet.
    func begin(_ probe: Probe) throws {
        let pipe = try Pipe()
        let child = try pipe.writing.borrow { (writing) throws(KernelError) in
            try spawn(Spawn("/proc/self/exe", ["slip-net", "trace-events"] + (path.map { ["\($0)"] } ?? []), descriptors: [(writing, 1)]))
        }
        let output = try pipe.reading.duplicate().release()
        try setNonBlocking(output)
        monitor = (child.process, output)
        guard try listens(child.process) else { throw Refusal("trace: the packet filter of \(place) cannot be watched") }
        var rules = "add table ip \(table) { flags owner; }\n"  // it goes with our socket, whatever becomes of us
        for hook in ["prerouting", "output"] {
            rules += "add chain ip \(table) \(hook) { type filter hook \(hook) priority -350; }\n"
            rules += "add rule ip \(table) \(hook) \(probe.condition) meta nftrace set 1\n"
        }
        try filter.run(rules)
        self.port = probe.port
    }
    private var port: UInt16 = 0

    /// Whether the process has joined the group of trace events, NFNLGRP_NFTRACE. man 7 netlink: /proc/PID/net/netlink.
    private func listens(_ process: ProcessID) throws -> Bool {
        for _ in 1...200 {
            let rows = (try? readText(FilePath("/proc/\(process.rawValue)/net/netlink"))) ?? ""  // the process may have ended
            for row in rows.split(separator: "\n") {
                let fields = row.split(separator: " ")
                guard fields.count > 3, fields[1] == "12", fields[2] == "\(process.rawValue)", let groups = UInt32(fields[3], radix: 16) else { continue }
                if groups & (1 << 8) != 0 { return true }
            }
            pause(milliseconds: 10)
        }
        return false
    }

    /// Takes what was reported until nothing more comes, and removes table and process.
    func finish() throws {
        guard let monitor else { return }
        self.monitor = nil
        defer { try? monitor.output.close() }  // it is ours, and nothing more is wanted of it
        let text = try read(monitor.output)
        events = text.split(separator: "\n").compactMap { TraceEvent($0) }.filter { $0.table != table }
        tracked = try at(path) { () throws in try connection() }
        try filter.run("delete table ip \(table)")
        try send(.kill, to: monitor.process)
        _ = try wait(monitor.process)
    }

    deinit {
        guard let monitor else { return }
        try? send(.kill, to: monitor.process)  // the trace failed, and that has been told
    }

    private func read(_ output: FileDescriptor) throws -> String {
        let poll = try Poll()
        try poll.add(output, .readable, token: 0)
        var bytes: [UInt8] = []
        while try !poll.wait(milliseconds: 200).isEmpty {
            let more = try Linux.read(output, upTo: 65_536)
            guard !more.isEmpty else { break }
            bytes += more
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// What connection tracking remembers of the packet's connection, where the kernel has that list. man 5 proc has it not; the words explain themselves.
    private func connection() throws -> String? {
        guard let list = try? readText("/proc/thread-self/net/nf_conntrack") else { return nil }  // kernels without CONFIG_NF_CONNTRACK_PROCFS
        return list.split(separator: "\n").first { $0.contains(" sport=\(port) ") }.map(String.init)
    }

    // MARK: The story

    /// Tells what happened here.
    func tell(_ probe: Probe) throws {
        var packet: TracedPacket?
        let hooks = try hooks()
        if events.isEmpty {
            try tellRoute(to: IPv4Address(probe.target.address))
            print(line(place, "rules", "no chain of the packet filter saw it"))
            return
        }
        for event in firstJourney {
            switch event.kind {
            case .packet(let now):
                if let link = now.arriving, packet == nil { print(line(place, "arrives", "by \(link): \(now.words)")) }
                if let before = packet, before.words != now.words { print(line(place, "translated", "\(before.words)  to  \(now.words)")) }
                packet = now
            case .rule(let rule, let verdict):
                print(line(place, hooks(event), "\(event.table) \(event.chain): \(rule)\(added(verdict, to: rule))"))
                if verdict == "drop" { return print(line(place, "dropped", "by the rule above; nobody is told")) }
            case .end(let verdict):
                print(line(place, hooks(event), "\(event.table) \(event.chain): end of the chain: \(verdict)"))
                if verdict == "drop" { return print(line(place, "dropped", "by that chain's policy; nobody is told")) }
            }
        }
        try tellRoute(to: packet.flatMap { IPv4Address($0.destination) } ?? IPv4Address(probe.target.address))
        if let tracked, let words = translation(tracked) { print(line(place, "remembered", words)) }
    }

    /// The events up to where a chain sees a packet again: that is the same one sent once more. The kernel's number of a packet is of no use here: a
    /// bridge changes it.
    private var firstJourney: ArraySlice<TraceEvent> {
        var seen: Set<String> = []
        let again = events.firstIndex {
            guard case .packet = $0.kind else { return false }
            return !seen.insert("\($0.family) \($0.table) \($0.chain)").inserted
        }
        return events[..<(again ?? events.count)]
    }

    private func added(_ verdict: String, to rule: String) -> String { rule.hasSuffix(verdict) ? "" : ": \(verdict)" }

    /// The way on from here: route and neighbour.
    private func tellRoute(to address: IPv4Address) throws {
        let names = try linkNames(socket)
        guard let route = try? socket.route(to: address) else {  // the kernel's refusal is the finding
            return print(line(place, "route", "none to \(address)"))
        }
        let link = route.index.map { names[$0] ?? "#\($0)" } ?? "nowhere", next = route.gateway ?? address
        if route.type.name == "local" { return print(line(place, "route", "\(address) is this place's own")) }
        print(line(place, "route", "\(address) by \(link)\(route.gateway.map { ", via \($0)" } ?? "")"))
        guard let neighbour = try socket.neighbours().first(where: { $0.address == next && $0.index == route.index }) else { return }
        let mac = neighbour.hardwareAddress
        let port = try socket.forwarding().first { $0.hardwareAddress == mac && $0.master == route.index }
        let behind = port.map { ", behind port \(names[$0.index] ?? "#\($0.index)")" } ?? ""
        print(line(place, "neighbour", "\(next) \(mac.map { "is \($0)" } ?? "does not answer (\(neighbour.state.words))")\(behind)"))
    }

    /// Which hook each chain hangs on; a chain that others jump to is told by its caller's.
    private func hooks() throws -> (TraceEvent) -> String {
        let listing = JSONValue(Array(try filter.list("list chains").utf8))
        var known: [String: String] = [:]
        for chain in listing?["nftables"]?.items.compactMap({ $0["chain"] }) ?? [] {
            guard let hook = chain["hook"]?.string, let table = chain["table"]?.string, let name = chain["name"]?.string else { continue }
            known["\(table) \(name)"] = hook
        }
        var last = "?"
        return { event in
            last = known["\(event.table) \(event.chain)"] ?? last
            return last
        }
    }

    /// How connection tracking expects the answer: where the two halves are no mirror images, something was translated.
    private func translation(_ entry: String) -> String? {
        func values(_ key: String) -> [String] {
            entry.split(separator: " ").filter { $0.hasPrefix(key + "=") }.map { String($0.dropFirst(key.count + 1)) }
        }
        let (sources, destinations, from, to) = (values("src"), values("dst"), values("sport"), values("dport"))
        guard sources.count == 2, destinations.count == 2, from.count == 2, to.count == 2 else { return nil }
        let there = "\(sources[0]):\(from[0]) → \(destinations[0]):\(to[0])", seen = "\(destinations[1]):\(to[1]) → \(sources[1]):\(from[1])"
        return there == seen ? "\(there), not translated" : "\(there), beyond this place \(seen)"
    }
}
