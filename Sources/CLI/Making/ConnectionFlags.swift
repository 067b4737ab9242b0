// The flags of `run` and `create` that tie a container to what is around it: networks, ports and names, volumes and devices; and how it is looked
// after. chapter 09, 10, 12, 13

internal import ArgumentParser
internal import JSON
internal import Linux

/// Networks, ports, names.
struct NetworkFlags: ParsableArguments {
    static let valued =
        "dns dns-opt dns-option dns-search expose ip ip6 link link-local-ip mac-address net network net-alias network-alias publish/p"
    static let switches = "publish-all/P"

    @Option(help: "Ask this DNS server") var dns: [String] = []
    @Option(name: [.customLong("dns-option"), .customLong("dns-opt")], help: "Option of the resolver") var dnsOption: [String] = []
    @Option(help: "Domain in which names are looked for") var dnsSearch: [String] = []
    @Option(help: "Say that a port is used, without publishing it") var expose: [String] = []
    @Option(help: "IPv4 address in the network") var ip: String?
    @Option(help: "IPv6 address in the network") var ip6: String?
    @Option(help: "Name another container in this one's hosts file") var link: [String] = []
    @Option(help: "A link-local address") var linkLocalIp: [String] = []
    @Option(help: "Hardware address (92:d0:c6:0a:29:33)") var macAddress: String?
    @Option(name: [.long, .customLong("net")], help: "Network: none, host, bridge, container:NAME, or one of yours; or name=…,alias=…,ip=…")
    var network: [String] = []
    @Option(name: [.long, .customLong("net-alias")], help: "Another name of the container in its network") var networkAlias: [String] = []
    @Option(name: .shortAndLong, help: "Publish a port: [[address:]host-port:]port[/protocol]") var publish: [String] = []
    @Flag(name: [.customShort("P"), .long], help: "Publish every exposed port on a port that the engine chooses") var publishAll = false

    /// The first network decides how the container is joined to any.
    var mode: String { network.first.map { Endpoint($0).name } ?? "default" }

    var ports: Ports { get throws(ValueError) { try Ports(publish: publish, expose: expose) } }

    /// `EndpointsConfig`: what is asked of each network. Flags without a network's name belong to the first.
    func endpoints() throws(ValueError) -> [JSONValue.Member] {
        guard !mode.hasPrefix("container:") else { return [] }
        var members: [JSONValue.Member] = []
        for (index, text) in (network.isEmpty ? ["default"] : network).enumerated() {
            var endpoint = Endpoint(text)
            if index == 0 {
                endpoint.aliases += networkAlias
                endpoint.links += link
                if let ip { endpoint.addresses.append(.text("IPv4Address", ip)) }
                if let ip6 { endpoint.addresses.append(.text("IPv6Address", ip6)) }
                if !linkLocalIp.isEmpty { endpoint.addresses.append(.list("LinkLocalIPs", linkLocalIp)) }
                endpoint.macAddress = endpoint.macAddress ?? macAddress
            }
            members.append(.object(endpoint.name, try endpoint.members()))
        }
        return members
    }
}

/// One `--network`: a name, or `name=n1,alias=web,ip=10.0.0.5`.
private struct Endpoint {
    var name: String, aliases: [String] = [], links: [String] = [], addresses: [JSONValue.Member] = []
    var macAddress: String?, options: [String] = [], unknown: String?

    init(_ text: String) {
        name = text
        guard text.contains("=") else { return }
        for field in text.split(separator: ",") {
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init), value = parts.count == 2 ? parts[1] : ""
            switch parts[0].lowercased() {
            case "name": name = value
            case "alias": aliases.append(value)
            case "ip": addresses.append(.text("IPv4Address", value))
            case "ip6": addresses.append(.text("IPv6Address", value))
            case "mac-address": macAddress = value
            case "link": links.append(value)
            case "driver-opt": options.append(value)
            default: unknown = String(field)
            }
        }
    }

    func members() throws(ValueError) -> [JSONValue.Member] {
        if let unknown { throw ValueError(description: "invalid field \(unknown)") }
        var members: [JSONValue.Member] = []
        if !addresses.isEmpty { members.append(.object("IPAMConfig", addresses)) }
        if !aliases.isEmpty { members.append(.list("Aliases", aliases)) }
        if !links.isEmpty { members.append(.list("Links", links)) }
        if let macAddress { members.append(.text("MacAddress", macAddress)) }
        if !options.isEmpty { members.append(.map("DriverOpts", KeyValues.labels(options))) }
        return members
    }
}

/// Volumes and devices.
struct VolumeFlags: ParsableArguments {
    static let valued = "device device-cgroup-rule mount volume/v volume-driver volumes-from"

    @Option(help: "Device of the host (/dev/x[:/dev/y[:rwm]])") var device: [String] = []
    @Option(help: "Rule of the device cgroup (c 1:3 mr)") var deviceCgroupRule: [String] = []
    @Option(help: "Mount: type=bind|volume|tmpfs,source=…,target=…[,readonly]") var mount: [String] = []
    @Option(name: .shortAndLong, help: "Volume or directory of the host: [name|path:]path[:options]") var volume: [String] = []
    @Option(help: "Driver of the container's volumes") var volumeDriver: String?
    @Option(help: "Mount all volumes of another container (name[:ro])") var volumesFrom: [String] = []

