// Values to bytes and back: JSON, one value a packet. Chapter 11. https://www.rfc-editor.org/rfc/rfc8259
import FoundationEssentials
public import Linux

/// What can go wrong between a shim and its daemon.
public enum ShimProtocolError: Error, Equatable, CustomStringConvertible {
    case kernel(KernelError)
    /// Bytes that are not what they should be.
    case malformed(String)
    /// A packet larger than ``wireLimit``.
    case tooLarge(bytes: Int)
    /// The other end is gone.
    case closed

    public var description: String {
        switch self {
        case .kernel(let error): error.description
        case .malformed(let why): "malformed packet: \(why)"
        case .tooLarge(let bytes): "a packet of \(bytes) bytes: at most \(wireLimit) fit"
        case .closed: "the shim's connection has closed"
        }
    }
}

/// Encodes and decodes what travels between shim and daemon.
public enum Packet {
    /// JSON with its keys in order, so that captured packets can be compared.
    public static func encode(_ value: some Encodable) throws(ShimProtocolError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do { return Array(try encoder.encode(value)) } catch { throw .malformed("\(error)") }
    }

    public static func decode<Value: Decodable>(_ type: Value.Type, _ bytes: [UInt8]) throws(ShimProtocolError) -> Value {
        do { return try JSONDecoder().decode(type, from: Data(bytes)) } catch { throw .malformed("\(error)") }
    }

    /// The `sequence` of a request that could not be decoded as a whole, so that even it gets its answer.
    public static func sequence(ofUnknown bytes: [UInt8]) -> UInt64? {
        struct Numbered: Decodable { let sequence: UInt64 }
        return try? decode(Numbered.self, bytes).sequence  // not even that: there is nobody to answer
    }
}
