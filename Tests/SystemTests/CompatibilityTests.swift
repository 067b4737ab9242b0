// What clients see of us beside what they see of a genuine dockerd: Tests/Compatibility holds 175 invocations of the docker command, the transcript
// of a dockerd 20.10.24, the differences that we mean, and docker-py's scenarios. Chapter 12.
import Foundation
import Testing

@Suite("Beside dockerd", .serialized, .enabled(if: Machine.hasDocker, Machine.whyNoDocker))
struct CompatibilityTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(path: "Compatibility")
    static let hasDockerPy = (try? run(["python3", "-c", "import docker; assert docker.__version__ >= '7'"], seconds: 30).status) == 0

    private func compare(_ words: String...) throws -> Outcome {
        try run(["python3", Self.folder.appending(path: "compare.py").path, "--bin", Machine.executables.path] + words, seconds: 400)
    }

    @Test("every invocation of the docker command shows what it shows on dockerd, or a difference that is listed with its reason")
    func invocations() throws {
        let outcome = try compare()
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
    }

    @Test("docker-py's scenarios", .enabled(if: hasDockerPy, "UNVERIFIED HERE: needs docker-py 7 or later"))
    func scenarios() throws {
        let outcome = try compare("--scenarios")
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
    }
}
