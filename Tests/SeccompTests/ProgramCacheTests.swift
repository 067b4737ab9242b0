// Kept programs are the compiled ones, and nothing in the directory can be mistaken for one. Chapter 05.
import Linux
import Seccomp
import Testing

@Suite("Kept programs")
struct ProgramCacheTests {
    /// A directory of its own, removed afterwards.
    func withDirectory(_ body: (FilePath) throws -> Void) throws {
        let directory = FilePath("/tmp/slipway-seccomp-test-\(UInt32.random(in: 0 ... .max))")
        defer { try? removeTree(directory) }  // it may never have been made
        try body(directory)
    }

    let profile = Profile(defaultAction: .errno(1), rules: [Rule(["read", "write"], .allow)])

    @Test("The second time, the same program comes from the directory")
    func kept() throws {
        try withDirectory { directory in
            let cache = ProgramCache(directory: directory), first = try cache.program(for: profile)
            #expect(try first == profile.compile())
            #expect(try entries(directory).count == 1)
            #expect(try cache.program(for: profile) == first)
            var other = profile
            other.rules[0].names = ["read"]
            #expect(try cache.program(for: other) != first)
            #expect(try entries(directory).count == 2)
        }
    }

    @Test("A torn, empty or foreign file is made anew", arguments: [0, 1, 40, -3, -8])
    func damaged(length: Int) throws {
        try withDirectory { directory in
            let cache = ProgramCache(directory: directory), program = try cache.program(for: profile)
            let file = directory.appending(try #require(try entries(directory).first)), bytes = try readFile(file)
            try writeFile(file, Array(length < 0 ? bytes.dropLast(-length) : bytes.prefix(length)), mode: 0o600)
            #expect(try cache.program(for: profile) == program)
            #expect(try readFile(file) == bytes)
        }
    }

    @Test("A directory that can't be written is no error")
    func unwritable() throws {
        let cache = ProgramCache(directory: "/proc/nowhere")
        #expect(try cache.program(for: profile) == profile.compile())
    }
}
