// The bytes of HTTP/1.1, as a client of one engine needs them: a request written at once, a reply read as it comes. By hand, and blocking,
// because that keeps the command line at one thread, two milliseconds and eight megabytes: signals arrive where we wait for them, the terminal's
// mode has one owner, and nothing needs an event loop of a server's size. RFC 9112 · chapter 13
//
//     status line CRLF, headers CRLF each, CRLF, body: Content-Length bytes | chunks: size CRLF bytes CRLF … 0 CRLF CRLF | until the end

/// The head of a reply.
public struct ReplyHead: Equatable, Sendable {
    public let status: Int
    /// Names in lower case.
    public let headers: [(name: String, value: String)]

    /// The first value of a header, by its name in lower case.
    public subscript(name: String) -> String? { headers.first { $0.name == name }?.value }

    public static func == (left: ReplyHead, right: ReplyHead) -> Bool {
        left.status == right.status && left.headers.elementsEqual(right.headers) { $0 == $1 }
    }

    /// Reads the lines up to the empty one; nil if they are no HTTP/1.
    init?(_ bytes: ArraySlice<UInt8>) {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: true)
        guard let words = lines.first?.split(separator: " ", maxSplits: 2), words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
            return nil
        }
        self.status = status
        headers = lines.dropFirst().compactMap { line in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            return (line[..<colon].lowercased(), String(line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }))
        }
    }

    /// How the body is framed, for a request of this method.
    func framing(method: String) -> Framing {
        if method == "HEAD" || status == 204 || status == 304 || status < 200 { return .length(0) }
        if self["transfer-encoding"]?.lowercased() == "chunked" { return .chunked(.size) }
        return self["content-length"].flatMap { Int($0) }.map { .length($0) } ?? .untilEnd
    }
}

/// Where in a body we are.
enum Framing: Equatable {
    /// So many bytes to come.
    case length(Int)
    case chunked(Chunk)
    case untilEnd

    /// What comes next in a chunked body.
    enum Chunk: Equatable { case size, bytes(Int), lineEnd, trailer }

    var isFinished: Bool { self == .length(0) }

    /// Takes what it can of `buffer` and returns the body's bytes in it.
    ///
    /// - Throws: `ClientError.broken` where a chunk's size is none.
    mutating func decode(_ buffer: inout ArraySlice<UInt8>) throws(ClientError) -> [UInt8] {
        var body: [UInt8] = []
        while !buffer.isEmpty, !isFinished {
            switch self {
            case .untilEnd:
                body += buffer
                buffer = []
            case .length(let rest):
                let taken = buffer.prefix(rest)
                body += taken
                buffer = buffer.dropFirst(taken.count)
                self = .length(rest - taken.count)
            case .chunked(.bytes(let rest)):
                let taken = buffer.prefix(rest)
                body += taken
                buffer = buffer.dropFirst(taken.count)
                self = .chunked(taken.count == rest ? .lineEnd : .bytes(rest - taken.count))
            case .chunked(let part):
                guard let end = buffer.firstIndex(of: 0x0a) else {
                    guard buffer.count < 4096 else { throw .broken("a chunk's size has no end") }
                    return body
                }
                let line = String(decoding: buffer[buffer.startIndex..<end], as: UTF8.self).filter { $0 != "\r" && $0 != "\r\n" }
                buffer = buffer[(end + 1)...]
                try pass(part, line)
            }
        }
        return body
    }

    private mutating func pass(_ part: Chunk, _ line: String) throws(ClientError) {
        switch part {
        case .lineEnd: self = .chunked(.size)
        case .trailer: self = line.isEmpty ? .length(0) : .chunked(.trailer)
        case .size, .bytes:
            let digits = line.prefix { $0 != ";" }
            guard let size = Int(digits, radix: 16), size >= 0 else { throw .broken("\"\(line)\" is no chunk's size") }
            self = .chunked(size == 0 ? .trailer : .bytes(size))
        }
    }
}
