import Credentials
import Digests
import Foundation
import HTTP
import Linux
import OCI
import Registry
import Synchronization
import Testing

private let why: Comment = "UNVERIFIED HERE: needs docker-registry, skopeo, openssl and tar"

/// Fetches an image's manifest and everything in it, digests compared; an empty text, or what went wrong.
private func pull(_ name: String, _ settings: RegistrySettings = quick(), _ credential: Credential? = nil) async throws -> String {
    let repository = RegistryClient(settings).repository(try Reference(parsing: name), credential)
    do throws(RegistryError) {
        let manifest = try await repository.manifest()
        guard let decoded = try? JSONDecoder().decode(Manifest.self, from: Data(manifest.bytes)) else { return "no manifest" }
        for descriptor in [decoded.config] + decoded.layers {
            let (bytes, error) = try await repository.blob(descriptor).all()
            if let error { throw error }
            guard "\(Digest(of: bytes))" == descriptor.digest else { return "wrong bytes" }
        }
        return decoded.layers.count == 1 ? "" : "no layer"
    } catch {
        return error.description
    }
}

/// Carries https to 127.0.0.1, whatever host is asked for: a test's registry has a name that way.
private func withProxy<Result>(_ body: (RawServer) async throws -> Result) async throws -> Result {
    try await withRaw(
        { head, connection in
            let port = head.split(separator: " ")[1].split(separator: ":").last.flatMap { Int($0) } ?? 0
            guard head.hasPrefix("CONNECT "), let far = try? connect(host: "127.0.0.1", port: port) else {
                connection.send("HTTP/1.1 502 Nobody There\r\n\r\n")
                return
            }
            connection.send("HTTP/1.1 200 OK\r\nX: y\r\n\r\n")
            connection.relay(to: far.release())
        }, body)
}

extension RawConnection {
    fileprivate func relay(to far: FileDescriptor) {
        let near = FileDescriptor(rawValue: socket)
        Thread.detachNewThread { [self] in
            copy(near, far)
            _ = self
        }
        copy(far, near)
        try? far.close()  // closed once
    }

    private func copy(_ from: FileDescriptor, _ to: FileDescriptor) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while let count = try? buffer.withUnsafeMutableBytes({ try from.read(into: $0) }), count > 0 {
            guard (try? to.writeAll(buffer.prefix(count))) != nil else { break }
        }
        try? shutdown(to, .writing)
    }
}

@Suite("Debian's registry", .enabled(if: Programs.areThere, why), .timeLimit(.minutes(2)))
struct RealRegistryTests {
    @Test("gives an image over http on loopback, and says in Docker's words what it does not have")
    func plain() async throws {
        let registry = try await blocking { try RealRegistry() }, host = "127.0.0.1:\(registry.port)"
        try await blocking { try registry.push("library/x:1") }
        #expect(try await pull("\(host)/library/x:1") == "")
        #expect(try await pull("localhost:\(registry.port)/library/x:1") == "")
        #expect(try await pull("\(host)/library/x:2") == "manifest for \(host)/library/x:2 not found: manifest unknown: manifest unknown")
        let pin = "sha256:\(String(repeating: "0", count: 64))"
        #expect(try await pull("\(host)/library/x@\(pin)") == "manifest for \(host)/library/x@\(pin) not found: manifest unknown: manifest unknown")
        #expect(try await pull("\(host)/y") == "manifest for \(host)/y:latest not found: manifest unknown: manifest unknown")
    }

