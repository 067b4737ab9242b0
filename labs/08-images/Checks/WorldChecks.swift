// The exercise at work: slip-image, as a process of its own, looks at an image on a registry that wants a token and keeps its blobs elsewhere.
// What it did, the servers tell.
import Digests
import Foundation
import Glibc
import HTTP
import Linux
import Testing

/// How a program ended, and what it said.
private struct Outcome {
    let code: Int32, output: String
}

/// Runs a program to its end, without blocking a thread that the servers may need.
private func run(_ words: [String]) async throws -> Outcome {
    let said = try memoryFile("output")
    let process = try said.borrow { (file) throws(KernelError) in
        try spawn(Spawn("/usr/bin/env", ["env"] + words, environment: currentEnvironment(), descriptors: [(ours: file, number: 1), (ours: file, number: 2)]))
            .process
    }
    var status = try wait(process, noHang: true)
    while status == nil {
        try await Task.sleep(for: .milliseconds(10))
        status = try wait(process, noHang: true)
    }
    let bytes = try said.borrow { (file) throws(KernelError) in
        try seek(file, to: 0)
        return try readAll(file)
    }
    let outcome = Outcome(code: status?.code ?? 255, output: String(decoding: bytes, as: UTF8.self))
    if let line = outcome.output.split(separator: "\n").first(where: { $0.hasPrefix("slipway-lab: exercise ") }) {
        print(line)  // it met an exercise that is not written yet
        fflush(nil)
        exit(69)
    }
    return outcome
}

/// A program that was built beside this test program.
private func tool(_ name: String) throws -> String {
    let own = try readLink("/proc/self/exe")
    return own.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/") + "/\(name)"
}

@Suite("Lab 08: the world")
struct WorldChecks {
    @Test("slip-image gets an image from a registry that wants a token, and tells the storage service nothing")
    func worldInspected() async throws {
        try await scene { scene, _ in
            let challenge = scene.bearer, basic = scene.basic, elsewhere = "http://\(scene.elsewhere)"
            scene.play { entry in
                switch entry.who {
                case .tokens: return entry.authorization == basic ? .token("T1") : .unauthorized(#"Basic realm="tokens""#)
                case .elsewhere: return Picture.answer(entry)
                case .registry:
                    guard entry.authorization == "Bearer T1" else { return .unauthorized(challenge) }
                    return entry.path.contains("/blobs/") ? .redirect(to: "\(elsewhere)\(entry.path)") : Picture.answer(entry)
                }
            }
            let folder = FilePath("/tmp/slip-lab-\(UUID().uuidString)")
            try makeDirectories(folder)
            defer { try? removeTree(folder) }  // the sandbox's /tmp goes with the sandbox
            let config = #"{"auths":{"\#(scene.registry)":{"auth":"\#(basic.dropFirst(6))"}}}"#
            try writeFile(folder.appending("config.json"), Array(config.utf8))
            let outcome = try await run(["DOCKER_CONFIG=\(folder)", try tool("slip-image"), "inspect", "\(scene.registry)/demo:latest"])
            if let leak = scene.asked(.elsewhere).compactMap(\.authorization).first { throw Sign("leaked", "\(leak.prefix(16))…") }
            guard outcome.code == 0 else { throw Sign("ended", "\(outcome.code)", outcome.output.split(separator: "\n").last.map(String.init) ?? "") }
            guard outcome.output.contains("\(Digest(of: Picture.manifest))") else { throw Sign("other", "\(Digest(of: Picture.manifest))") }
            guard !scene.asked(.elsewhere).isEmpty else { throw Sign("stayed") }
        }
    }
}
