// Bodies in and out: JSON as Docker's clients expect it, and errors as `{"message":…}` with the status that their kind has. Chapter 12.
import DockerAPI
import Engine
import FoundationEssentials
import HTTP

/// The one table from what can go wrong to HTTP.
func statusCode(of kind: EngineError.Kind) -> Int {
    switch kind {
    case .invalid: 400
    case .unauthorized: 401
    case .forbidden: 403
    case .notFound: 404
    case .conflict: 409
    case .unchanged: 304
    case .unsupported: 501
    case .failed: 500
    }
}

extension Response {
    /// A value as JSON.
    static func json(_ value: some Encodable, status: Int = 200) throws -> Response {
        Response(status: status, headers: ["Content-Type": "application/json"], body: .bytes(try jsonLine(value)))
    }

    /// Nothing but a status.
    static func empty(_ status: Int) -> Response { Response(status: status) }

    /// A refusal.
    static func error(_ error: EngineError) -> Response {
        let number = statusCode(of: error.kind)
        if number == 304 { return .empty(304) }
        let body = (try? jsonLine(ErrorReply(error.message))) ?? []  // a text always encodes
        return Response(status: number, headers: ["Content-Type": "application/json"], body: .bytes(body))
    }

    /// JSON objects, a line each, as they come.
    static func lines(_ produce: @escaping @Sendable (ResponseWriter) async throws -> Void) -> Response {
        Response(status: 200, headers: ["Content-Type": "application/json"], body: .stream(produce))
    }
}

/// A value as JSON with a newline.
func jsonLine(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(value)) + [UInt8(ascii: "\n")]
}

extension Call {
    /// The body, with what it says; nil where there is none and `optional` allows it.
    func body<Value: Decodable>(_ type: Value.Type) async throws -> (value: Value, text: String) {
        let bytes = try await collected()
        guard !bytes.isEmpty else { throw EngineError(.invalid, "invalid JSON: got EOF while reading request body") }
        let kind = request.headers["Content-Type"] ?? ""
        guard kind.split(separator: ";").first.map({ $0.lowercased() }) == "application/json" else {
            throw EngineError(.invalid, "malformed Content-Type header (\(kind)): unsupported media type")
        }
        do {
            return (try JSONDecoder().decode(type, from: Data(bytes)), String(decoding: bytes, as: UTF8.self))
        } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context) {
            let place = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
            throw EngineError(.invalid, "invalid JSON: \(place): \(context.debugDescription)")
        } catch {
            throw EngineError(.invalid, "invalid JSON: the request's body is malformed")
        }
    }

    /// The body's bytes, at most 4 MiB of them.
    func collected() async throws -> [UInt8] {
        do { return try await request.body.collect(upTo: 4 << 20) } catch { throw EngineError(.invalid, "read the request's body: \(error)") }
    }
}