    /// Members of `HostConfig`.
    func members(_ binds: [String]) throws(ValueError) -> [JSONValue.Member] {
        var mounts: [JSONValue] = []
        for text in mount {
            do throws(ValueError) { mounts.append(try MountSpec.mount(text)) } catch {
                throw ValueError(description: "invalid argument \"\(text)\" for \"--mount\" flag: \(error)")
            }
        }
        var members: [JSONValue.Member] = [
            .list("Binds", binds.isEmpty ? nil : binds), .list("VolumesFrom", volumesFrom.isEmpty ? nil : volumesFrom),
            .init(name: "Devices", value: .array(try devices())), .list("DeviceCgroupRules", deviceCgroupRule.isEmpty ? nil : deviceCgroupRule)
        ]
        if let volumeDriver { members.append(.text("VolumeDriver", volumeDriver)) }
        if !mounts.isEmpty { members.append(.init(name: "Mounts", value: .array(mounts))) }
        return members
    }

    private func devices() throws(ValueError) -> [JSONValue] {
        var all: [JSONValue] = []
        for text in device {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            func isMode(_ word: String) -> Bool { !word.isEmpty && word.allSatisfy { "rwm".contains($0) } }
            guard (1...3).contains(parts.count), parts[0].hasPrefix("/"), parts.count < 3 || isMode(parts[2]) else {
                throw ValueError(description: "invalid argument \"\(text)\" for \"--device\" flag: bad format for path: \(text)")
            }
            let isShort = parts.count == 2 && isMode(parts[1]), inside = parts.count == 1 || isShort ? parts[0] : parts[1]
            let mode = parts.count == 3 ? parts[2] : isShort ? parts[1] : "rwm"
            all.append(.object([.text("PathOnHost", parts[0]), .text("PathInContainer", inside), .text("CgroupPermissions", mode)]))
        }
        return all
    }
}

/// Health checks.
struct HealthFlags: ParsableArguments {
    static let valued = "health-cmd health-interval health-retries health-start-interval health-start-period health-timeout"
    static let switches = "no-healthcheck"

    @Option(help: "Command that finds out whether the container is well") var healthCmd: String?
    @Option(help: "Time between two checks (30s)") var healthInterval: String?
    @Option(help: "How many failures in a row mean unhealthy") var healthRetries: String?
    @Option(help: "Time between two checks during the start period") var healthStartInterval: String?
    @Option(help: "Time in which failures don't count") var healthStartPeriod: String?
    @Option(help: "Time that a check may take") var healthTimeout: String?
    @Flag(help: "Don't run the image's health check") var noHealthcheck = false

    /// The member `Healthcheck`; nil where nothing is said of it.
    func member() throws(ValueError) -> JSONValue.Member? {
        let durations = [
            ("Interval", "interval", healthInterval), ("Timeout", "timeout", healthTimeout), ("StartPeriod", "start-period", healthStartPeriod),
            ("StartInterval", "start-interval", healthStartInterval)
        ]
        let isAsked = healthCmd != nil || healthRetries != nil || durations.contains { $0.2 != nil }
        guard !noHealthcheck else {
            guard !isAsked else { throw ValueError(description: "--no-healthcheck conflicts with --health-* options") }
            return .object("Healthcheck", [.list("Test", ["NONE"])])
        }
        guard isAsked else { return nil }
        var members: [JSONValue.Member] = []
        if let healthCmd { members.append(.list("Test", ["CMD-SHELL", healthCmd])) }
        for (key, flag, text) in durations {
            guard let text else { continue }
            guard let nanoseconds = Values.nanoseconds(text) else {
                throw ValueError(description: "invalid argument \"\(text)\" for \"--health-\(flag)\" flag: time: invalid duration \"\(text)\"")
            }
            members.append(.number(key, nanoseconds))
        }
        if let healthRetries { members.append(.number("Retries", try Values.integer(healthRetries))) }
        return .object("Healthcheck", members)
    }
}

extension Values {
    /// A duration as Go writes it (`1m30s`, `200ms`, `1.5h`), in nanoseconds; nil for anything else, and for less than nothing.
    static func nanoseconds(_ text: String) -> Int64? {
        let units: [(String, Double)] = [("ns", 1), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9)]
        var rest = Substring(text), total = 0.0
        guard rest != "0" else { return 0 }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isWholeNumber || $0 == "." }
            let unit = rest.dropFirst(digits.count).prefix { !$0.isWholeNumber && $0 != "." }
            guard let value = Double(digits), let scale = units.first(where: { $0.0 == unit })?.1 else { return nil }
            total += value * scale
            rest = rest.dropFirst(digits.count + unit.count)
        }
        return total > 0 && total < 9e18 ? Int64(total) : nil
    }
}
