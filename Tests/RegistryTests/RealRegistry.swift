// Debian's docker-registry on a port of loopback, with an image that skopeo put there; with passwords, TLS of an authority of our own, and
// certificates of clients where a test wants them. Where one of the programs is missing, its suites say that they were not run.
import Foundation
import Glibc
import Synchronization

/// What the suites need of the machine.
enum Programs {
    static let registry = "/usr/bin/docker-registry", skopeo = "/usr/bin/skopeo", openssl = "/usr/bin/openssl"
    static let areThere = [registry, skopeo, openssl, "/usr/bin/tar"].allSatisfy { FileManager.default.isExecutableFile(atPath: $0) }
    static let hasTLS = FileManager.default.isExecutableFile(atPath: openssl)
}

struct ProgramFailed: Error, CustomStringConvertible {
    let description: String
}

@discardableResult
func run(_ program: String, _ arguments: [String]) throws -> String {
    let process = Process(), output = Pipe()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    (process.standardOutput, process.standardError) = (output, output)
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw ProgramFailed(description: "\(program) \(arguments): \(text)") }
    return text
}

/// Waits for what blocks on a thread of its own: the pool of tasks has as few threads as the machine processors.
func blocking<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Swift.Result { try body() }) }
    }
}

/// A folder of its own, removed at the end.
final class Folder: Sendable {
    let url: URL
    init() throws {
        url = URL(filePath: "/tmp/slipway-registry-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appending(path: name).path }

    @discardableResult
    func write(_ name: String, _ text: String) throws -> String {
        try FileManager.default.createDirectory(at: url.appending(path: name).deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url.appending(path: name))
        return path(name)
    }

    /// An authority (`ca.crt`), and what it vouches for: a server (`server.crt`, `.key`) and a client.
    func makeCertificates() throws {
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        try run(Programs.openssl, ["req", "-x509", "-subj", "/CN=Test CA", "-days", "2", "-keyout", path("ca.key"), "-out", path("ca.crt")] + key)
        try write("server.ext", "subjectAltName=DNS:registry.test")
        try write("client.ext", "extendedKeyUsage=clientAuth")
        for name in ["server", "client"] {
            try run(Programs.openssl, ["req", "-subj", "/CN=\(name)", "-keyout", path("\(name).key"), "-out", path("\(name).csr")] + key)
            try run(
                Programs.openssl,
                ["x509", "-req", "-in", path("\(name).csr"), "-CA", path("ca.crt"), "-CAkey", path("ca.key"), "-CAcreateserial", "-days", "2"]
                    + ["-extfile", path("\(name).ext"), "-out", path("\(name).crt")])
        }
    }
}

/// A program that serves, and says on which port.
final class Service: Sendable {
    let port: Int
    private let process: Process

    /// - Parameter announcement: what stands before the port in the program's output
    init(_ program: String, _ arguments: [String], in folder: Folder, announcement: String) throws {
        let process = Process(), output = Pipe()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.currentDirectoryURL = folder.url
        (process.standardOutput, process.standardError, process.standardInput) = (output, output, Pipe())
        try process.run()
        self.process = process
        var said = Data()
        var found: Int?
        while found == nil {
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else { break }
            said += more
            let text = String(decoding: said, as: UTF8.self)
            if let place = text.firstRange(of: announcement) {
                let digits = text[place.upperBound...].prefix { $0.isNumber }
                if digits.endIndex < text.endIndex { found = Int(digits) }
            }
        }
        guard let found else { throw ProgramFailed(description: "\(program): \(String(decoding: said, as: UTF8.self))") }
        port = found
        // Whatever it says later must not fill the pipe.
        output.fileHandleForReading.readabilityHandler = { _ = $0.availableData }
    }

    func stop() {
        // A child of Foundation's inherits a mask that holds SIGTERM back.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}

final class RealRegistry: Sendable {
    let folder: Folder
    private let service: Service
    var port: Int { service.port }

    init(password: Bool = false, tls: Bool = false, clients: Bool = false) throws {
        folder = try Folder()
        var http = "http:\n  addr: 127.0.0.1:0\n"
        if tls {
            try folder.makeCertificates()
            http += "  tls:\n    certificate: \(folder.path("server.crt"))\n    key: \(folder.path("server.key"))\n"
            if clients { http += "    clientcas:\n      - \(folder.path("ca.crt"))\n" }
        }
        // The password is `secret`.
        try folder.write("htpasswd", "me:$2b$05$mC4aS6osIY334OU8uBkz..wD4DeRjkcQzdBDt0A73DOIT8ByHkJhK\n")
        let auth = password ? "auth:\n  htpasswd:\n    realm: Test Realm\n    path: \(folder.path("htpasswd"))\n" : ""
        let storage = "storage:\n  filesystem:\n    rootdirectory: \(folder.path("data"))\n"
        let file = try folder.write("config.yml", "version: 0.1\nlog:\n  level: info\n\(storage)\(auth)\(http)")
        service = try Service(Programs.registry, ["serve", file], in: folder, announcement: "listening on 127.0.0.1:")
    }

    deinit { service.stop() }

    /// Puts an image of one layer there.
    func push(_ name: String) throws {
        let layout = "layout-\(UUID().uuidString.prefix(4))"
        try folder.write("tree/etc/motd", String(repeating: "Slipway ", count: 20_000))
        try run("/usr/bin/tar", ["-czf", folder.path("layer"), "-C", folder.path("tree"), "."])
        func blob(_ data: Data) throws -> String {
            try folder.write("blob", "")
            try data.write(to: folder.url.appending(path: "blob"))
            let digest = try String(run(Programs.openssl, ["dgst", "-sha256", "-r", folder.path("blob")]).prefix(64))
            try folder.write("\(layout)/blobs/sha256/\(digest)", "")
            try data.write(to: folder.url.appending(path: "\(layout)/blobs/sha256/\(digest)"))
            return "\"digest\":\"sha256:\(digest)\",\"size\":\(data.count)"
        }
        let layer = try blob(Data(contentsOf: folder.url.appending(path: "layer")))
        let config = try blob(Data(#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]},"config":{}}"#.utf8))
        let type = "application/vnd.oci.image"
        let manifest = try blob(
            Data(
                #"{"schemaVersion":2,"config":{"mediaType":"\#(type).config.v1+json",\#(config)},"layers":[{"mediaType":"\#(type).layer.v1.tar+gzip",\#(layer)}]}"#
                    .utf8))
        try folder.write("\(layout)/oci-layout", #"{"imageLayoutVersion":"1.0.0"}"#)
        try folder.write("\(layout)/index.json", #"{"schemaVersion":2,"manifests":[{"mediaType":"\#(type).manifest.v1+json",\#(manifest)}]}"#)
        var options = ["copy", "--dest-tls-verify=false", "--dest-creds=me:secret", "--insecure-policy"]
        if FileManager.default.fileExists(atPath: folder.path("client.crt")) {
            for (from, to) in [("client.crt", "client.cert"), ("client.key", "client.key")] {
                try folder.write("certs/\(to)", String(contentsOfFile: folder.path(from), encoding: .utf8))
            }
            options.append("--dest-cert-dir=\(folder.path("certs"))")
        }
        try run(Programs.skopeo, options + ["oci:\(folder.path(layout))", "docker://127.0.0.1:\(port)/\(name)"])
    }
}
