// Questions to a registry that change nothing here: what a name stands for, and whether a credential is good. Chapter 08.

public import Credentials
import FoundationEssentials
public import OCI
import Registry

extension Puller {
    /// What a name stands for at its registry.
    ///
    /// - Returns: its descriptor, and the platforms that it has an image for; one of an index that says nothing is left out
    public func look(at name: Reference, credential: Credential?) async throws(ImagesError) -> (descriptor: ContentDescriptor, platforms: [Platform]) {
        let repository = registry.repository(name.withDefaultTag, credential), top: FetchedManifest
        do throws(RegistryError) { top = try await repository.manifest() } catch { throw ImagesError(error) }
        switch try Document(top) {
        case .index(let index): return (top.descriptor, index.manifests.compactMap(\.platform))
        case .manifest(let manifest):
            let image = try await RemoteImage.configuration(manifest.config, from: repository)
            return (top.descriptor, [Platform(architecture: image.architecture, os: image.os, variant: image.variant)])
        }
    }

    /// All tags of a repository.
    public func tags(of name: Reference, credential: Credential?) async throws(ImagesError) -> [String] {
        do throws(RegistryError) { return try await registry.repository(name, credential).tags() } catch { throw ImagesError(error) }
    }

    /// Asks a registry whether it accepts a credential.
    ///
    /// - Returns: a token to be kept instead of the password; empty where the registry gives none
    /// - Throws: `.registry(.unauthorized)`
    public func logIn(to domain: String, _ credential: Credential) async throws(ImagesError) -> String {
        do throws(RegistryError) { return try await registry.logIn(to: domain, credential) } catch { throw ImagesError(error) }
    }
}
