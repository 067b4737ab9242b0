// `slip-net trace`: sends one real packet and shows its way, hop by hop: the route, the neighbour, the chains of the packet filter that it passed
// with their verdicts, how it was translated, and what came back. Nothing is guessed: the kernel reports each rule (`meta nftrace`, from a table that
// is there only for the moment), connection tracking says what was translated, and the answer is the socket's.
import ArgumentParser
import Linux
import Netlink
import Nftables

struct Trace: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show where one packet goes: routes, rules, translation, answer.",
        discussion: """
            Sends one TCP connection request (or with --udp one datagram) from --namespace, or from this machine, and watches it there and on this
            machine. Any process will do, also one in a container of Docker's or Podman's; needs root.

            Examples:
              slip-net trace 10.99.0.1:8099
              slip-net trace --namespace alice 1.1.1.1:53 --udp

            What a bridge passes on below IP no rule sees, unless br_netfilter shows it; ICMP is not sent.
            Exit status: 0 if something answered, be it a refusal; 1 if nothing did.
            """)

    @Argument(help: ArgumentHelp("Where to.", valueName: "address:port"))
    var target: String

    @OptionGroup var place: Where

    @Flag(help: "Send a datagram instead of asking for a TCP connection.")
    var udp = false

    @Option(help: "How many seconds to wait for the answer.")
    var seconds = 2

    func run() {
        carryOut {
            let path = try place.namespace.map(namespacePath), sender = place.namespace.map(shortName) ?? "this machine"
            let target = try name(self.target)
            _ = try place.socket()  // begins to explain, where that is asked for
            var watched = [try Watch(place: sender, path: path)]
            if try path.map({ try status($0).inode != status("/proc/self/ns/net").inode }) ?? false {
                watched.append(try Watch(place: "this machine", path: nil))
            }
            let probe = try at(path) { () throws in try Probe(udp: udp, target: target) }
            for watch in watched { try watch.begin(probe) }
            print(line(sender, "sends", "\(udp ? "udp" : "tcp") to \(self.target), from port \(probe.port)"))
            let answer = try probe.send(milliseconds: seconds * 1000)
            for watch in watched { try watch.finish() }
            for watch in watched { try watch.tell(probe) }
            print(line("", "answer", answer.words))
            return answer.isThere ? 0 : 1
        }
    }

    /// A place as the lines call it: the file's name, or `process 812`.
    private func shortName(_ place: String) -> String {
        Int32(place) != nil ? "process \(place)" : place.split(separator: "/").last.map(String.init) ?? place
    }

    private func name(_ text: String) throws -> InternetName {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPv4Address(parts[0]), let port = UInt16(parts[1]), port > 0 else {
            throw Refusal("trace \(text): wanted an IPv4 address and a port, such as 10.99.0.1:8099")
        }
        return InternetName(address: address.number, port: port)
    }
}

/// Does something in a namespace, or here.
func at<Result>(_ path: FilePath?, _ body: () throws -> Result) throws -> Result {
    guard let path else { return try body() }
    return try inside(path) { (_) throws in try body() }
}

/// A line of the story: where, what, and the details.
func line(_ place: String, _ what: String, _ details: String) -> String {
    func padded(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(1, width - text.count)) }
    return (padded(place, 14) + padded(what, 13) + details).harmless
}

/// Prints the filter's events until it is ended: the other process of a trace, for the library waits for them without end.
struct TraceEvents: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "trace-events", abstract: "Print traced packets.", shouldDisplay: false)

    @Argument var path: String?

    func run() {
        carryOut {
            try setParentDeathSignal(.kill)
            guard try hasReader() else { return 0 }  // whoever started us was gone before we asked to hear of that
            try at(path.map { FilePath($0) }) { () throws in try Nftables.monitorTrace() }
            return 0
        }
    }

    /// Whether somebody holds the other end of our standard output.
    private func hasReader() throws -> Bool {
        let poll = try Poll()
        try poll.add(FileDescriptor(rawValue: 1), [], token: 0)
        return try poll.wait(milliseconds: 0).isEmpty
    }
}
