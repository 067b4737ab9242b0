// What is told of containers' trees: the head of an archive, and Docker's words for what went wrong.

import DockerAPI
import Testing
import Trees

@testable import Engine

@Suite("Containers' trees, in words")
struct TreeWordsTests {
    @Test("a path is called by its last name", arguments: [("/a/b", "b"), ("/a/b/", "b"), ("/a/.", "."), ("/", "/"), ("b", "b")])
    func names(path: String, name: String) {
        let status = TreeStatus(mode: 0o755, size: 1, seconds: 1_700_000_000, nanoseconds: 5, linkTarget: "")
        #expect(PathStatus(path, status).name == name && PathStatus(path, status).mtime == "2023-11-14T22:13:20.000000005Z")
    }

    @Test("what went wrong has the status and the words that clients know")
    func errors() {
        func told(_ error: TreesError, isExtraction: Bool = true) -> EngineError { EngineError(error, "/x", "c", isExtraction: isExtraction) }
        #expect(told(.path("/x", .missing)) == EngineError(.notFound, "Could not find the file /x in container c"))
        #expect(told(.path("/x", .noDirectory)) == EngineError(.invalid, "extraction point is not a directory"))
        #expect(told(.path("/x", .noDirectory), isExtraction: false).message == "lstat /x: not a directory")
        #expect(told(.path("/x", .readOnlyRoot)) == EngineError(.forbidden, "container rootfs is marked read-only"))
        #expect(told(.path("/x", .readOnlyVolume)) == EngineError(.forbidden, "mounted volume is marked read-only"))
        #expect(told(.refused(entry: "a", why: "cannot overwrite directory")) == EngineError(.invalid, "cannot overwrite directory"))
        #expect(told(.died("x")).kind == .failed)
    }

    @Test("who writes into a tree does so alone, and a start waits for it")
    func locks() async throws {
        let states = TreeStates(), order = Promise<Void>()
        let first = Task {
            try await states.lock("a").perform {
                await order.value; return 1
            }
        }
        let other = try await states.lock("b").perform { 3 }
        let second = Task { try await states.lock("a").perform { 2 } }
        order.fulfil(())
        let (one, two) = (try await first.value, try await second.value)
        #expect(one == 1 && two == 2 && other == 3)
    }
}
