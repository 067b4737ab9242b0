// Exercise 08.1 with a registry that keeps its blobs at a storage service: who is followed where, and what is told there.
import HTTP
import Registry
import Synchronization
import Testing

/// Counts calls, from any thread.
final class Counter: Sendable {
    private let count = Mutex(0)
    func next() -> Int {
        count.withLock {
            $0 += 1
            return $0
        }
    }
}

@Suite("Lab 08.1: redirects")
struct RedirectChecks {
    @Test("A redirect is followed, also several, but not for ever")
    func followRedirects() async throws {
        try await scene { scene, customer in
            let elsewhere = "http://\(scene.elsewhere)/store/blob"
            scene.play { entry in
                if entry.who == .elsewhere { return Picture.answer(entry) }
                return .redirect(to: entry.path.contains("/blobs/") ? "/v2/demo/moved" : elsewhere)
            }
            let bytes: [UInt8]
            do { bytes = try await customer.blob() } catch { throw Sign("stayed", "\(scene.count)", "\(error)") }
            guard bytes == Picture.blob else { throw Sign("other", "\(bytes.count)") }

            scene.play { entry in scene.count > 60 ? Response(status: 404) : .redirect(to: entry.path) }
            do { _ = try await customer.blob() } catch {
                guard scene.count <= 20 else { throw Sign("endless", "\(scene.count)") }
                return
            }
            throw Sign("believed", "\(scene.count)")
        }
    }

    @Test("Within the registry, what was said goes along")
    func keepInside() async throws {
        try await scene { scene, customer in
            let challenge = scene.bearer
            scene.play { entry in
                if entry.who == .tokens { return .token("T1") }
                guard entry.authorization == "Bearer T1" else { return .unauthorized(challenge) }
                return entry.path.contains("/blobs/") ? .redirect(to: "/v2/demo/moved") : Picture.answer(entry)
            }
            let bytes = try? await customer.blob()  // what came of it, the book tells
            let moved = scene.asked(.registry, "moved")
            guard let first = moved.first else { throw Sign("stayed") }
            guard first.authorization != nil else { throw Sign("dropped", "\(moved.count)") }
            guard bytes == Picture.blob else { throw Sign("other", "\(bytes?.count ?? 0)") }
        }
    }

    @Test("Elsewhere nothing is said: not along with a redirect, and not when a stranger asks")
    func keepSecrets() async throws {
        try await scene { scene, customer in
            let challenge = scene.bearer, elsewhere = "http://\(scene.elsewhere)/store/blob"
            for isCurious in [false, true] {
                scene.play { entry in
                    switch entry.who {
                    case .tokens: return .token("T1")
                    case .elsewhere: return isCurious ? .unauthorized(#"Basic realm="tell me""#) : Picture.answer(entry)
                    case .registry: return entry.authorization == "Bearer T1" ? .redirect(to: elsewhere) : .unauthorized(challenge)
                    }
                }
                _ = try? await customer.blob()  // what came of it, the book tells
                let told = scene.asked(.elsewhere)
                guard !told.isEmpty else { throw Sign("stayed") }
                guard let leak = told.compactMap(\.authorization).first else { continue }
                throw Sign(leak.hasPrefix("Bearer") ? "leaked" : "introduced", scene.elsewhere, "\(leak.prefix(16))…")
            }
        }
    }
}
