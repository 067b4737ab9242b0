// `--narrate`: each HTTP exchange told when it is over: what was asked and why, the headers that matter, what came, and what it means. The registry
// module has taken the secrets out before we see it. On standard error; colours on a terminal only. RFC 9110; OCI distribution-spec.
import HTTP
import Linux
import Registry
import Synchronization

/// Tells exchanges, numbered as they end. Several downloads may end at once, hence the lock.
final class Narrator: Sendable {
    private let count = Mutex(0)
    private let isColoured = isTerminal(FileDescriptor(rawValue: 2)) && variables()["NO_COLOR", default: ""].isEmpty

    func tell(_ exchange: Exchange) {
        count.withLock { count in
            count += 1
            complain(text(exchange, number: count))
        }
    }

    private func text(_ exchange: Exchange, number: Int) -> String {
        var lines = ["\(String(number).right(to: 3))  \(coloured(.bold, "\(exchange.method) \(exchange.url)".harmless))"]
        lines.append("     \(exchange.why.harmless)")
        lines += asked.compactMap { name in exchange.requestHeaders[name].map { coloured(.dim, "     > \(name): \(shortened($0))".harmless) } }
        lines.append(outcome(of: exchange))
        lines += answered.compactMap { name in exchange.responseHeaders[name].map { coloured(.dim, "     < \(name): \(shortened($0))".harmless) } }
        if let meaning = meaning(of: exchange) { lines.append("     = \(meaning)") }
        return lines.joined(separator: "\n")
    }

    private func outcome(of exchange: Exchange) -> String {
        let measures = "\(size(exchange.bodyBytes)), \(Int((exchange.seconds * 1000).rounded())) ms"
        // An answer whose body nobody needed is dropped, which the registry module counts as cancelled.
        let trouble = exchange.trouble.map { $0 == "context canceled" && exchange.status < 300 ? "" : " \($0)".harmless } ?? ""
        guard exchange.status > 0 else { return coloured(.red, "     < no answer:\(trouble)  (\(measures))") }
        let colour: Colour = exchange.status < 300 ? .green : exchange.status < 400 || exchange.status == 401 ? .yellow : .red
        return coloured(colour, "     < \(exchange.status) \(reasons[exchange.status] ?? "")".trimmed) + "  (\(measures))" + trouble
    }

    /// What a status says in this protocol.
    private func meaning(of exchange: Exchange) -> String? {
        switch exchange.status {
        case 206: "the rest of a blob whose connection broke"
        case 301, 302, 303, 307, 308: "it lies elsewhere; we go there, without our credentials"
        case 401:
            exchange.responseHeaders["WWW-Authenticate"]?.lowercased().hasPrefix("bearer") == true
                ? "first get a token, from the address in WWW-Authenticate" : "say who you are, by name and password"
        case 403: "we are known, and may not"
        case 404: "no such thing, or none that we may know of"
        case 416: "nothing is left from there on"
        case 429: "too often: wait, then again"
        case 500...: "the registry's own trouble: wait, then again"
        default: nil
        }
    }

    /// An `Accept` has many kinds in it, and a signature many digits.
    private func shortened(_ value: String) -> String { value.count > 160 ? "\(value.prefix(150))… (\(value.count) characters)" : value }

    private enum Colour: Int { case bold = 1, dim = 2, red = 31, green = 32, yellow = 33 }

    private func coloured(_ colour: Colour, _ text: String) -> String { isColoured ? "\u{1b}[\(colour.rawValue)m\(text)\u{1b}[0m" : text }
}

/// Header fields that tell something about pulling.
private let asked = ["Accept", "Authorization", "Range"]
private let answered = [
    "Content-Type", "Docker-Content-Digest", "Content-Range", "Location", "WWW-Authenticate", "Retry-After", "RateLimit-Limit", "RateLimit-Remaining"
]

private let reasons = [
    200: "OK", 202: "Accepted", 206: "Partial Content", 301: "Moved Permanently", 302: "Found", 303: "See Other", 307: "Temporary Redirect",
    308: "Permanent Redirect", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
    416: "Range Not Satisfiable", 429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"
]
