// The `filters` parameter of lists, prunes and events, in its two forms: `{"label":{"a=b":true}}` of the docker command and `{"label":["a=b"]}`
// of docker-py. Which keys a list takes, and how they match, is the list's business. Engine API v1.43. Chapter 12.
import FoundationEssentials

/// Filters as sent by a client: several values of a key are alternatives (of `label`: all must hold), keys must all hold.
public struct Filters: Sendable, Equatable {
    public private(set) var values: [String: [String]] = [:]

    public init() {}

    /// Reads either form; nil for what is neither. An empty text or `null` is no filter.
    public init?(_ text: String) {
        guard !text.isEmpty, text != "null" else { return }
        let data = Data(text.utf8)
        if let lists = try? JSONDecoder().decode([String: [Word]].self, from: data) {  // not this form: try the other
            values = lists.mapValues { $0.map(\.text) }
        } else if let sets = try? JSONDecoder().decode([String: [String: Bool]].self, from: data) {  // nor that: refuse
            values = sets.mapValues { set in set.filter(\.value).map(\.key).sorted() }
        } else {
            return nil
        }
    }

    /// The values asked for, nil where the key is absent.
    public subscript(key: String) -> [String]? { values[key].flatMap { $0.isEmpty ? nil : $0 } }

    /// The first key that is not among `known`.
    public func unknownKey(besides known: Set<String>) -> String? { values.keys.sorted().first { !known.contains($0) } }

    /// A value; docker-py sends texts only, but other clients send booleans and numbers bare.
    private struct Word: Decodable {
        let text: String
        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let flag = try? container.decode(Bool.self) {  // else a number or a text
                text = flag ? "true" : "false"
            } else if let number = try? container.decode(Int64.self) {  // else a text
                text = "\(number)"
            } else {
                text = try container.decode(String.self)
            }
        }
    }
}
