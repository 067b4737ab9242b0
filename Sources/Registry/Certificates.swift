// TLS for a registry: the system's authorities, and those in a folder that bears the registry's name, as Docker has it:
//
//     /etc/docker/certs.d/registry.example:5000/    ca.crt  client.cert  client.key
//
// A pull asks for it at each new connection, so what was read is kept while the files are the same. chapter 08
import HTTP
import Linux
import Offload
import Synchronization

/// Reads and keeps certificates.
final class Certificates: Sendable {
    private struct Key: Hashable {
        let tls: TLSSettings
        /// When each file was changed last.
        let stamps: [String]
    }

    private let settings: RegistrySettings
    private let kept = Mutex<[Key: TLS]>([:])

    init(_ settings: RegistrySettings) { self.settings = settings }

    /// TLS as it is spoken with whoever is at `place`.
    func tls(for place: WebAddress) async throws -> TLS {
        let settings = settings
        let key = await offload { Certificates.find(place, settings) }
        if let tls = kept.withLock({ $0[key] }) { return tls }
        let tls = try await TLS(key.tls)
        kept.withLock { $0[key] = tls }
        return tls
    }

    private static func find(_ place: WebAddress, _ settings: RegistrySettings) -> Key {
        var tls = TLSSettings()
        tls.verifies = !settings.isInsecure(place)
        for folder in settings.certificates {
            for name in Set([place.authority, "\(place.origin.address.hostAndPort)"]).sorted() {
                let own = folder.appending(name)
                let files = ((try? entries(own)) ?? []).sorted()  // most registries have no such folder
                tls.roots += files.filter { $0.hasSuffix(".crt") }.map { own.appending($0) }
                for certificate in files where certificate.hasSuffix(".cert") && files.contains(certificate.dropLast(5) + ".key") {
                    (tls.certificate, tls.key) = (own.appending(certificate), own.appending(certificate.dropLast(5) + ".key"))
                }
            }
        }
        return Key(tls: tls, stamps: (tls.roots + [tls.certificate, tls.key].compactMap { $0 }).map(stamp))
    }

    private static func stamp(_ path: FilePath) -> String {
        guard let status = try? status(path) else { return "gone" }  // it is said when the file is read
        return "\(status.inode) \(status.modified)"
    }
}

extension RegistrySettings {
    /// Whether whoever is at `place` may do without a certificate that proves it, and without TLS.
    func isInsecure(_ place: WebAddress) -> Bool {
        let address = InternetAddress(place.host)
        return place.host == "localhost" || address?.isLoopback == true
            || insecure.contains { $0 == place.authority || $0 == place.origin.address.hostAndPort || address?.isIn($0) == true }
    }
}
