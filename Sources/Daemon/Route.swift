// A route is one line of a table: method, pattern, handler. A handler is a function from a call to a response; what it throws becomes a status
// in one place. Patterns name their parts in braces; `{name...}` takes several segments, as image names hold slashes. Chapter 12.
import DockerAPI
import Engine
import HTTP

/// One line of the table.
struct Route: Sendable {
    let method: String
    let pattern: [Substring]
    let handler: @Sendable (Call) async throws -> Response

    init(_ method: String, _ pattern: String, _ handler: @escaping @Sendable (Call) async throws -> Response) {
        (self.method, self.handler) = (method, handler)
        self.pattern = pattern.split(separator: "/")
    }

    /// The parts that the pattern names, or nil where the path is another.
    func match(_ path: ArraySlice<String>) -> [String: String]? { match(pattern[...], path) }

    private func match(_ pattern: ArraySlice<Substring>, _ path: ArraySlice<String>) -> [String: String]? {
        guard let first = pattern.first else { return path.isEmpty ? [:] : nil }
        guard let segment = path.first else { return nil }
        let rest = pattern.dropFirst()
        guard first.hasPrefix("{") else { return first == segment ? match(rest, path.dropFirst()) : nil }
        let isGreedy = first.hasSuffix("...}"), name = String(first.dropFirst().dropLast(isGreedy ? 4 : 1))
        for count in (isGreedy ? (1...path.count).reversed() : [1]) {
            guard var found = match(rest, path.dropFirst(count)) else { continue }
            found[name] = path.prefix(count).joined(separator: "/")
            return found
        }
        return nil
    }
}

/// A request on its way to a handler.
struct Call: Sendable {
    let engine: ContainerEngine
    let request: Request
    let parameters: [String: String]
    let version: APIVersion

    var query: Query { request.query }

    /// A part of the path by its name in the pattern.
    func part(_ name: String) -> String { parameters[name] ?? "" }

    /// The container that the path names.
    func container() throws(EngineError) -> Container { try engine.find(part("id")) }

    /// A whole number of the query; nil where it is absent or empty.
    func number(_ key: String) throws(EngineError) -> Int? {
        guard let text = query[key], !text.isEmpty else { return nil }
        guard let number = Int(text) else { throw EngineError(.invalid, "strconv.Atoi: parsing \"\(text)\": invalid syntax") }
        return number
    }

    /// The `filters` of the query.
    func filters() throws(EngineError) -> Filters {
        guard let filters = Filters(query["filters"] ?? "") else { throw EngineError(.invalid, "invalid filter") }
        return filters
    }
}

/// A version of the Engine API.
struct APIVersion: Sendable, Comparable, CustomStringConvertible {
    let major: Int, minor: Int

    /// Reads `1.43`.
    init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let major = Int(parts[0]), let minor = Int(parts[1]) else { return nil }
        (self.major, self.minor) = (major, minor)
    }

    static let newest = APIVersion(ContainerEngine.apiVersion) ?? APIVersion(1, 24)
    static let oldest = APIVersion(ContainerEngine.minimumAPIVersion) ?? APIVersion(1, 24)

    init(_ major: Int, _ minor: Int) { (self.major, self.minor) = (major, minor) }

    static func < (one: APIVersion, other: APIVersion) -> Bool { (one.major, one.minor) < (other.major, other.minor) }
    var description: String { "\(major).\(minor)" }
}
