// A registry in memory, on loopback, that keeps a log and can be told to misbehave. It answers what a pull asks: manifests by tag and digest,
// blobs, `/v2/`.

import Digests
import FoundationEssentials
import HTTP
import Linux
import OCI
import Synchronization

final class ScriptedRegistry: Sendable {
    typealias Script = @Sendable (Request) async -> Response?

    private struct State {
        var manifests: [String: (mediaType: String, bytes: [UInt8])] = [:]
        var blobs: [String: [UInt8]] = [:]
        var log: [String] = []
        var script: Script = { _ in nil }
    }
    private let state = Mutex(State())
    private let server = Mutex<Server?>(nil)
    private let port = Mutex(0)

    static func start() async throws -> ScriptedRegistry {
        let registry = ScriptedRegistry()
        let server = Server(threads: 1) { await registry.answer($0) }
        let port = try await server.bind(host: "127.0.0.1", port: 0)
        registry.server.withLock { $0 = server }
        registry.port.withLock { $0 = port }
        return registry
    }

    func stop() async { await server.withLock { $0 }?.shutdown() }

    /// `127.0.0.1:PORT/name`
    func reference(_ name: String) throws -> Reference { try Reference(parsing: "127.0.0.1:\(port.withLock { $0 })/\(name)") }

    // MARK: Contents

    func blob(_ bytes: [UInt8], _ mediaType: String) -> ContentDescriptor {
        let digest = Digest(of: bytes).description
        state.withLock { $0.blobs[digest] = bytes }
        return ContentDescriptor(mediaType: mediaType, digest: digest, size: Int64(bytes.count))
    }

    /// Stores a document under its digest, and under a tag.
    @discardableResult
    func document(_ bytes: [UInt8], _ mediaType: String, at name: String = "") -> ContentDescriptor {
        let digest = Digest(of: bytes).description
        state.withLock { state in
            for key in [digest, name] where !key.isEmpty { state.manifests[key] = (mediaType, bytes) }
        }
        return ContentDescriptor(mediaType: mediaType, digest: digest, size: Int64(bytes.count))
    }

    /// A whole image; `name` is `repository:tag`, or empty.
    @discardableResult
    func image(
        _ name: String, _ layers: [[UInt8]], platform: Platform = .current, isDocker: Bool = false, diffIDs: [String]? = nil,
        edit: (inout Manifest) -> Void = { _ in }
    ) throws -> ContentDescriptor {
        let rootfs = ImageConfiguration.RootFileSystem(diffIDs: diffIDs ?? layers.map { Digest(of: $0).description })
        var defaults = ImageConfiguration.RunDefaults()
        (defaults.cmd, defaults.labels) = (["sh"], ["image": name])
        let configuration = ImageConfiguration(
            architecture: platform.architecture, os: platform.os, variant: platform.variant, created: "2026-01-02T03:04:05Z", config: defaults, rootfs: rootfs)
        var manifest = Manifest(
            mediaType: isDocker ? MediaType.dockerManifest : MediaType.manifest,
            config: blob(try json(configuration), isDocker ? MediaType.dockerConfiguration : MediaType.configuration),
            layers: layers.map { blob($0, isDocker ? MediaType.dockerLayer : MediaType.layer) })
        edit(&manifest)
        var descriptor = document(try json(manifest), isDocker ? MediaType.dockerManifest : MediaType.manifest, at: name)
        descriptor.platform = platform
        return descriptor
    }

    @discardableResult
    func index(_ name: String, _ manifests: [ContentDescriptor]) throws -> ContentDescriptor {
        document(try json(Index(manifests: manifests)), MediaType.index, at: name)
    }

    // MARK: Behaviour

    /// What is asked before the contents; nil leaves the answer to them.
    func script(_ script: @escaping Script) { state.withLock { $0.script = script } }
    func behave() { script { _ in nil } }

    /// `GET /v2/…` lines, in order.
    var log: [String] { state.withLock { $0.log } }
    /// How often each blob was asked for.
    var fetches: [String: Int] {
        log.filter { $0.contains("/blobs/") }.reduce(into: [:]) { $0[String($1.split(separator: "/").last ?? ""), default: 0] += 1 }
    }
    func forgetLog() { state.withLock { $0.log = [] } }

    private func answer(_ request: Request) async -> Response {
        let script = state.withLock { state in
            state.log.append("\(request.method) \(request.path)")
            return state.script
        }
        if let scripted = await script(request) { return scripted }
        let parts = request.segments
        guard parts.first == "v2" else { return Response(status: 404) }
        guard parts.count > 3, let key = parts.last else { return Response(status: 200, body: .bytes(Array("{}".utf8))) }
        let name = parts[1..<(parts.count - 2)].joined(separator: "/")
        if parts[parts.count - 2] == "blobs", let bytes = state.withLock({ $0.blobs[key] }) { return Response(status: 200, body: .bytes(bytes)) }
        if let found = state.withLock({ $0.manifests[key] ?? $0.manifests["\(name):\(key)"] }) {
            return Response(
                status: 200, headers: ["Content-Type": found.mediaType, "Docker-Content-Digest": Digest(of: found.bytes).description], body: .bytes(found.bytes)
            )
        }
        let code = parts[parts.count - 2] == "blobs" ? ("BLOB_UNKNOWN", "blob unknown to registry") : ("MANIFEST_UNKNOWN", "manifest unknown")
        let text = #"{"errors":[{"code":"\#(code.0)","message":"\#(code.1)"}]}"#
        return Response(status: 404, headers: ["Content-Type": "application/json"], body: .bytes(Array(text.utf8)))
    }
}

func json(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(value))
}

extension Request {
    func isBlob(_ digest: String) -> Bool { path.hasSuffix("/blobs/\(digest)") }
    var isManifest: Bool { path.contains("/manifests/") }
}
