// A registry whose answers a test writes down: our own server of HTTP, which remembers what it was asked. As every registry on loopback it is
// asked for https first, refuses that, and is then met over http; `GET /v2/` is answered for the test unless it wants to do that itself.
import Credentials
import Digests
import HTTP
import OCI
import Registry
import Synchronization
import Testing

/// A request that came.
struct Asked: Sendable {
    let line: String
    let query: Query
    let headers: Headers
    let body: String
}

final class ScriptedRegistry: Sendable {
    private let log = Mutex<[Asked]>([])
    private let server = Mutex<Server?>(nil)
    private let number = Mutex(0)
    var port: Int { number.withLock { $0 } }
    var domain: String { "127.0.0.1:\(port)" }

    /// What was asked but for `GET /v2/`.
    var asked: [Asked] { log.withLock { $0.filter { $0.line != "GET /v2/" } } }
    var all: [Asked] { log.withLock { $0 } }

    /// How often a path was asked for.
    func count(_ path: String) -> Int { asked.filter { $0.line.hasSuffix(path) }.count }

    func start(_ answer: @escaping @Sendable (Request, ScriptedRegistry) async -> Response) async throws {
        let made = Server { request in
            let body = try? await request.body.collect()
            let asked = Asked(
                line: "\(request.method) \(request.path)", query: request.query, headers: request.headers, body: String(decoding: body ?? [], as: UTF8.self))
            self.log.withLock { $0.append(asked) }
            return await answer(request, self)
        }
        server.withLock { $0 = made }
        let port = try await made.bind(host: "127.0.0.1", port: 0)
        number.withLock { $0 = port }
    }

    func stop() async { await server.withLock { $0 }?.shutdown() }

    func name(_ rest: String = "library/x:latest") throws -> Reference { try Reference(parsing: "\(domain)/\(rest)") }
}

/// Runs a scripted registry while `body` lasts. The answer nil means 200 for `/v2/` and 404 for all else.
func withRegistry<Result>(
    _ answer: @escaping @Sendable (Request, ScriptedRegistry) async -> Response?, _ body: (ScriptedRegistry) async throws -> Result
) async throws -> Result {
    let registry = ScriptedRegistry()
    try await registry.start { request, registry in
        await answer(request, registry) ?? Response(status: request.path == "/v2/" ? 200 : 404)
    }
    do {
        let result = try await body(registry)
        await registry.stop()
        return result
    } catch {
        await registry.stop()
        throw error
    }
}

/// Settings for tests: the same rules with short waits.
func quick(_ change: (inout RegistrySettings) -> Void = { _ in }) -> RegistrySettings {
    var settings = RegistrySettings()
    (settings.firstPause, settings.attempts, settings.certificates) = (.milliseconds(1), 3, [])
    change(&settings)
    return settings
}

extension Response {
    static func json(_ text: String, status: Int = 200, type: String = "application/json", _ more: Headers = [:]) -> Response {
        var headers = more
        headers["Content-Type"] = type
        return Response(status: status, headers: headers, body: .bytes(Array(text.utf8)))
    }

    static func refusal(_ status: Int, _ code: String, _ message: String) -> Response {
        json(#"{"errors":[{"code":"\#(code)","message":"\#(message)"}]}"#, status: status)
    }

    static func challenge(_ text: String) -> Response {
        Response(
            status: 401, headers: ["WWW-Authenticate": text],
            body: .bytes(Array(#"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required","detail":null}]}"#.utf8)))
    }

    static func redirect(_ place: String) -> Response { Response(status: 307, headers: ["Location": place]) }
}

/// A manifest that is right.
let someManifest = #"""
    {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
     "config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:\#(String(repeating: "1", count: 64))","size":2},"layers":[]}
    """#
let someDigest = "\(Digest(of: Array(someManifest.utf8)))"

func descriptor(_ bytes: [UInt8], size: Int64? = nil) -> ContentDescriptor {
    ContentDescriptor(mediaType: MediaType.gzipLayer, digest: "\(Digest(of: bytes))", size: size ?? Int64(bytes.count))
}

/// Bytes of which every place is recognisable.
func pattern(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8 &+ $0 >> 16) } }

extension BlobStream {
    /// All of it, and what it ended with.
    func all() async -> (bytes: [UInt8], error: RegistryError?) {
        var bytes: [UInt8] = []
        do throws(RegistryError) {
            for try await chunk in self { bytes += chunk }
            return (bytes, nil)
        } catch {
            return (bytes, error)
        }
    }
}

/// What something failed with, in words; empty where it did not fail.
func failure(of body: () async throws(RegistryError) -> Void) async -> String {
    do throws(RegistryError) {
        try await body()
        return ""
    } catch {
        return error.description
    }
}

/// The exchanges that an observer was told of.
final class Exchanges: Sendable {
    private let told = Mutex<[Exchange]>([])
    var all: [Exchange] { told.withLock { $0 } }
    func add(_ exchange: Exchange) { told.withLock { $0.append(exchange) } }
}
