// Which containers a list shows: Docker's filters. Keys must all hold; values of one key are alternatives, but for labels, which must all hold.
// Chapter 12; moby, daemon/list.go.
import Digests
public import DockerAPI
import Images
import OCI

/// What `GET /containers/json` asks for.
public struct ListRequest: Sendable {
    public var all = false
    public var limit = 0
    public var filters = Filters()

    public init() {}
}

private let knownFilters: Set = [
    "ancestor", "before", "exited", "expose", "health", "id", "is-task", "isolation", "label", "name", "network", "publish", "since", "status", "volume"
]
private let states: Set = ["created", "running", "paused", "restarting", "removing", "exited", "dead"]
private let healths: Set = ["starting", "healthy", "unhealthy", "none"]

extension ContainerEngine {
    /// The containers that a list shows, newest first.
    /// - Throws: `invalid` for an unknown filter or state; `notFound` for an unknown container in `before` and `since`.
    public func list(_ request: ListRequest) throws(EngineError) -> [Container] {
        let filters = request.filters
        if let key = filters.unknownKey(besides: knownFilters) { throw EngineError(.invalid, "invalid filter '\(key)'") }
        for (key, words) in [("status", states), ("health", healths), ("is-task", ["true", "false", "1", "0"])] {
            for word in filters[key] ?? [] where !words.contains(word) { throw EngineError(.invalid, "invalid filter '\(key)=\(word)'") }
        }
        let codes = try (filters["exited"] ?? []).map { text throws(EngineError) in
            guard let code = Int32(text) else { throw EngineError(.invalid, "invalid filter 'exited=\(text)'") }
            return code
        }
        let before = try (filters["before"] ?? []).map { text throws(EngineError) in try find(text).record.createdNanoseconds }.min()
        let since = try (filters["since"] ?? []).map { text throws(EngineError) in try find(text).record.createdNanoseconds }.max()
        let ports = try PortFilter(filters), ancestors = filters["ancestor"].map(descendants)
        if (filters["is-task"] ?? []).contains(where: { ["true", "1"].contains($0) }) { return [] }  // a swarm's, which this engine is not
        let showsAll = request.all || request.limit > 0 || filters["status"] != nil
        var found = all.filter { container in
            let time = container.record.createdNanoseconds
            guard showsAll || container.isUp else { return false }
            if let before, time >= before { return false }
            if let since, time <= since { return false }
            if !codes.isEmpty, container.isUp || container.past.startedAt == nil || !codes.contains(container.past.exitCode) { return false }
            if let ancestors, !ancestors.contains(container.record.image) { return false }
            if let ports, !portSummaries(container).contains(where: ports.matches) { return false }
            return matches(container, filters)
        }
        if request.limit > 0 { found = Array(found.prefix(request.limit)) }
        return found
    }

    /// Images and all that were built upon them: whose layers begin with theirs. An unknown image has no descendants.
    private func descendants(of names: [String]) -> Set<String> {
        let wanted = names.compactMap { try? images.resolve($0) }  // unknown, see above
        let known = wanted.isEmpty ? [] : (try? images.list()) ?? []  // unreadable: none but themselves
        let built = known.filter { image in
            let layers = image.configuration.rootfs.diffIDs
            return wanted.contains { !$0.configuration.rootfs.diffIDs.isEmpty && layers.starts(with: $0.configuration.rootfs.diffIDs) }
        }
        return Set((wanted + built).map { $0.id.description })
    }

    private func matches(_ container: Container, _ filters: Filters) -> Bool {
        if let wanted = filters["status"], !wanted.contains(container.status) { return false }
        if let wanted = filters["health"], !wanted.contains(container.health?.status.rawValue ?? "none") { return false }
        if let wanted = filters["id"], !wanted.contains(where: { container.id.contains(pattern: $0) }) { return false }
        if let wanted = filters["name"], !wanted.contains(where: { container.name.contains(pattern: $0) || "/\(container.name)".contains(pattern: $0) }) {
            return false
        }
        if let wanted = filters["volume"], !container.record.mounts.contains(where: { isNamed($0, wanted) }) { return false }
        if let wanted = filters["network"], !wanted.contains(where: { name in isIn(container, network: name) }) { return false }
        return hasLabels(container.record.config.Labels ?? [:], filters["label"] ?? [])
    }

    private func isIn(_ container: Container, network text: String) -> Bool {
        isOn(container, network: text)
    }
}

/// Whether a mount is meant: by its place in the container, its volume's name, or the host's path where it has none.
private func isNamed(_ mount: MountPoint, _ wanted: [String]) -> Bool {
    wanted.contains { $0 == mount.Destination || $0 == mount.Name.flatMap { $0.isEmpty ? nil : $0 } ?? mount.Source }
}

/// `publish` and `expose`: ports on the host, or in the container; one of either is enough.
struct PortFilter: Equatable {
    private struct Span: Equatable {
        var ports: ClosedRange<Int>, kind: String
        func contains(_ port: Int?, _ kind: String) -> Bool { port.map { ports.contains($0) && kind == self.kind } ?? false }
    }
    private var published: [Span] = [], exposed: [Span] = []

    /// Nil where neither is asked for.
    init?(_ filters: Filters) throws(EngineError) {
        guard filters["publish"] != nil || filters["expose"] != nil else { return nil }
        published = try (filters["publish"] ?? []).map { text throws(EngineError) in try Self.span(text, "publish") }
        exposed = try (filters["expose"] ?? []).map { text throws(EngineError) in try Self.span(text, "expose") }
    }

    func matches(_ port: PortSummary) -> Bool {
        published.contains { $0.contains(port.PublicPort, port.`Type`) } || exposed.contains { $0.contains(port.PrivatePort, port.`Type`) }
    }

    /// `80`, `80/udp`, `8000-8010/tcp`.
    private static func span(_ text: String, _ key: String) throws(EngineError) -> Span {
        guard !text.contains(":") else { throw EngineError(.invalid, "filter for '\(key)' should not contain ':': \(text)") }
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let ends = parts[0].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map { UInt16($0) }
        guard let first = ends.first ?? nil, let last = ends.last ?? nil, first <= last else {
            throw EngineError(.invalid, "error while looking up for \(key) \(text): invalid port range: \(parts[0])")
        }
        return Span(ports: Int(first)...Int(last), kind: parts.count > 1 ? parts[1].lowercased() : "tcp")
    }
}

/// Whether labels have all of `key` and `key=value`.
public func hasLabels(_ labels: [String: String], _ wanted: [String]) -> Bool {
    wanted.allSatisfy { text in
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let value = labels[parts[0]] else { return false }
        return parts.count < 2 || value == parts[1]
    }
}

extension String {
    /// Whether the regular expression is found in the text; a text that is none is looked for as it stands.
    fileprivate func contains(pattern: String) -> Bool {
        if contains(pattern) { return true }
        guard let expression = try? Regex(pattern) else { return false }  // no expression: it stands for itself
        return firstMatch(of: expression) != nil
    }
}
