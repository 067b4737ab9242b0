// `slipway network create`, `connect`, `disconnect`, `rm`, `prune`: networks and who is in them. chapter 09, 13

internal import ArgumentParser
internal import DockerClient
internal import JSON

struct CreateNetworkCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "network create", abstract: "Create a network", usage: "slipway network create [OPTIONS] NETWORK")
    static let flags = FlagTable(valued: "aux-address driver/d gateway ip-range label opt/o scope subnet", switches: "attachable internal ipv6")

    @Flag(help: "Let containers join by hand (for swarm; kept, and without effect here)") var attachable = false
    @Option(help: "Addresses that the network keeps away from (name=address)") var auxAddress: [String] = []
    @Option(name: .shortAndLong, help: "Driver of the network") var driver = "bridge"
    @Option(help: "The host's address in a subnet") var gateway: [String] = []
    @Flag(help: "Reach nothing outside") var `internal` = false
    @Option(help: "Give containers addresses from this part of the subnet") var ipRange: [String] = []
    @Flag(help: "Use IPv6 too") var ipv6 = false
    @Option(help: "Set a label") var label: [String] = []
    @Option(name: .shortAndLong, help: "Option of the driver") var opt: [String] = []
    @Option(help: "Scope of the network") var scope = ""
    @Option(help: "Subnet in CIDR form (10.1.0.0/16)") var subnet: [String] = []
    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard words.count == 1 else { throw .usage("network create", "1 argument", "[OPTIONS] NETWORK") }
        let reply = try session.json("POST", ["networks", "create"], body: try body(named: words[0]))
        if let warning = reply["Warning"]?.string, !warning.isEmpty { Output.complain("WARNING: \(warning)\n") }
        Output.line(reply["Id"]?.string ?? "")
        return 0
    }

    /// The request, as Docker's client makes it.
    func body(named name: String) throws(Failure) -> JSONValue {
        .object([
            .text("Name", name), .bool("CheckDuplicate", true), .text("Driver", driver), .text("Scope", scope), .bool("EnableIPv6", ipv6),
            .object("IPAM", [.text("Driver", "default"), .object("Options", []), .init(name: "Config", value: .array(try pools()))]),
            .bool("Internal", `internal`), .bool("Attachable", attachable), .bool("Ingress", false), .bool("ConfigOnly", false),
            .init(name: "ConfigFrom", value: .null), .map("Options", KeyValues.labels(opt)), .map("Labels", KeyValues.labels(label))
        ])
    }

    /// One pool for each subnet; what belongs to a subnet is told by its place in the row, as there is nearly always one only.
    private func pools() throws(Failure) -> [JSONValue] {
        guard gateway.count <= subnet.count, ipRange.count <= subnet.count, auxAddress.isEmpty || !subnet.isEmpty else {
            throw Failure("every ip-range or gateway must have a corresponding subnet")
        }
        return subnet.enumerated().map { index, subnet in
            var members: [JSONValue.Member] = [.text("Subnet", subnet)]
            if index < ipRange.count { members.append(.text("IPRange", ipRange[index])) }
            if index < gateway.count { members.append(.text("Gateway", gateway[index])) }
            if index == 0, !auxAddress.isEmpty { members.append(.map("AuxiliaryAddresses", KeyValues.labels(auxAddress))) }
            return .object(members)
        }
    }
}

struct ConnectNetworkCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "network connect", abstract: "Connect a container to a network", usage: "slipway network connect [OPTIONS] NETWORK CONTAINER")
    static let flags = FlagTable(valued: "alias driver-opt ip ip6 link link-local-ip")

    @Option(help: "Another name of the container in this network") var alias: [String] = []
    @Option(help: "Option of the driver") var driverOpt: [String] = []
    @Option(help: "Its IPv4 address") var ip: String?
    @Option(help: "Its IPv6 address") var ip6: String?
    @Option(help: "Another container's name in this one's hosts file") var link: [String] = []
    @Option(help: "A link-local address") var linkLocalIp: [String] = []
    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard words.count == 2 else { throw .usage("network connect", "2 arguments", "[OPTIONS] NETWORK CONTAINER") }
        let addresses: [JSONValue.Member] = [("IPv4Address", ip), ("IPv6Address", ip6)].compactMap { name, value in value.map { .text(name, $0) } }
        let local: [JSONValue.Member] = linkLocalIp.isEmpty ? [] : [.list("LinkLocalIPs", linkLocalIp)]
        let endpoint: [JSONValue.Member] = [
            .object("IPAMConfig", addresses + local), .list("Links", link.isEmpty ? nil : link), .list("Aliases", alias.isEmpty ? nil : alias),
            .map("DriverOpts", KeyValues.labels(driverOpt))
        ]
        try session.call("POST", ["networks", words[0], "connect"], body: .object([.text("Container", words[1]), .object("EndpointConfig", endpoint)]))
        return 0
    }
}

struct DisconnectNetworkCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "network disconnect", abstract: "Disconnect a container from a network", usage: "slipway network disconnect [OPTIONS] NETWORK CONTAINER")
    static let flags = FlagTable(switches: "force/f")

    @Flag(name: .shortAndLong, help: "Also where the container is gone") var force = false
    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard words.count == 2 else { throw .usage("network disconnect", "2 arguments", "[OPTIONS] NETWORK CONTAINER") }
        try session.call("POST", ["networks", words[0], "disconnect"], body: .object([.text("Container", words[1]), .bool("Force", force)]))
        return 0
    }
}

struct RemoveNetworksCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "network rm", abstract: "Remove one or more networks", usage: "slipway network rm NETWORK [NETWORK...]")
    static let flags = FlagTable(switches: "force/f")

    @Flag(name: .shortAndLong, help: "No failure where there is none") var force = false
    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard !words.isEmpty else { throw .usage("network rm", "at least 1 argument", "NETWORK [NETWORK...]") }
        return try session.removeEach(words, from: "networks", force: force)
    }
}

struct PruneNetworksCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "network prune", abstract: "Remove all unused networks", usage: "slipway network prune [OPTIONS]")
    static let flags = FlagTable(valued: "filter", switches: "force/f")

    @Option(help: "Remove only those that match (until=24h, label=…)") var filter: [String] = []
    @Flag(name: .shortAndLong, help: "Don't ask") var force = false
    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard words.isEmpty else { throw .refusal("network prune", "accepts no arguments", "[OPTIONS]") }
        guard force || Prompt.agrees("This will remove all custom networks not used by at least one container.") else { return 0 }
        let filters = try Session.filters(filter)
        let removed = try session.json("POST", ["networks", "prune"], query: filters.map { [$0] } ?? [])["NetworksDeleted"]?.items ?? []
        if !removed.isEmpty { Output.print("Deleted Networks:\n" + removed.map { ($0.string ?? "") + "\n" }.joined() + "\n") }
        return 0
    }
}

extension Session {
    /// Removes each of several things of one kind, and prints its name. `force`: what isn't there is told, but is no failure.
    func removeEach(_ names: [String], from folder: String, force: Bool) throws(Failure) -> Int32 {
        let engine = try engine()
        return forEach(names) { name throws(Failure) in
            do throws(ClientError) {
                try engine.call(Request("DELETE", [folder, name], query: force ? [("force", "1")] : []))
                return name
            } catch { throw Failure(error, code: force && error.status == 404 ? 0 : 1) }
        }
    }
}

extension Prompt {
    /// Warns, and asks whether to go on.
    static func agrees(_ warning: String) -> Bool {
        Output.print("WARNING! \(warning)\nAre you sure you want to continue? [y/N] ")
        return ["y", "yes"].contains(line()?.lowercased())
    }
}
