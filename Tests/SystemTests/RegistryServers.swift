// Registries for tests: Debian's docker-registry, filled by skopeo, and one of ours that misbehaves on purpose (Tests/Fixtures/registry.py).
// Images are OCI layouts made by Tests/Fixtures/layout.py and hardcases.py. All of it on loopback, in the sandbox.
import Foundation
import Glibc
import Testing

/// The scripts beside the sources, which the sandbox can read.
func fixture(_ name: String) -> String {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(path: "Fixtures/\(name)").path
}

extension Machine {
    static func has(_ tools: String...) -> Bool {
        tools.allSatisfy { tool in
            ["/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin"].contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(tool)") }
        }
    }
    static let hasRegistry = isSandbox && has("docker-registry", "skopeo", "python3")
    static let whyNoRegistry: Comment = "UNVERIFIED HERE: needs docker-registry, skopeo and python3 (make setup), root, and the sandbox that `make test` makes"
    static let hasUmoci = hasRegistry && has("umoci", "tar", "zstd")
    static let whyNoUmoci: Comment = "UNVERIFIED HERE: needs umoci, zstd and docker-registry (make setup), root, and the sandbox that `make test` makes"
}

/// Debian's docker-registry over a folder of its own.
final class GenuineRegistry: @unchecked Sendable {
    let folder: URL, port: Int
    private let process = Process()
    private var logPath: URL { folder.appending(path: "log") }
    var host: String { "127.0.0.1:\(port)" }
    /// One line for each request.
    var log: String { (try? String(contentsOf: logPath, encoding: .utf8)) ?? "" }

    /// - Parameter isGuarded: speaks TLS by a certificate that nobody vouches for, and asks for the name `me` and the password `secret`
    init(_ name: String = "registry", isGuarded: Bool = false) throws {
        folder = URL(filePath: "/tmp/slipway-\(name)-\(UUID().uuidString.prefix(6))")
        try FileManager.default.createDirectory(at: folder.appending(path: "store"), withIntermediateDirectories: true)
        port = freePort()
        let configuration = """
            version: 0.1
            log: {accesslog: {disabled: false}, level: info}
            storage: {filesystem: {rootdirectory: \(folder.path)/store}, delete: {enabled: true}}
            http: {addr: "127.0.0.1:\(port)"\(isGuarded ? ", tls: {certificate: \(folder.path)/crt, key: \(folder.path)/key}" : "")}
            \(isGuarded ? "auth: {htpasswd: {realm: test, path: \(folder.path)/htpasswd}}" : "")
            """
        if isGuarded { try guardIt() }
        try configuration.write(to: folder.appending(path: "config.yml"), atomically: true, encoding: .utf8)
        _ = FileManager.default.createFile(atPath: logPath.path, contents: nil)
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["docker-registry", "serve", folder.appending(path: "config.yml").path]
        process.standardOutput = try FileHandle(forWritingTo: logPath)
        process.standardError = process.standardOutput
        try process.run()
        let host = host
        guard eventually(within: 20, { (try? run(["curl", "-sk", "http\(isGuarded ? "s" : "")://\(host)/v2/"], seconds: 5).status) == 0 }) else {
            throw Refused(description: "docker-registry did not come up: \(log)")
        }
    }

    deinit {
        process.terminate()
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: folder)
    }

    private func guardIt() throws {
        // The line is bcrypt's of `secret`.
        let line = "me:$2b$05$mC4aS6osIY334OU8uBkz..wD4DeRjkcQzdBDt0A73DOIT8ByHkJhK\n"
        try line.write(to: folder.appending(path: "htpasswd"), atomically: true, encoding: .utf8)
        let words = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=registry -addext subjectAltName=IP:127.0.0.1 -keyout key -out crt"
        let made = try run(["sh", "-c", "cd \(folder.path) && openssl \(words)"])
        guard made.status == 0 else { throw Refused(description: "openssl: \(made)") }
    }

    /// Puts an image of an OCI layout into the registry, and gives its full name.
    @discardableResult
    func fill(_ name: String, from layout: String, as user: [String] = []) throws -> String {
        let words = ["skopeo", "--insecure-policy", "copy", "-q", "--dest-tls-verify=false"] + user + ["oci:\(layout)", "docker://\(host)/\(name)"]
        let outcome = try run(words, seconds: 120)
        guard outcome.status == 0 else { throw Refused(description: "skopeo: \(outcome)") }
        return "\(host)/\(name)"
    }

    /// How often each blob was fetched.
    func fetches() -> [String: Int] {
        var counts: [String: Int] = [:]
        for line in log.split(separator: "\n") {
            guard let start = line.range(of: "\"GET /v2/") else { continue }
            let path = line[start.upperBound...].prefix { $0 != " " }
            guard let blob = path.range(of: "/blobs/") else { continue }
            counts[String(path[blob.upperBound...]), default: 0] += 1
        }
        return counts
    }
}

