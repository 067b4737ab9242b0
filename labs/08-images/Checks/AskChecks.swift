// Exercise 08.1 with a registry that protects what it has: who introduces themselves, when, and how often.
import Credentials
import HTTP
import OCI
import Registry
import Testing

/// The module at work, with the servers of a scene.
struct Customer {
    let repository: Repository

    init(_ scene: Scene) throws {
        var settings = RegistrySettings()
        (settings.attempts, settings.firstPause, settings.certificates) = (2, .milliseconds(10), [])
        let credential = Credential(username: scene.credential.user, password: scene.credential.password)
        repository = RegistryClient(settings).repository(try Reference(parsing: "\(scene.registry)/demo:latest"), credential)
    }

    /// The bytes of the blob.
    func blob() async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await chunk in try await repository.blob(Picture.descriptor) { bytes += chunk }
        return bytes
    }
}

/// Runs a check with servers, and ends them.
func scene(_ body: (Scene, Customer) async throws -> Void) async throws {
    let scene = try await Scene()
    do { try await body(scene, try Customer(scene)) } catch {
        await scene.end()
        throw error
    }
    await scene.end()
}

@Suite("Lab 08.1: asking a registry that protects what it has")
struct AskChecks {
    @Test("A challenge is met: by name and password, or by a token from the service that it names")
    func meetChallenge() async throws {
        try await scene { scene, customer in
            let basic = scene.basic
            scene.play { $0.authorization == basic ? Picture.answer($0) : .unauthorized(#"Basic realm="lab""#) }
            try await fetch(customer, scene, "Basic")
            try await self.bearer(scene)
        }
    }

    private func bearer(_ scene: Scene) async throws {
        let challenge = scene.bearer
        scene.play { entry in
            if entry.who == .tokens { return .token("T1") }
            return entry.authorization == "Bearer T1" ? Picture.answer(entry) : .unauthorized(challenge)
        }
        try await fetch(try Customer(scene), scene, "Bearer")
        guard scene.asked(.tokens).count == 1 else { throw Sign("tokens", "\(scene.asked(.tokens).count)") }
    }

    /// Fetches the manifest, for which the registry has to be asked twice: without and with an introduction.
    private func fetch(_ customer: Customer, _ scene: Scene, _ scheme: String) async throws {
        let fetched: FetchedManifest
        do throws(RegistryError) { fetched = try await customer.repository.manifest() } catch {
            throw Sign("refused", scheme, "\(scene.asked(.registry).count)", "\(error)")
        }
        guard fetched.bytes == Picture.manifest else { throw Sign("other", scheme) }
        let said = scene.asked(.registry).map { $0.authorization?.split(separator: " ").first.map(String.init) ?? "nothing" }
        guard said == ["nothing", scheme] else { throw Sign("order", scheme, said.joined(separator: ", ")) }
    }

    @Test("Who is refused after an introduction does not introduce themselves again")
    func introduceOnce() async throws {
        try await scene { scene, customer in
            let challenge = scene.bearer
            let count = Counter()
            scene.play { $0.who == .tokens ? .token("T\(count.next())") : .unauthorized(challenge) }
            do throws(RegistryError) { _ = try await customer.repository.manifest() } catch {
                let asked = scene.asked(.registry).count
                guard asked == 2 else { throw Sign(asked < 2 ? "silent" : "again", "\(asked)", "\(error)") }
                return
            }
            throw Sign("believed", "\(scene.asked(.registry).count)")
        }
    }

    @Test("What was said last is said at once the next time")
    func rememberIntroduction() async throws {
        try await scene { scene, customer in
            let challenge = scene.bearer
            scene.play { entry in
                if entry.who == .tokens { return .token("T1") }
                return entry.authorization == "Bearer T1" ? Picture.answer(entry) : .unauthorized(challenge)
            }
            _ = try await customer.repository.manifest()
            let first = scene.asked(.registry).count
            _ = try await customer.repository.manifest()
            let second = scene.asked(.registry).dropFirst(first)
            guard second.count == 1 else { throw Sign("forgotten", "\(second.count)", "\(scene.asked(.tokens).count)") }
        }
    }
}
