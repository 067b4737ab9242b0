import OCI
import Registry
import Synchronization
import Testing

@Suite("A registry that says anything", .timeLimit(.minutes(2)))
struct BadInputTests {
    /// Whole responses: what a registry says when all is well, a challenge, a redirect.
    private let responses = [
        "HTTP/1.1 200 OK\r\nContent-Type: \(MediaType.manifest)\r\nDocker-Content-Digest: \(someDigest)\r\nContent-Length: \(someManifest.utf8.count)\r\n"
            + "Connection: close\r\n\r\n\(someManifest)",
        "HTTP/1.1 401 No\r\nWWW-Authenticate: Bearer realm=\"/t\",service=\"a\\\"b\"\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 307 Go\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 404 No\r\nContent-Length: 46\r\n\r\n{\"errors\":[{\"code\":\"DENIED\",\"message\":\"no\"}]}"
    ]

    /// Asks for a pinned manifest as often as there are answers; whatever comes of it is the manifest or an error.
    private func survives(_ answers: [[UInt8]]) async throws {
        let next = Mutex(0)
        try await withRaw({ _, connection in
            let number = next.withLock { number in
                number += 1
                return number - 1
            }
            if number < answers.count { connection.send(answers[number]) }
        }) { server in
            let client = RegistryClient(quick { ($0.attempts, $0.idleTimeout) = (1, .seconds(10)) })
            let repository = client.repository(try Reference(parsing: "127.0.0.1:\(server.port)/x@\(someDigest)"), nil)
            for _ in answers {
                do throws(RegistryError) {
                    #expect(try await repository.manifest().bytes == Array(someManifest.utf8))
                } catch {
                    #expect(!error.description.isEmpty)
                }
            }
            #expect(server.asked.count >= answers.count)
        }
    }

    @Test("and stops at any byte, is an error or a manifest, never anything else")
    func cut() async throws {
        for response in responses {
            let bytes = Array(response.utf8)
            try await survives(stride(from: 0, through: bytes.count, by: 3).map { Array(bytes.prefix($0)) })
        }
    }

    @Test("with any byte changed, is an error or a manifest, never anything else")
    func changed() async throws {
        var random: UInt64 = 4
        for response in responses {
            try await survives(
                (0..<120).map { _ in
                    var bytes = Array(response.utf8)
                    for _ in 0..<2 {
                        random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                        bytes[Int(random >> 33) % bytes.count] = UInt8(truncatingIfNeeded: random >> 24)
                    }
                    return bytes
                })
        }
    }
}
