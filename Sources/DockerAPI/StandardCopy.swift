// Docker's framing of several streams in one: eight bytes of head, `[stream, 0, 0, 0, length as 4 bytes big-endian]`, then the bytes.
// Engine API, "Stream format" of container attach. Chapter 12.

/// The stream a frame belongs to.
public enum StandardStream: UInt8, Sendable {
    case input, output, error
    /// A message of the engine about the stream itself.
    case system
}

/// One frame around some bytes.
public func standardFrame(_ stream: StandardStream, _ bytes: [UInt8]) -> [UInt8] {
    let count = UInt32(bytes.count)
    return [stream.rawValue, 0, 0, 0, UInt8(count >> 24), UInt8(count >> 16 & 255), UInt8(count >> 8 & 255), UInt8(count & 255)] + bytes
}

/// Takes frames apart, however the bytes were cut on their way.
public struct FrameReader: Sendable {
    private var head: [UInt8] = []
    private var stream = StandardStream.output
    private var left = 0

    public init() {}

    /// Why a stream cannot be read on.
    public struct Broken: Error, CustomStringConvertible {
        public let description: String
    }

    /// The parts of frames in `bytes`, in order.
    public mutating func read(_ bytes: [UInt8]) throws(Broken) -> [(stream: StandardStream, bytes: ArraySlice<UInt8>)] {
        var parts: [(StandardStream, ArraySlice<UInt8>)] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            if left > 0 {
                let part = rest.prefix(left)
                parts.append((stream, part))
                left -= part.count
                rest = rest.dropFirst(part.count)
            } else {
                let part = rest.prefix(8 - head.count)
                head += part
                rest = rest.dropFirst(part.count)
                if head.count == 8 {
                    guard let kind = StandardStream(rawValue: head[0]) else { throw Broken(description: "unrecognized stream: \(head[0])") }
                    stream = kind
                    left = head[4...].reduce(0) { $0 << 8 | Int($1) }
                    head = []
                }
            }
        }
        return parts
    }
}