/// The registry that misbehaves: the fault is the repository's name.
final class HostileRegistry: @unchecked Sendable {
    let port: Int
    private let process = Process()
    private let logPath: URL
    var host: String { "127.0.0.1:\(port)" }
    var log: String { (try? String(contentsOf: logPath, encoding: .utf8)) ?? "" }

    /// - Parameter layout: what it serves where it behaves
    init(_ layout: String) throws {
        logPath = URL(filePath: "/tmp/slipway-hostile-\(UUID().uuidString.prefix(6)).log")
        _ = FileManager.default.createFile(atPath: logPath.path, contents: nil)
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", "-B", fixture("registry.py"), layout]
        process.standardOutput = try FileHandle(forWritingTo: logPath)
        try process.run()
        let path = logPath
        func first() -> Substring? { (try? String(contentsOf: path, encoding: .utf8))?.split(separator: "\n").first { $0.hasPrefix("port ") } }
        guard eventually(within: 20, { first() != nil }), let port = first().flatMap({ Int($0.dropFirst(5)) }) else {
            throw Refused(description: "registry.py did not come up")
        }
        self.port = port
    }

    deinit {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: logPath)
    }
}

/// A port that nobody has at this moment.
func freePort() -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            _ = bind(descriptor, $0, length)
            _ = getsockname(descriptor, $0, &length)
        }
    }
    return Int(UInt16(bigEndian: address.sin_port))
}

/// OCI layouts in a folder that goes with the value.
final class Layouts: @unchecked Sendable {
    let folder = URL(filePath: "/tmp/slipway-layouts-\(UUID().uuidString.prefix(6))")
    var path: String { folder.appending(path: "layout").path }

    init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// Runs a script that may import `layout` and `tarfile`; `FOLDER` is the layout's path. Returns its output.
    @discardableResult
    func python(_ script: String, seconds: Double = 120) throws -> String {
        let start =
            "import sys, io, os, tarfile\nsys.dont_write_bytecode = True\nsys.path.insert(0, '\(URL(filePath: fixture("")).path)')\nFOLDER = '\(path)'\n"
        let outcome = try run(["python3", "-c", start + helpers + script], seconds: seconds)
        guard outcome.status == 0 else { throw Refused(description: "python: \(outcome)") }
        return outcome.line
    }

    /// Makes an image of busybox and one layer for each of `layers` (name to text).
    func image(_ tag: String, _ layers: [[String: String]] = [], compress: String = "gzip") throws {
        let made = layers.map { "files({" + $0.map { "'\($0.key)': b'''\($0.value)'''" }.joined(separator: ", ") + "})" }.joined(separator: ", ")
        try python("Layout(FOLDER).image('\(tag)', [busybox(), \(made)], '\(compress)')")
    }

    private let helpers = """
        from layout import Layout, digest
        def files(entries, **more):
            buffer = io.BytesIO()
            with tarfile.open(fileobj=buffer, mode='w', format=tarfile.PAX_FORMAT) as tar:
                for name, data in entries.items():
                    info = tarfile.TarInfo(name)
                    info.size, info.mode = len(data), 0o755
                    tar.addfile(info, io.BytesIO(data))
            return buffer.getvalue()
        def entries(*infos):
            buffer = io.BytesIO()
            with tarfile.open(fileobj=buffer, mode='w', format=tarfile.PAX_FORMAT) as tar:
                for name, kind, link in infos:
                    info = tarfile.TarInfo(name)
                    info.type, info.linkname, info.mode = kind, link, 0o755
                    data = b'planted' if kind == tarfile.REGTYPE else b''
                    info.size = len(data)
                    tar.addfile(info, io.BytesIO(data))
            return buffer.getvalue()
        def busybox():
            buffer = io.BytesIO()
            with tarfile.open(fileobj=buffer, mode='w', format=tarfile.PAX_FORMAT) as tar:
                tar.add('/bin/busybox', 'bin/busybox')
                for name in ('sh', 'ls', 'cat', 'echo', 'sleep', 'true', 'id', 'stat', 'find', 'wc'):
                    info = tarfile.TarInfo('bin/' + name)
                    info.type, info.linkname = tarfile.SYMTYPE, 'busybox'
                    tar.addfile(info)
                data = b'root:x:0:0:root:/root:/bin/sh\\n'
                info = tarfile.TarInfo('etc/passwd')
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
            return buffer.getvalue()

        """
}
