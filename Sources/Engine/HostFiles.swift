// What a container takes from the host: the three files of the network, which are its own and are bound over /etc's, and device nodes. Chapter 12.
import DockerAPI
import Linux
import OCI

/// Writes hosts, hostname and resolv.conf. Blocks.
func writeNetworkFiles(_ record: ContainerRecord, in directory: FilePath) throws(KernelError) {
    let hostname = record.config.Hostname ?? ""
    let sharesHost = record.host.NetworkMode == "host"
    try writeFile(directory.appending("hostname"), hostname + "\n")
    try writeFile(directory.appending("hosts"), sharesHost ? try textOrNothing("/etc/hosts") : hostsFile(record.host))
    try writeFile(directory.appending("resolv.conf"), resolverFile(try textOrNothing("/etc/resolv.conf"), record.host, keepsLoopback: sharesHost))
}

/// The host's file; one that is missing is empty.
private func textOrNothing(_ path: FilePath) throws(KernelError) -> String { exists(path) ? try readText(path) : "" }

/// Docker's six lines, then what `--add-host` says.
func hostsFile(_ host: HostConfig) -> String {
    let fixed = [
        "127.0.0.1\tlocalhost", "::1\tlocalhost ip6-localhost ip6-loopback", "fe00::\tip6-localnet", "ff00::\tip6-mcastprefix", "ff02::1\tip6-allnodes",
        "ff02::2\tip6-allrouters"
    ]
    let extra = (host.ExtraHosts ?? []).compactMap { entry -> String? in
        let separator: Character = entry.contains("=") ? "=" : ":"
        let parts = entry.split(separator: separator, maxSplits: 1).map(String.init)
        return parts.count == 2 ? "\(parts[1])\t\(parts[0])" : nil
    }
    return (fixed + extra).map { $0 + "\n" }.joined()
}

/// The host's resolvers without those that only the host can reach; what the user said wins.
func resolverFile(_ text: String, _ host: HostConfig, keepsLoopback: Bool) -> String {
    let lines = text.split(separator: "\n").map { $0.split(whereSeparator: \.isWhitespace).map(String.init) }
    func values(_ word: String) -> [String] { lines.filter { $0.first == word }.flatMap { $0.dropFirst() } }
    var servers = values("nameserver").filter { keepsLoopback || !($0.hasPrefix("127.") || $0 == "::1") }
    if servers.isEmpty { servers = ["8.8.8.8", "8.8.4.4"] }
    if let asked = host.Dns, !asked.isEmpty { servers = asked }
    let search = host.DnsSearch.flatMap { $0.isEmpty ? nil : $0 } ?? values("search")
    let options = host.DnsOptions.flatMap { $0.isEmpty ? nil : $0 } ?? values("options")
    var result = servers.map { "nameserver \($0)" }
    if !search.isEmpty, search != ["."] { result.append("search " + search.joined(separator: " ")) }
    if !options.isEmpty { result.append("options " + options.joined(separator: " ")) }
    return result.map { $0 + "\n" }.joined()
}

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
