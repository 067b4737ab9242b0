// A stream of JSON objects, one after another, with line breaks or nothing between them: how engines report what takes long. A piece of the stream
// may end anywhere. Each byte is looked at once, however the pieces fall. docs.docker.com/reference/api/engine · chapter 12, 13

internal import DockerClient
internal import JSON

/// Finds the objects in a stream.
struct MessageStream {
    private var partial: [UInt8] = []
    private var depth = 0, isInText = false, isEscaped = false
    /// No honest message is longer.
    private static let limitBytes = 16 << 20

    /// The objects that are complete with `bytes`.
    ///
    /// - Throws: `ClientError.broken` for what is no JSON.
    mutating func messages(in bytes: [UInt8]) throws(ClientError) -> [JSONValue] {
        var all: [JSONValue] = []
        for byte in bytes {
            if depth == 0, [0x20, 0x09, 0x0a, 0x0d].contains(byte) { continue }
            partial.append(byte)
            try follow(byte)
            guard depth == 0 else { continue }
            guard let message = JSONValue(partial) else { throw Self.broken }
            all.append(message)
            partial = []
        }
        return all
    }

    /// At the end of the stream: nothing may be left over.
    func finish() throws(ClientError) {
        guard partial.isEmpty else { throw .broken("unexpected EOF") }
    }

    /// Counts braces outside of texts.
    private mutating func follow(_ byte: UInt8) throws(ClientError) {
        guard partial.count <= Self.limitBytes, depth > 0 || byte == UInt8(ascii: "{") else { throw Self.broken }
        if isInText {
            if isEscaped { isEscaped = false } else if byte == UInt8(ascii: "\\") { isEscaped = true } else if byte == UInt8(ascii: "\"") { isInText = false }
            return
        }
        switch byte {
        case UInt8(ascii: "\""): isInText = true
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
        default: break
        }
    }

    private static let broken = ClientError.broken("the engine's stream of messages is no JSON")
}
