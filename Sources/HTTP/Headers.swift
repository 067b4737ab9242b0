// Header fields: names without regard to case, kept in the order in which they came. A type of our own, so that whoever answers requests need
// not know NIO. RFC 9110 §5. Chapter 12.
import NIOHTTP1

/// Header fields of a request or a response.
public struct Headers: Sendable, Equatable, ExpressibleByDictionaryLiteral {
    private var fields: [Field]

    private struct Field: Sendable, Equatable {
        var name: String, value: String
    }

    /// No fields, or those of a literal: `["Content-Type": "application/json"]`.
    public init(dictionaryLiteral elements: (String, String)...) {
        fields = elements.map { Field(name: $0.0, value: $0.1) }
    }

    init(_ headers: HTTPHeaders) {
        fields = headers.map { Field(name: $0.name, value: $0.value) }
    }

    /// The first value of a field, or nil; setting it replaces all, nil removes them.
    public subscript(name: String) -> String? {
        get { fields.first { isSame($0.name, name) }?.value }
        set {
            fields.removeAll { isSame($0.name, name) }
            if let newValue { add(name, newValue) }
        }
    }

    /// Adds a field, beside others of the same name.
    public mutating func add(_ name: String, _ value: String) { fields.append(Field(name: name, value: value)) }

    /// The words of a field that is a comma list, lower-cased: `Connection: keep-alive, Upgrade`.
    public func words(of name: String) -> [String] {
        fields.filter { isSame($0.name, name) }.flatMap { $0.value.split(separator: ",") }.map { word in
            String(decoding: word.utf8.drop { $0 == 0x20 || $0 == 0x09 }.reversed().drop { $0 == 0x20 || $0 == 0x09 }.reversed(), as: UTF8.self).lowercased()
        }
    }

    /// All fields in their order.
    public var all: [(name: String, value: String)] { fields.map { ($0.name, $0.value) } }

    /// As they go over the wire. A line break in a value would begin another field, so it becomes a blank.
    var wire: String { fields.reduce(into: "") { $0 += "\($1.name): \(onOneLine($1.value))\r\n" } }

    /// The same for requests.
    var forNIO: HTTPHeaders { HTTPHeaders(fields.map { ($0.name, onOneLine($0.value)) }) }
}

private func onOneLine(_ value: String) -> String {
    guard value.utf8.contains(where: { $0 < 0x20 && $0 != 0x09 }) else { return value }
    return String(String.UnicodeScalarView(value.unicodeScalars.map { $0.value < 0x20 && $0 != "\t" ? " " : $0 }))
}

private func isSame(_ one: String, _ other: String) -> Bool { one.utf8.elementsEqual(other.utf8) || one.lowercased() == other.lowercased() }
