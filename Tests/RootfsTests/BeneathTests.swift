// Reaching into a tree that wants to lead us out of it.
import Glibc
import Linux
import Rootfs
import Testing

@Suite("Nothing leads out of a root")
struct BeneathTests {
    /// Runs `body` with a fresh root and a directory beside it that must stay as it is.
    private func withRoot(_ body: (_ root: FileDescriptor, _ path: FilePath, _ outside: FilePath) throws -> Void) throws {
        let base = FilePath("/tmp/slipway-rootfs-\(getpid())-\(UInt32.random(in: 0 ... .max))")
        defer { try? removeTree(base) }  // a leftover is found by the sandbox
        try makeDirectories(base.appending("root"))
        try makeDirectories(base.appending("outside"))
        try writeFile(base.appending("outside/secret"), "secret")
        try open(base.appending("root"), [.path, .directory]).borrow { (root) throws in
            try body(root, base.appending("root"), base.appending("outside"))
        }
        #expect(try entries(base.appending("outside")) == ["secret"])
    }

    @Test("directories are made on the way, with the mode that is asked for")
    func makesDirectories() throws {
        try withRoot { root, path, _ in
            let made = try ensureDirectory(beneath: root, "/a/b/c", mode: 0o700)
            #expect(try made.borrow { (place) throws in try status(place).kind } == .directory)
            #expect(try status(path.appending("a/b/c")).mode & 0o777 == 0o700)
            _ = try ensureDirectory(beneath: root, "a/b/c")  // a second time is no error
        }
    }

    @Test("links and dots lead to places inside", arguments: ["/link/x/y", "/../link/x/y", "/absolute/x/y", "/../../../../x/y"])
    func staysInside(_ target: String) throws {
        try withRoot { root, path, outside in
            try symbolicLink("../outside", at: path.appending("link"))
            try symbolicLink("\(outside)", at: path.appending("absolute"))
            try makeDirectories(path.appending("outside"))
            try makeDirectories(FilePath("\(path)\(outside)"))
            _ = try ensureDirectory(beneath: root, FilePath(target))
        }
    }

    @Test("a link that leads nowhere is refused, and not followed")
    func dangling() throws {
        try withRoot { root, path, outside in
            try symbolicLink("\(outside)/new", at: path.appending("link"))
            #expect(throws: KernelError.self) { _ = try ensureDirectory(beneath: root, "/link") }
            #expect(throws: KernelError.self) { _ = try ensureFile(beneath: root, "/link") }
        }
    }

    @Test("a file is made empty, once")
    func makesFile() throws {
        try withRoot { root, path, _ in
            _ = try ensureFile(beneath: root, "/etc/hosts")
            try writeFile(path.appending("etc/hosts"), "kept")
            _ = try ensureFile(beneath: root, "/etc/hosts")
            #expect(try readText(path.appending("etc/hosts")) == "kept")
        }
    }

    @Test("a file in the way of a directory is refused")
    func fileInTheWay() throws {
        try withRoot { root, path, _ in
            try writeFile(path.appending("a"), "")
            #expect(throws: KernelError.self) { _ = try ensureDirectory(beneath: root, "/a/b") }
        }
    }

    @Test("reading takes regular files of reasonable size only")
    func reading() throws {
        try withRoot { root, path, outside in
            try symbolicLink("\(outside)/secret", at: path.appending("link"))
            try makeNode(path.appending("fifo"), mode: S_IFIFO | 0o600)
            try writeFile(path.appending("big"), [UInt8](repeating: 0, count: 100))
            #expect(try readFile(beneath: root, "/nosuch") == nil)
            #expect(try readFile(beneath: root, "/link") == nil)
            #expect(throws: KernelError.self) { try readFile(beneath: root, "/fifo") }
            #expect(throws: KernelError.self) { try readFile(beneath: root, "/big", most: 99) }
            #expect(try readFile(beneath: root, "/big", most: 100)?.count == 100)
        }
    }
}
