// A registry, a token service and a storage service elsewhere, on ports of loopback that the kernel chose. Each check says what they answer;
// what they were asked, they write into one book, in the order in which it came. The book is what judges: not what the module says of itself.
import Digests
import Foundation
import HTTP
import OCI
import Synchronization

/// One request, as the server saw it.
struct Entry: Sendable {
    /// Who was asked.
    let who: Who
    /// Its path, without the query.
    let path: String
    /// The field `Authorization`, as it came.
    let authorization: String?
}

/// The three servers.
enum Who: String, Sendable { case registry, tokens, elsewhere }

/// The servers, while a check runs.
final class Scene: Sendable {
    /// `127.0.0.1:PORT` of the registry and of the storage service.
    let registry: String, elsewhere: String
    /// Where tokens are to be had.
    let realm: String
    /// Differs from check to check, so that nothing can be known beforehand.
    let credential: (user: String, password: String)
    private let servers: [Server]
    private let book: Book

    /// What they were asked, and how to answer it.
    final class Book: Sendable {
        let entries = Mutex<[Entry]>([])
        let play = Mutex<(@Sendable (Entry) -> Response)?>(nil)
    }

    init() async throws {
        let book = Book()
        self.book = book
        credential = ("user\(UInt16.random(in: 0...9999))", "secret-\(UUID().uuidString)")
        var servers: [Server] = [], places: [String] = []
        for who in [Who.registry, .tokens, .elsewhere] {
            let server = Server(threads: 1) { request in
                let entry = Entry(who: who, path: request.path, authorization: request.headers["Authorization"])
                // The first question of a client, whether this is a registry at all, is no matter of the exercise.
                if who == .registry, request.path == "/v2/" { return Response(status: 200, body: .bytes(Array("{}".utf8))) }
                book.entries.withLock { $0.append(entry) }
                let play = book.play.withLock { $0 }
                return play?(entry) ?? Response(status: 404)
            }
            places.append("127.0.0.1:\(try await server.bind(host: "127.0.0.1", port: 0))")
            servers.append(server)
        }
        (registry, elsewhere, self.servers, realm) = (places[0], places[2], servers, "http://\(places[1])/token")
    }

    /// From now on requests are answered so; the book is empty again.
    func play(_ answer: @escaping @Sendable (Entry) -> Response) {
        book.entries.withLock { $0 = [] }
        book.play.withLock { $0 = answer }
    }

    /// What `who` was asked so far, of paths that contain `part`.
    func asked(_ who: Who, _ part: String = "/") -> [Entry] { book.entries.withLock { $0 }.filter { $0.who == who && $0.path.contains(part) } }

    /// How many requests came so far.
    var count: Int { book.entries.withLock { $0.count } }

    func end() async { for server in servers { await server.shutdown() } }
}

// MARK: What servers say

/// The image of all checks: one blob, one manifest.
enum Picture {
    static let blob = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 7 ^ $0 >> 8) }
    static let config = Array(#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#.utf8)
    static let descriptor = ContentDescriptor(mediaType: "application/vnd.oci.image.layer.v1.tar", digest: "\(Digest(of: blob))", size: Int64(blob.count))
    static let type = "application/vnd.oci.image.manifest.v1+json"
    static let manifest = Array(
        """
        {"schemaVersion":2,"mediaType":"\(type)","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"\(Digest(of: config))",\
        "size":\(config.count)},"layers":[{"mediaType":"\(descriptor.mediaType)","digest":"\(descriptor.digest)","size":\(descriptor.size)}]}
        """.utf8)

    /// The manifest, the configuration or the blob, as the path asks.
    static func answer(_ entry: Entry) -> Response {
        guard !entry.path.contains("/manifests/") else { return Response(status: 200, headers: ["Content-Type": type], body: .bytes(manifest)) }
        let bytes = entry.path.contains("\(Digest(of: config))") ? config : blob
        return Response(status: 200, headers: ["Content-Type": "application/octet-stream"], body: .bytes(bytes))
    }
}

extension Response {
    /// 401, with a challenge.
    static func unauthorized(_ challenge: String) -> Response {
        let body = Array(#"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}"#.utf8)
        return Response(status: 401, headers: ["WWW-Authenticate": challenge, "Content-Type": "application/json"], body: .bytes(body))
    }

    /// 307, to another place.
    static func redirect(to place: String) -> Response { Response(status: 307, headers: ["Location": place]) }

    /// What a token service gives.
    static func token(_ token: String) -> Response {
        Response(status: 200, headers: ["Content-Type": "application/json"], body: .bytes(Array(#"{"token":"\#(token)","expires_in":300}"#.utf8)))
    }
}

extension Scene {
    /// The value of `Authorization` for name and password.
    var basic: String { "Basic " + Data("\(credential.user):\(credential.password)".utf8).base64EncodedString() }
    /// The challenge that sends one to the token service.
    var bearer: String { #"Bearer realm="\#(realm)",service="lab",scope="repository:demo:pull""# }
}
