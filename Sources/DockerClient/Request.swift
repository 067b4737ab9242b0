// A request as bytes. Paths and queries are escaped here, once. RFC 3986, RFC 9112 · chapter 13

public import JSON

/// A request to the engine.
public struct Request: Sendable {
    public var method: String
    /// Path segments, not escaped: `["containers", "a/b", "json"]`.
    public var path: [String]
    public var query: [(name: String, value: String)]
    public var body: Body
    /// More headers, such as X-Registry-Auth. What could end a line is left out of their values.
    public var headers: [(name: String, value: String)]
    /// Ask to take the connection over (attach, exec).
    public var upgrades: Bool

    public enum Body: Sendable {
        case none
        case json(JSONValue)
        /// What follows is written by the caller, in chunks.
        case chunked
    }

    public init(
        _ method: String, _ path: [String], query: [(name: String, value: String)] = [], body: Body = .none, headers: [(name: String, value: String)] = [],
        upgrades: Bool = false
    ) {
        self.headers = headers
        self.method = method
        self.path = path
        self.query = query
        self.body = body
        self.upgrades = upgrades
    }

    /// The head, and the body if it is JSON.
    var bytes: [UInt8] {
        var head = "\(method) /\(path.map { Self.escaped($0, keeping: "-._~:@/") }.joined(separator: "/"))"
        if !query.isEmpty {
            head += "?" + query.map { "\(Self.escaped($0.name, keeping: "-._~"))=\(Self.escaped($0.value, keeping: "-._~"))" }.joined(separator: "&")
        }
        head += " HTTP/1.1\r\nHost: api.slipway.localhost\r\nUser-Agent: slipway\r\n"
        for (name, value) in headers { head += "\(name): \(String(value.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7f }))\r\n" }
        if upgrades { head += "Connection: Upgrade\r\nUpgrade: tcp\r\n" }
        switch body {
        case .none: return Array((head + (method == "POST" ? "Content-Length: 0\r\n\r\n" : "\r\n")).utf8)
        case .chunked: return Array((head + "Content-Type: application/x-tar\r\nTransfer-Encoding: chunked\r\n\r\n").utf8)
        case .json(let value):
            let text = Array(value.text().utf8)
            return Array((head + "Content-Type: application/json\r\nContent-Length: \(text.count)\r\n\r\n").utf8) + text
        }
    }

    /// Percent-escapes all but letters, digits and `kept`. Slashes stay in a segment: image names have them, and engines match greedily.
    static func escaped(_ text: String, keeping kept: String) -> String {
        text.utf8.reduce(into: "") { all, byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                all.append(Character(Unicode.Scalar(byte)))
            case _ where kept.utf8.contains(byte): all.append(Character(Unicode.Scalar(byte)))
            default: all += byte < 16 ? "%0\(String(byte, radix: 16, uppercase: true))" : "%\(String(byte, radix: 16, uppercase: true))"
            }
        }
    }
}
