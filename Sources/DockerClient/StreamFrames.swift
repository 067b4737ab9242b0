// Output of a container without a terminal: two streams in one, in frames. Frames may come in any pieces. A frame of type 3 is the engine's
// own message about an error. docs.docker.com/reference/api/engine, "Stream format" · chapter 13
//
//     byte 0        1 2 3     4 … 7               8 …
//     type 0,1,2,3  0 0 0     length, big-endian  payload

/// Takes the two streams apart.
public struct StreamFrames: Sendable {
    /// Which stream a piece of output belongs to.
    public enum Stream: UInt8, Sendable { case input, output, error, system }

    private var header: [UInt8] = []
    private var rest = 0

    public init() {}

    /// The pieces of output in `bytes`, in their order.
    ///
    /// - Throws: `ClientError.broken` where a frame's type is none.
    public mutating func pieces(of bytes: [UInt8]) throws(ClientError) -> [(stream: Stream, bytes: ArraySlice<UInt8>)] {
        var all: [(stream: Stream, bytes: ArraySlice<UInt8>)] = [], left = bytes[...]
        while !left.isEmpty {
            if rest == 0 {
                let taken = left.prefix(8 - header.count)
                header += taken
                left = left.dropFirst(taken.count)
                guard header.count == 8 else { break }
                rest = header[4...].reduce(0) { $0 << 8 | Int($1) }
                guard Stream(rawValue: header[0]) != nil else { throw .broken("unrecognized input header: \(header[0])") }
                if rest == 0 { header = [] }
            } else {
                let taken = left.prefix(rest)
                if let stream = Stream(rawValue: header[0]) { all.append((stream, taken)) }
                left = left.dropFirst(taken.count)
                rest -= taken.count
                if rest == 0 { header = [] }
            }
        }
        return all
    }
}
