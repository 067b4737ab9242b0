// What a network carries: iperf3 to a published port by loopback and by the bridge's own address, and from one container to another on the same
// bridge, through our engine and through dockerd. Each daemon lives in a network namespace of its own, since dockerd's rules for bridged
// packets would hold for ours too. The servers run all the time; the clients take turns.
import ArgumentParser
import FoundationEssentials
import Linux

struct NetworkBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "network", abstract: "iperf3 through published ports and between containers, beside dockerd.")

    @Option(help: "Rounds to count.") var rounds = 7
    @Option(help: "Seconds of each measurement.") var seconds = 2

    func run() throws {
        guard let iperf = find("iperf3") else { return print("network: UNVERIFIED HERE, iperf3 is not installed (apt-get install iperf3)") }
        let folder = FilePath("/tmp/slip-bench-\(currentProcess())")
        try makeDirectories(folder)
        defer { try? removeTree(folder) }  // a temporary folder: what stays is seen, and harmless
        let engine = try OwnEngine(folder, ownNetwork: true)
        defer { engine.end() }
        try engine.importImage(folder, programs: [iperf])
        var sides = [try Side("slipway", engine.command(), engine.daemon, iperf, seconds)]
        defer { for side in sides { side.end() } }
        let docker = try OwnDocker(folder, ownNetwork: true)
        defer { docker?.end() }
        if let docker {
            try time(Candidate(name: "import", command: docker.command + ["import", "\(folder)/root.tar", "bench"]))
            sides.append(try Side("dockerd", docker.command, docker.daemon, iperf, seconds))
        }
        for way in Way.allCases { try compare(way, sides) }
    }

    private func compare(_ way: Way, _ sides: [Side]) throws {
        var rates = [[Double]](repeating: [], count: sides.count)
        for _ in 0..<rounds {
            for (index, side) in sides.enumerated() { rates[index].append(try side.gigabits(way)) }
        }
        print("\(way.rawValue): \(rounds) rounds of \(seconds) s, Gbit/s")
        for (index, side) in sides.enumerated() {
            let ratio =
                index == 0 ? "" : "   slipway / \(side.name): median of the ratios \(digits(quantile(zip(rates[0], rates[index]).map { $0 / $1 }, 0.5)))"
            print("  \(side.name): median \(digits(quantile(rates[index], 0.5))), min \(digits(rates[index].min() ?? 0))\(ratio)")
        }
    }
}

/// From where to where.
private enum Way: String, CaseIterable {
    case loopback = "published port by 127.0.0.1"
    case address = "published port by the host's address on the bridge"
    case containers = "container to container"
}

/// An engine with a server that publishes its port and a container beside it.
private struct Side {
    let name: String
    private let client: [String], daemon: Process, iperf: FilePath, seconds: Int
    private let server: String, host: String

    init(_ name: String, _ client: [String], _ daemon: Process, _ iperf: FilePath, _ seconds: Int) throws {
        (self.name, self.client, self.daemon, self.iperf, self.seconds) = (name, client, daemon, iperf, seconds)
        try time(Candidate(name: "run", command: client + ["run", "-d", "--name", "server", "-p", "5201:5201", "bench", "\(iperf)", "-s"]))
        try time(Candidate(name: "run", command: client + ["run", "-d", "--name", "client", "bench", "sleep", "100000"]))
        let words = try output(of: client + ["inspect", "-f", "{{.NetworkSettings.IPAddress}} {{.NetworkSettings.Gateway}}", "server"]).split(
            whereSeparator: \.isWhitespace)
        guard words.count == 2 else { throw BenchFailure(description: "\(name): the server has no address") }
        (server, host) = (String(words[0]), String(words[1]))
    }

    func end() {
        _ = try? time(Candidate(name: "rm", command: client + ["rm", "-f", "server", "client"]))  // the daemon is ended next
    }

    func gigabits(_ way: Way) throws -> Double {
        let flags = ["-t", "\(seconds)", "-J"]
        let words =
            switch way {
            case .loopback: daemon.inNetwork(["\(iperf)", "-c", "127.0.0.1"] + flags)
            case .address: daemon.inNetwork(["\(iperf)", "-c", host] + flags)
            case .containers: client + ["exec", "client", "\(iperf)", "-c", server] + flags
            }
        var said = ""
        for _ in 0..<50 {  // the server may not listen yet
            let report = try? JSONDecoder().decode(Report.self, from: Data(try output(of: words, anyStatus: true).utf8))  // no report is no rate
            if let rate = report?.end.sum_received?.bits_per_second { return rate / 1_000_000_000 }
            said = report?.error ?? "no report"
            pause(milliseconds: 100)
        }
        throw BenchFailure(description: "\(name), \(way.rawValue): \(said)")
    }
}

/// What of iperf3's report is read.
private struct Report: Decodable {
    struct End: Decodable { let sum_received: Sum? }
    struct Sum: Decodable { let bits_per_second: Double }
    let end: End, error: String?
}
