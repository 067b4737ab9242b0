// The bytes of HTTP and of the two streams, in any pieces. Chapter 13.
import JSON
import Testing

@testable import DockerClient

@Suite("A body as it comes")
struct FramingTests {
    /// Feeds `bytes` in random pieces and returns the body and what is left over.
    func decode(_ start: Framing, _ bytes: [UInt8]) throws -> (body: [UInt8], rest: [UInt8], finished: Bool) {
        var framing = start, buffer: ArraySlice<UInt8> = [], body: [UInt8] = [], left = bytes[...]
        while !left.isEmpty {
            let piece = left.prefix(Int.random(in: 1...7))
            left = left.dropFirst(piece.count)
            buffer = buffer.isEmpty ? piece : buffer + piece
            body += try framing.decode(&buffer)
        }
        return (body, Array(buffer), framing.isFinished)
    }

    @Test("in chunks, with extensions and trailers, leaves what follows alone")
    func chunks() throws {
        for _ in 0..<200 {
            let bytes = Array("5\r\nhello\r\nA;x=y\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\nNEXT".utf8)
            let (body, rest, finished) = try decode(.chunked(.size), bytes)
            #expect(body == Array("hello0123456789".utf8) && rest == Array("NEXT".utf8) && finished)
        }
    }

    @Test("of a known length ends there; without a length it goes on to the end of the stream")
    func lengths() throws {
        let (body, rest, finished) = try decode(.length(3), Array("abcdef".utf8))
        #expect(body == Array("abc".utf8) && rest == Array("def".utf8) && finished)
        #expect(try decode(.untilEnd, Array("abcdef".utf8)).body == Array("abcdef".utf8))
    }

    @Test("is refused where a chunk's size is none", arguments: ["x\r\n", "-1\r\n", "\r\n", "ffffffffffffffffffff\r\n", String(repeating: "1", count: 5000)])
    func badChunks(text: String) {
        #expect(throws: ClientError.self) { try decode(.chunked(.size), Array(text.utf8)) }
    }

    @Test("is framed as its head says")
    func heads() throws {
        func framing(_ head: String, method: String = "GET") throws -> Framing { try #require(ReplyHead(Array(head.utf8)[...])).framing(method: method) }
        #expect(try framing("HTTP/1.1 200 OK\r\nContent-Length: 7") == .length(7))
        #expect(try framing("HTTP/1.1 200 OK\r\ncontent-length: 7", method: "HEAD") == .length(0))
        #expect(try framing("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 7") == .chunked(.size))
        #expect(try framing("HTTP/1.1 204 No Content") == .length(0))
        #expect(try framing("HTTP/1.1 304 Not Modified\r\nContent-Length: 5") == .length(0))
        #expect(try framing("HTTP/1.0 200 OK") == .untilEnd)
        for text in ["", "HTTP/2 200", "hello", "HTTP/1.1", "HTTP/1.1 abc", "SSH-2.0-x"] { #expect(ReplyHead(Array(text.utf8)[...]) == nil, "\(text)") }
    }
}

@Suite("Two streams in one")
struct StreamFramesTests {
    func frame(_ type: UInt8, _ text: String) -> [UInt8] { [type, 0, 0, 0, 0, 0, UInt8(text.utf8.count >> 8), UInt8(text.utf8.count & 255)] + Array(text.utf8) }

    @Test("are taken apart, in whatever pieces they come, empty frames included")
    func pieces() throws {
        let long = String(repeating: "x", count: 300)
        let bytes = frame(1, "out") + frame(2, "err") + frame(1, "") + frame(1, long) + frame(2, "!")
        for _ in 0..<200 {
            var frames = StreamFrames(), output: [UInt8] = [], error: [UInt8] = [], left = bytes[...]
            while !left.isEmpty {
                let piece = left.prefix(Int.random(in: 1...50))
                left = left.dropFirst(piece.count)
                for part in try frames.pieces(of: Array(piece)) { if part.stream == .output { output += part.bytes } else { error += part.bytes } }
            }
            #expect(output == Array("out\(long)".utf8) && error == Array("err!".utf8))
        }
    }

    @Test("are refused where a frame's type is none")
    func unknown() {
        var frames = StreamFrames()
        #expect(throws: ClientError.self) { try frames.pieces(of: [9, 0, 0, 0, 0, 0, 0, 1, 65]) }
    }
}

@Suite("Requests")
struct RequestTests {
    @Test("escape their paths and queries; slashes and colons of image names stay")
    func escaping() {
        let request = Request("GET", ["images", "host:5000/a b/ü", "json"], query: [("filters", "{\"a\":{\"b=c&d\":true}}")])
        let line = String(decoding: request.bytes, as: UTF8.self).split(separator: "\r\n")[0]
        #expect(line == "GET /images/host:5000/a%20b/%C3%BC/json?filters=%7B%22a%22%3A%7B%22b%3Dc%26d%22%3Atrue%7D%7D HTTP/1.1")
    }

    @Test("can't be made to carry a header in a name")
    func injection() {
        let text = String(decoding: Request("GET", ["containers", "x HTTP/1.1\r\nEvil: 1", "json"]).bytes, as: UTF8.self)
        #expect(!text.contains("Evil: 1") && !text.contains(" HTTP/1.1\r\nEvil"))
    }

    @Test("carry JSON with its length and type")
    func json() {
        let text = String(decoding: Request("POST", ["x"], body: .json(.object([.init(name: "a", value: .string("é"))]))).bytes, as: UTF8.self)
        #expect(text.hasSuffix("\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{\"a\":\"é\"}"))
    }

    @Test("carry more headers, whose values can't end a line")
    func headers() {
        let request = Request("POST", ["x"], headers: [("X-Registry-Auth", "e30=\r\nEvil: 1\n")])
        #expect(String(decoding: request.bytes, as: UTF8.self).contains("\r\nX-Registry-Auth: e30=Evil: 1\r\n"))
    }
}
