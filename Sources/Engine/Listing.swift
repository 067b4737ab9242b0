// Which containers a list shows: Docker's filters. Keys must all hold; values of one key are alternatives, but for labels, which must all hold.
// Chapter 12; moby, daemon/list.go.
import Digests
public import DockerAPI
import Images

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

extension ContainerEngine {
    /// The containers that a list shows, newest first.
    /// - Throws: `invalid` for an unknown filter or state; `notFound` for an unknown container in `before` and `since`.
    public func list(_ request: ListRequest) throws(EngineError) -> [Container] {
        let filters = request.filters
        if let key = filters.unknownKey(besides: knownFilters) { throw EngineError(.invalid, "invalid filter '\(key)'") }
        for state in filters["status"] ?? [] where !states.contains(state) { throw EngineError(.invalid, "invalid filter 'status=\(state)'") }
        for key in ["expose", "publish", "health", "isolation", "is-task", "volume"] where filters[key] != nil {
            throw EngineError(.unsupported, "filter '\(key)' is not supported by this engine yet")
        }
        let codes = try (filters["exited"] ?? []).map { text throws(EngineError) in
            guard let code = Int32(text) else { throw EngineError(.invalid, "invalid filter 'exited=\(text)'") }
            return code
        }
        let before = try (filters["before"] ?? []).map { text throws(EngineError) in try find(text).record.createdNanoseconds }.min()
        let since = try (filters["since"] ?? []).map { text throws(EngineError) in try find(text).record.createdNanoseconds }.max()
        let ancestors = filters["ancestor"].map { Set($0.compactMap(imageIdentifier)) }
        let showsAll = request.all || request.limit > 0 || filters["status"] != nil || before != nil || since != nil || !codes.isEmpty
        var found = all.filter { container in
            let time = container.record.createdNanoseconds, status = container.status
            guard showsAll || status == "running" else { return false }
            if let before, time >= before { return false }
            if let since, time <= since { return false }
            if !codes.isEmpty, status != "exited" || !codes.contains(container.past.exitCode) { return false }
            if let ancestors, !ancestors.contains(container.record.image) { return false }
            return matches(container, status, filters)
        }
        if request.limit > 0 { found = Array(found.prefix(request.limit)) }
        return found
    }

    private func imageIdentifier(_ text: String) -> String? {
        try? images.resolve(text).id.description  // an unknown image has no descendants
    }

    private func matches(_ container: Container, _ status: String, _ filters: Filters) -> Bool {
        if let wanted = filters["status"], !wanted.contains(status) { return false }
        if let wanted = filters["id"], !wanted.contains(where: { container.id.contains(pattern: $0) }) { return false }
        if let wanted = filters["name"], !wanted.contains(where: { container.name.contains(pattern: $0) || "/\(container.name)".contains(pattern: $0) }) {
            return false
        }
        if let wanted = filters["network"], !wanted.contains(where: { name in isIn(container, network: name) }) { return false }
        return hasLabels(container.record.config.Labels ?? [:], filters["label"] ?? [])
    }

    private func isIn(_ container: Container, network text: String) -> Bool {
        container.record.networks.contains { name in name == text || builtInNetworks.contains { $0.name == name && $0.id.hasPrefix(text) } }
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
