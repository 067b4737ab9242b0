// Go's JSON has a habit that Swift's Codable lacks: an absent slice or map is written as `null`, and clients count on the key. `Null` marks
// such members; a plain optional is one that is left out. Engine API, the JSON of moby's api/types. Chapter 12.

/// A member that is written as `null` when it is nil, and may be missing when it is read.
@propertyWrapper
public struct Null<Value: Codable & Sendable>: Codable, Sendable {
    public var wrappedValue: Value?

    public init(wrappedValue: Value?) { self.wrappedValue = wrappedValue }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        wrappedValue = container.decodeNil() ? nil : try container.decode(Value.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let wrappedValue { try container.encode(wrappedValue) } else { try container.encodeNil() }
    }
}

extension Null: Equatable where Value: Equatable {}

extension KeyedDecodingContainer {
    /// A missing key reads as nil.
    public func decode<Value>(_ type: Null<Value>.Type, forKey key: Key) throws -> Null<Value> {
        try decodeIfPresent(type, forKey: key) ?? Null(wrappedValue: nil)
    }
}

/// A command line: `null` when it is nil; read from a list of words, or from a single text, which is one word.
@propertyWrapper
public struct CommandLine: Codable, Sendable, Equatable {
    public var wrappedValue: [String]?

    public init(wrappedValue: [String]?) { self.wrappedValue = wrappedValue }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let word = try? container.decode(String.self) {  // else null or a list
            wrappedValue = [word]
        } else {
            wrappedValue = container.decodeNil() ? nil : try container.decode([String].self)
        }
    }

    public func encode(to encoder: any Encoder) throws { try Null(wrappedValue: wrappedValue).encode(to: encoder) }
}

extension KeyedDecodingContainer {
    /// A missing key reads as nil.
    public func decode(_ type: CommandLine.Type, forKey key: Key) throws -> CommandLine {
        try decodeIfPresent(type, forKey: key) ?? CommandLine(wrappedValue: nil)
    }
}

/// `{}`: the value of sets that Go writes as maps, such as `ExposedPorts`.
public struct Empty: Codable, Sendable, Equatable {
    public init() {}
}
