// Header fields in their order; names are compared without regard to case. RFC 9110 §5. Chapter 12.
import NIOHTTP1

/// The header fields of a request or a reply.
public struct Headers: Sendable, ExpressibleByDictionaryLiteral {
    var fields: HTTPHeaders

    init(_ fields: HTTPHeaders) { self.fields = fields }

    /// No fields.
    public init() { fields = HTTPHeaders() }

    public init(dictionaryLiteral elements: (String, String)...) { fields = HTTPHeaders(elements) }

    /// The first field of that name; setting replaces all of them, nil removes them.
    public subscript(name: String) -> String? {
        get { fields.first(name: name) }
        set { if let newValue { fields.replaceOrAdd(name: name, value: newValue) } else { fields.remove(name: name) } }
    }

    /// The values of a field that is a list, such as `Connection`, taken apart at the commas and in lower case.
    public func list(_ name: String) -> [String] { fields[canonicalForm: name].map { $0.lowercased() } }
}
