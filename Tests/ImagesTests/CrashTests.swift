// What a process that is killed in the middle of a pull leaves, and what the next one makes of it. A kill is played by copying the data root while
// the pull runs, database first: that is what a new process would find. The same with a true SIGKILL, of the daemon, is a system test.

import Digests
import HTTP
import Images
import Linux
import OCI
import Testing

@Suite("A pull that was killed", .timeLimit(.minutes(3)), .serialized)
struct CrashTests {
    @Test("at twenty points leaves a whole image or none; what lay about is gone, and the next pull completes")
    func anywhere() async throws {
        try await withPullHouse { test in
            let layers = (0..<6).map { number in tar((0..<20).map { ("\(number)/\($0)", String(repeating: "x", count: 2_000)) }) }
            try test.registry.image("app:1", layers)
            test.registry.script { request in
                guard request.path.contains("/blobs/") else { return nil }
                do { try await Task.sleep(for: .milliseconds(40)) } catch { return Response(status: 500) }
                return nil
            }
            let pull = Task { try await test.pull("app:1") }
            var copies: [FilePath] = []
            for number in 0..<20 {
                let copy = test.house.root.removingLastComponent().appending("\(test.house.root.lastComponent?.string ?? "")-\(number)")
                copies.append(copy)
                for name in ["slipway.db-wal", "slipway.db", "content", "snapshots"] { copyTree(test.house.root.appending(name), to: copy.appending(name)) }
                try await Task.sleep(for: .milliseconds(10))
            }
            let pulled = try await pull.value
            test.registry.behave()
            for copy in copies {
                let next = PullHouse(try House(root: copy), test.registry)
                let before = try next.remains(), isThere = !(try next.house.images.list().isEmpty)
                #expect(!before.contains { $0.hasPrefix("incoming") || $0.hasPrefix("staging") || $0.hasPrefix("trash") || $0.contains("lease:") }, "\(before)")
                if !isThere { #expect(before == []) }
                let again = try await next.pull("app:1")
                #expect(again.id == pulled.id && again.isNewer == !isThere)
                #expect(try next.house.images.resolve(again.id.description).sizeBytes == 6 * 20 * 2_000)
                try clear(copy)
            }
        }
    }
}

/// Copies what is there; what vanishes meanwhile is not there, as after a crash.
private func copyTree(_ from: FilePath, to: FilePath) {
    guard let kind = try? status(from).kind else { return }  // it vanished
    switch kind {
    case .directory:
        try? makeDirectories(to)  // the test finds out
        for name in (try? entries(from)) ?? [] { copyTree(from.appending(name), to: to.appending(name)) }  // it vanished
    default:
        if let bytes = try? readFile(from) { try? writeFile(to, bytes) }  // it vanished
    }
}
