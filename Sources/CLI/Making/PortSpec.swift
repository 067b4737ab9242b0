// `-p`: `[[address:]host-port:]port[/protocol]`, where ports may be ranges. Docker's rules and words (go-connections, nat.ParsePortSpec).
// chapter 09, 13

internal import JSON

/// One port of a container and its place on the host.
struct PortSpec: Equatable {
    /// `80/tcp`.
    var port: String
    /// Empty for every address.
    var address: String
    /// Empty where the engine chooses; a range (`8000-8010`) where it takes the first free one.
    var hostPort: String

    /// What one word means: a range is several ports.
    static func parse(_ text: String) throws(ValueError) -> [PortSpec] {
        let slash = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false), proto = slash.count == 2 ? slash[1].lowercased() : "tcp"
        let parts = slash[0].split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        let inside = parts[parts.count - 1], outside = parts.count > 1 ? parts[parts.count - 2] : ""
        let address = try self.address(parts.dropLast(2).joined(separator: ":"))
        guard !inside.isEmpty else { throw ValueError(description: "no port specified: \(text)<empty>") }
        guard let ports = range(inside) else { throw ValueError(description: "invalid containerPort: \(inside)") }
        guard outside.isEmpty || range(outside) != nil else { throw ValueError(description: "invalid hostPort: \(outside)") }
        guard ["tcp", "udp", "sctp"].contains(proto) else { throw ValueError(description: "invalid proto: \(proto)") }
        let hosts = range(outside) ?? 0...0
        guard outside.isEmpty || hosts.count == ports.count || ports.count == 1 else {
            throw ValueError(description: "invalid ranges specified for container and host Ports: \(inside) and \(outside)")
        }
        return ports.enumerated().map { index, port in
            let host = outside.isEmpty ? "" : ports.count == 1 ? outside : "\(hosts.lowerBound + UInt16(index))"
            return PortSpec(port: "\(port)/\(proto)", address: address, hostPort: host)
        }
    }

    private static func address(_ text: String) throws(ValueError) -> String {
        let bare = text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : text
        let isFour = bare.split(separator: ".", omittingEmptySubsequences: false).count == 4 && bare.split(separator: ".").allSatisfy { UInt8($0) != nil }
        let isSix = bare.contains(":") && bare.allSatisfy { $0.isHexDigit || $0 == ":" || $0 == "." }
        guard bare.isEmpty || isFour || isSix else { throw ValueError(description: "invalid IP address: \(bare)") }
        return bare
    }

    /// `80` or `80-90`.
    static func range(_ text: String) -> ClosedRange<UInt16>? {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) }
        guard ends.count <= 2, let first = ends.first ?? nil, let last = ends.last ?? nil, first <= last else { return nil }
        return first...last
    }
}

/// The words of `-p` and `--expose` as the members of a create request.
struct Ports {
    let published: [PortSpec], exposed: [String]

    init(publish: [String], expose: [String]) throws(ValueError) {
        var published: [PortSpec] = [], exposed: [String] = []
        for word in publish { published += try PortSpec.parse(word) }
        for word in expose {
            guard !word.contains(":") else { throw ValueError(description: "invalid port format for --expose: \(word)") }
            do throws(ValueError) { exposed += try PortSpec.parse(word).map(\.port) } catch {
                throw ValueError(description: "invalid range format for --expose: \(word), error: \(error)")
            }
        }
        self.published = published
        self.exposed = (exposed + published.map(\.port)).reduce(into: []) { all, port in if !all.contains(port) { all.append(port) } }
    }

    var exposedPorts: JSONValue.Member { .object("ExposedPorts", exposed.map { .object($0, []) }) }

    var bindings: JSONValue.Member {
        let keys = published.map(\.port).reduce(into: [String]()) { all, port in if !all.contains(port) { all.append(port) } }
        let lists: [JSONValue.Member] = keys.map { key in
            let places = published.filter { $0.port == key }.map { JSONValue.object([.text("HostIp", $0.address), .text("HostPort", $0.hostPort)]) }
            return .init(name: key, value: .array(places))
        }
        return .object("PortBindings", lists)
    }
}