    @Test("with passwords lets in who knows one")
    func basic() async throws {
        let registry = try await blocking { try RealRegistry(password: true) }, host = "127.0.0.1:\(registry.port)"
        try await blocking { try registry.push("x:1") }
        let me = Credential(username: "me", password: "secret")
        #expect(try await pull("\(host)/x:1", quick(), me) == "")
        #expect(try await pull("\(host)/x:1") == "Get \"http://\(host)/v2/\": no basic auth credentials")
        #expect(try await pull("\(host)/x:1", quick(), Credential(username: "me", password: "Secret")) == "unauthorized: authentication required")
        #expect(try await RegistryClient(quick()).logIn(to: host, me) == "")
        await #expect(throws: RegistryError.unauthorized("login attempt to http://\(host)/v2/ failed with status: 401 Unauthorized")) {
            _ = try await RegistryClient(quick()).logIn(to: host, Credential(username: "you", password: "secret"))
        }
    }

    @Test("over TLS is believed where its authority is known, under its own name, or where it is listed as insecure")
    func tls() async throws {
        let registry = try await blocking { try RealRegistry(tls: true) }, name = "registry.test:\(registry.port)"
        try await blocking { try registry.push("x:1") }
        // Loopback needs no authority.
        #expect(try await pull("127.0.0.1:\(registry.port)/x:1") == "")
        try await withProxy { proxy in
            let settings = quick { $0.proxies.https = "http://me:secret@127.0.0.1:\(proxy.port)" }
            let unknown = try await pull("\(name)/x:1", settings)
            #expect(unknown.hasPrefix("Get \"https://\(name)/v2/\": tls: failed to verify certificate: x509: certificate signed by unknown authority"))
            let certificates = try String(contentsOfFile: registry.folder.path("ca.crt"), encoding: .utf8)
            for host in [name, "other.test:\(registry.port)"] { try registry.folder.write("certs.d/\(host)/ca.crt", certificates) }
            var knowing = settings
            knowing.certificates = [FilePath("/nonexistent"), FilePath(registry.folder.path("certs.d"))]
            #expect(try await pull("\(name)/x:1", knowing) == "")
            let other = try await pull("other.test:\(registry.port)/x:1", knowing)
            #expect(other.contains("x509: certificate is not valid for other.test"))
            var careless = settings
            careless.insecure = [name]
            #expect(try await pull("\(name)/x:1", careless) == "")
            #expect(proxy.asked.allSatisfy { $0.contains("Proxy-Authorization: Basic bWU6c2VjcmV0\r\n") })
        }
    }

    @Test("that asks for certificates of clients gets ours, from the folder that bears its name")
    func clientCertificates() async throws {
        let registry = try await blocking { try RealRegistry(tls: true, clients: true) }, host = "127.0.0.1:\(registry.port)"
        try await blocking { try registry.push("x:1") }
        var settings = quick()
        let unasked = try await pull("\(host)/x:1", settings)
        #expect(unasked == "Get \"https://\(host)/v2/\": remote error: tls: bad certificate")
        settings.certificates = [FilePath(registry.folder.path("certs.d"))]
        for (from, to) in [("client.crt", "client.cert"), ("client.key", "client.key")] {
            try registry.folder.write("certs.d/\(host)/\(to)", String(contentsOfFile: registry.folder.path(from), encoding: .utf8))
        }
        #expect(try await pull("\(host)/x:1", settings) == "")
        try registry.folder.write("certs.d/\(host)/client.key", "no key")
        let unreadable = try await pull("\(host)/x:1", settings)
        #expect(unreadable.contains("read \(registry.folder.path("certs.d"))/\(host)/client.key"))
    }
}

@Suite("A registry over TLS", .enabled(if: Programs.hasTLS, "UNVERIFIED HERE: needs openssl"), .timeLimit(.minutes(1)))
struct ScriptedTLSTests {
    /// `openssl s_server` answers each path with the file of that name, which is a whole response.
    private func withFiles(_ files: [String: String], _ body: (Service, Folder) async throws -> Void) async throws {
        let folder = try Folder()
        let service = try await blocking {
            try folder.makeCertificates()
            for (path, response) in files { try folder.write(path, response) }
            return try Service(
                Programs.openssl, ["s_server", "-HTTP", "-cert", "server.crt", "-key", "server.key", "-accept", "127.0.0.1:0"], in: folder,
                announcement: "ACCEPT 127.0.0.1:")
        }
        defer { service.stop() }
        try await body(service, folder)
    }

    @Test("is not left for http by a redirect, and is told no password for a token service without TLS")
    func downgrade() async throws {
        let blob = pattern(10)
        try await withRegistry({ _, _ in Response(status: 200, body: .bytes(blob)) }) { plain in
            let files = [
                "v2/x/manifests/moved": "HTTP/1.1 307 Go\r\nLocation: http://\(plain.domain)/b\r\nContent-Length: 0\r\n\r\n",
                "v2/x/manifests/latest": "HTTP/1.1 401 No\r\nWWW-Authenticate: Bearer realm=\"http://\(plain.domain)/token\"\r\nContent-Length: 0\r\n\r\n"
            ]
            try await withFiles(files) { service, _ in
                let name = try Reference(parsing: "127.0.0.1:\(service.port)/x")
                let repository = RegistryClient(quick()).repository(name, Credential(username: "me", password: "secret"))
                let redirected = await failure(of: { () async throws(RegistryError) in _ = try await repository.manifest("moved") })
                #expect(redirected.hasSuffix("refused to follow a redirect from https to http://\(plain.domain)/b"))
                let challenged = await failure(of: { () async throws(RegistryError) in _ = try await repository.manifest() })
                #expect(challenged.contains("names no token service that can be trusted: realm \"http://\(plain.domain)/token\""))
                #expect(plain.all.isEmpty)
            }
        }
    }
}
