// Images from registries, as the API asks for them: pull, login, and what a registry has under a name. The work is done in Images; here a
// request's texts become values, and what comes back Docker's words. Chapters 08 and 12.
import Credentials
import Digests
public import DockerAPI
import FoundationEssentials
import Images
import OCI
import Offload
import Registry

extension ContainerEngine {
    /// Begins a pull.
    ///
    /// - Parameters:
    ///   - image: a name, which may have a tag or digest itself
    ///   - tag: a tag or a digest; empty where the name says it, and all tags of the repository where it does not either
    ///   - platform: `os/architecture[/variant]`; empty for this machine's
    ///   - authentication: the header X-Registry-Auth
    public func pull(_ image: String, tag: String, platform: String, authentication: String) throws(EngineError) -> PullStream {
        let name = try pulledName(image, tag), credential = try credential(fromHeader: authentication)
        let wanted: Platform?
        do throws(PlatformError) { wanted = platform.isEmpty ? nil : try Platform(parsing: platform) } catch {
            throw EngineError(.invalid, error.description)
        }
        return PullStream { (lines) throws(EngineError) in
            guard name.tag == nil, name.digest == nil else {
                _ = try await self.pull(name, wanted, credential) { lines.put($0, asked: name) }
                return
            }
            try await self.pullAll(name, wanted, credential, lines)
        }
    }

    private func pull(
        _ name: Reference, _ platform: Platform?, _ credential: Credential?, progress: @escaping @Sendable (PullProgress) -> Void
    ) async throws(EngineError) -> Bool {
        let pulled: PulledImage
        do throws(ImagesError) {
            pulled = try await puller.pull(name, platform: platform, credential: credential, progress: progress)
        } catch {
            throw EngineError(error)
        }
        await publishImage("pull", name.familiar, name: name.familiarName, of: pulled.id.description)
        return pulled.isNewer
    }

    /// One tag after the other, as Docker does, and one status for all.
    private func pullAll(_ name: Reference, _ platform: Platform?, _ credential: Credential?, _ lines: ProgressQueue) async throws(EngineError) {
        let tags: [String]
        do throws(ImagesError) { tags = try await puller.tags(of: name, credential: credential) } catch { throw EngineError(error) }
        var isNewer = false
        for tag in tags {
            let isThisNewer = try await pull(name.with(tag: tag), platform, credential) { step in
                if case .isNewer = step { return }
                lines.put(step, asked: name)
            }
            isNewer = isNewer || isThisNewer
        }
        lines.put(.isNewer(isNewer), asked: name)
    }

    /// `fromImage` and `tag`, which may be a digest. Neither means all tags; so does a colon that old clients leave behind the name.
    private func pulledName(_ image: String, _ tag: String) throws(EngineError) -> Reference {
        do throws(ReferenceError) {
            let name = try Reference(parsing: image.hasSuffix(":") ? String(image.dropLast()) : image)
            if tag.hasPrefix("sha256:") { return try Reference(parsing: "\(name.name)@\(tag)") }
            if !tag.isEmpty {
                guard Reference.isValid(tag: tag) else { throw .invalidFormat }
                return name.with(tag: tag)
            }
            return name
        } catch {
            throw EngineError(.invalid, error.description)
        }
    }

    /// Reads X-Registry-Auth: base64 of JSON, in either alphabet, padded or not.
    /// - Returns: nil where it says nothing
    func credential(fromHeader text: String) throws(EngineError) -> Credential? {
        guard !text.isEmpty else { return nil }
        guard let bytes = Base64.decoded(text) else { throw EngineError(.invalid, "invalid X-Registry-Auth header: it is not base64") }
        do { return try credential(try JSONDecoder().decode(AuthenticationRequest.self, from: Data(bytes))) } catch let error as EngineError {
            throw error
        } catch {
            throw EngineError(.invalid, "invalid X-Registry-Auth header: it is no JSON object of texts")
        }
    }

    private func credential(_ request: AuthenticationRequest) throws(EngineError) -> Credential? {
        var found = Credential(
            username: request.username ?? "", password: request.password ?? "", identityToken: request.identitytoken ?? "",
            registryToken: request.registrytoken ?? "")
        if found.username.isEmpty, let both = request.auth, !both.isEmpty {
            let text = Base64.decoded(both).map { String(decoding: $0, as: UTF8.self) } ?? ""
            guard let colon = text.firstIndex(of: ":") else {
                throw EngineError(.invalid, "invalid registry credential: `auth` is not base64 of name:password")
            }
            (found.username, found.password) = (String(text[..<colon]), String(text[text.index(after: colon)...]))
        }
        return found == Credential() ? nil : found
    }

    /// `POST /auth`: whether a registry accepts a credential.
    /// - Throws: `unauthorized`
    public func authenticate(_ request: AuthenticationRequest) async throws(EngineError) -> AuthenticationReply {
        guard let credential = try credential(request) else { throw EngineError(.invalid, "login: neither a name nor a token was given") }
        do throws(ImagesError) {
            return AuthenticationReply(token: try await puller.logIn(to: domain(ofServer: request.serveraddress ?? ""), credential))
        } catch {
            if case .registry(.unauthorized(let text)) = error { throw EngineError(.unauthorized, text) }
            throw EngineError(error)
        }
    }

    /// `GET /distribution/{name}/json`.
    public func distribution(_ text: String, authentication: String) async throws(EngineError) -> DistributionReply {
        let name: Reference
        do throws(ReferenceError) { name = try Reference(parsing: text) } catch { throw EngineError(.invalid, error.description) }
        let credential = try credential(fromHeader: authentication)
        do throws(ImagesError) {
            let (found, platforms) = try await puller.look(at: name, credential: credential)
            return DistributionReply(
                .init(mediaType: found.mediaType, digest: found.digest, size: found.size),
                platforms: platforms.map { .init(architecture: $0.architecture, os: $0.os, variant: $0.variant) })
        } catch {
            if case .registry(.unauthorized(let text)) = error { throw EngineError(.unauthorized, text) }
            throw EngineError(error)
        }
    }
}

/// `https://index.docker.io/v1/`, `host:5000` or nothing (Docker Hub) as the domain of references.
func domain(ofServer address: String) -> String {
    let rest = ["https://", "http://"].first { address.hasPrefix($0) }.map { address.dropFirst($0.count) } ?? address[...]
    let host = String(rest.prefix { $0 != "/" })
    return ["", "index.docker.io", "registry-1.docker.io"].contains(host) ? "docker.io" : host
}
