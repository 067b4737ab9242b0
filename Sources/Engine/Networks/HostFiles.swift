// What a container takes from the host: the three files of the network, which are its own and are bound over /etc's, and device nodes. What they
// say is Docker's, to the line. man 5 hosts, resolv.conf. Chapter 12.
import DockerAPI
import Linux
import Netlink
import OCI

/// What the network's files say besides what was asked for.
struct NetworkFacts: Sendable, Equatable {
    /// The container's own addresses, which stand in hosts with its name.
    var addresses: [IPv4Address] = []
    /// What `host-gateway` means: the host as the default bridge's containers see it.
    var hostGateway: IPv4Address?
    /// Names are asked of the engine, at 127.0.0.11.
    var resolvesNames = false
}

/// Where the engine answers questions about names, in the container's own namespace.
let nameServiceAddress = "127.0.0.11"

/// Writes hosts, hostname and resolv.conf, in place: they are bound into the container, and a new file would not be seen there. Blocks.
func writeNetworkFiles(_ record: ContainerRecord, in directory: FilePath, _ facts: NetworkFacts = NetworkFacts()) throws(KernelError) {
    let sharesHost = record.host.NetworkMode == "host"
    let resolvers = try hostResolvers()
    try writeFile(directory.appending("hostname"), (record.config.Hostname ?? "") + "\n")
    try writeFile(
        directory.appending("hosts"),
        sharesHost ? try textOrNothing("/etc/hosts") + extraHosts(record.host, facts) : hostsFile(record.host, record.config, facts))
    try writeFile(
        directory.appending("resolv.conf"),
        facts.resolvesNames ? nameServiceFile(resolvers, record.host) : resolverFile(resolvers, record.host, keepsLoopback: sharesHost))
}

/// The host's file; one that is missing is empty.
private func textOrNothing(_ path: FilePath) throws(KernelError) -> String { exists(path) ? try readText(path) : "" }

/// Docker's six lines, then what `--add-host` says, then the container's own name.
func hostsFile(_ host: HostConfig, _ config: ContainerConfig = ContainerConfig(), _ facts: NetworkFacts = NetworkFacts()) -> String {
    let fixed = [
        "127.0.0.1\tlocalhost", "::1\tlocalhost ip6-localhost ip6-loopback", "fe00::\tip6-localnet", "ff00::\tip6-mcastprefix", "ff02::1\tip6-allnodes",
        "ff02::2\tip6-allrouters"
    ]
    return fixed.map { $0 + "\n" }.joined() + extraHosts(host, facts) + facts.addresses.map { ownLine($0, config) }.joined()
}

/// What `--add-host` says: `name:address` or `name=address`.
private func extraHosts(_ host: HostConfig, _ facts: NetworkFacts) -> String {
    (host.ExtraHosts ?? []).compactMap { entry -> String? in
        let separator: Character = entry.contains("=") ? "=" : ":"
        let parts = entry.split(separator: separator, maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return nil }
        guard parts[1] == "host-gateway" else { return "\(parts[1])\t\(parts[0])\n" }
        return facts.hostGateway.map { "\($0)\t\(parts[0])\n" }
    }.joined()
}

/// `172.17.0.2<tab>web.example.com web`
func ownLine(_ address: IPv4Address, _ config: ContainerConfig) -> String {
    let hostname = config.Hostname ?? "", domain = config.Domainname ?? ""
    let whole = domain.isEmpty ? hostname : "\(hostname).\(domain)"
    let short = String(whole.prefix { $0 != "." })
    return "\(address)\t\(whole == short ? whole : "\(whole) \(short)")\n"
}

/// Takes away or adds the container's own lines in a hosts file that the container may have changed meanwhile. Blocks.
func changeHosts(_ path: FilePath, remove: IPv4Address?, add: IPv4Address?, _ config: ContainerConfig) throws(KernelError) {
    var text = try textOrNothing(path)
    if let remove {
        text = text.split(separator: "\n", omittingEmptySubsequences: false).filter { "\($0)\n" != ownLine(remove, config) }.joined(separator: "\n")
    }
    if let add { text += ownLine(add, config) }
    try writeFile(path, text)
}

/// A resolv.conf, taken apart.
private struct ResolverWords {
    let servers: [String], search: [String], options: [String]

    init(_ text: String) {
        let lines = text.split(separator: "\n").map { $0.split(whereSeparator: \.isWhitespace).map(String.init) }
        func values(_ word: String) -> [String] { lines.filter { $0.first == word }.flatMap { $0.dropFirst() } }
        (servers, search, options) = (values("nameserver"), values("search"), values("options"))
    }

    /// What the user said wins.
    func file(_ servers: [String], _ host: HostConfig, more: [String] = []) -> String {
        let search = host.DnsSearch.flatMap { $0.isEmpty ? nil : $0 } ?? self.search
        let options = (host.DnsOptions.flatMap { $0.isEmpty ? nil : $0 } ?? self.options) + more
        var result = servers.map { "nameserver \($0)" }
        if !search.isEmpty, search != ["."] { result.append("search " + search.joined(separator: " ")) }
        if !options.isEmpty { result.append("options " + options.joined(separator: " ")) }
        return result.map { $0 + "\n" }.joined()
    }
}

/// The host's resolvers without those that only the host can reach; what the user said wins.
func resolverFile(_ text: String, _ host: HostConfig, keepsLoopback: Bool) -> String {
    let words = ResolverWords(text)
    var servers = words.servers.filter { keepsLoopback || !($0.hasPrefix("127.") || $0 == "::1") }
    if servers.isEmpty { servers = ["8.8.8.8", "8.8.4.4"] }
    if let asked = host.Dns, !asked.isEmpty { servers = asked }
    return words.file(servers, host)
}

/// The engine answers, and asks the host's resolvers itself. `ndots:0`: a name without a dot is asked as it stands first.
func nameServiceFile(_ text: String, _ host: HostConfig) -> String {
    let words = ResolverWords(text)
    let hasDots = (words.options + (host.DnsOptions ?? [])).contains { $0.hasPrefix("ndots:") }
    return words.file([nameServiceAddress], host, more: hasDots ? [] : ["ndots:0"])
}

/// The servers that a resolv.conf names, those with IPv4 addresses.
func nameServers(_ text: String) -> [IPv4Address] { ResolverWords(text).servers.compactMap { IPv4Address($0) } }

/// The devices of the host that were asked for, by their paths there. Blocks.
func hostDevices(_ host: HostConfig) throws(EngineError) -> [String: OCI.Device] {
    var devices: [String: OCI.Device] = [:]
    for mapping in host.Devices ?? [] {
        let path = mapping.PathOnHost ?? ""
        let found: FileStatus
        do throws(KernelError) { found = try status(FilePath(path)) } catch {
            throw EngineError(.invalid, "error gathering device information while adding custom device \"\(path)\": no such file or directory")
        }
        guard found.kind == .characterDevice || found.kind == .blockDevice else {
            throw EngineError(.invalid, "error gathering device information while adding custom device \"\(path)\": not a device node")
        }
        let (major, minor) = deviceNumbers(found.special)
        let inside = mapping.PathInContainer.flatMap { $0.isEmpty ? nil : $0 } ?? path
        devices[path] = OCI.Device(
            path: inside, type: found.kind == .blockDevice ? "b" : "c", major: Int64(major), minor: Int64(minor), fileMode: found.mode & 0o7777,
            uid: found.user, gid: found.group)
    }
    return devices
}
