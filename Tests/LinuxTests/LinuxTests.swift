// The typed calls, as far as a process with threads may make them: files, errors, descriptors, sockets that carry descriptors, signals' names.
// What clones is tested by programs (SystemTests, and each tool's own).
import Glibc
import Linux
import Testing

/// A folder that is gone afterwards.
func withFolder<Result>(_ body: (FilePath) throws -> Result) throws -> Result {
    let folder = FilePath("/tmp/slipway-linux-\(getpid())-\(UInt32.random(in: 0 ... .max))")
    try makeDirectories(folder)
    defer { try? removeTree(folder) }  // the test's own failure matters more
    return try body(folder)
}

@Suite("Kernel calls")
struct CallTests {
    @Test("a failure names the call, the subject and the reason")
    func failure() {
        let error = #expect(throws: KernelError.self) { _ = try open("/nonexistent/file", .readOnly) }
        #expect(error == KernelError(call: "openat", subject: "/nonexistent/file", errno: ENOENT))
        #expect(error?.description == "openat /nonexistent/file: No such file or directory")
    }

    @Test("a descriptor closes at the end of its life, and not when it was released")
    func ownership() throws {
        var number: CInt = -1
        do {
            let descriptor = try open("/dev/null", .readOnly)
            number = descriptor.number
            #expect(fcntl(number, F_GETFD) & FD_CLOEXEC != 0)
        }
        let released = try open("/dev/null", .readOnly).release()
        #expect(fcntl(released.rawValue, F_GETFD) >= 0)
        Glibc.close(released.rawValue)
    }
}

@Suite("Files and paths")
struct FileTests {
    @Test("what is written durably is there, whole, and no temporary file stays")
    func durable() throws {
        try withFolder { (folder) throws in
            try writeDurably(folder.appending("a"), Array("one".utf8))
            try writeDurably(folder.appending("a"), Array("two".utf8), mode: 0o600)
            #expect(try readText(folder.appending("a")) == "two")
            #expect(try entries(folder) == ["a"])
        }
    }

    @Test("a durable write into a folder that is not there leaves nothing and says where it failed")
    func durableFailure() throws {
        try withFolder { (folder) throws in
            #expect(throws: KernelError.self) { try writeDurably(folder.appending("no/a"), [1]) }
            #expect(try entries(folder).isEmpty)
        }
    }

    @Test("opening beneath a root cannot leave it by .., by an absolute link or by a link upwards")
    func beneath() throws {
        try withFolder { (folder) throws in
            let root = folder.appending("root")
            try makeDirectories(root.appending("etc"))
            try writeFile(folder.appending("secret"), "outside")
            try writeFile(root.appending("secret"), "inside")
            try symbolicLink("/secret", at: root.appending("absolute"))
            try symbolicLink("../../../secret", at: root.appending("etc/up"))
            let directory = try open(root, [.path, .directory])
            for path in ["../secret", "absolute", "etc/up", "/secret"] {
                let file = try directory.borrow { (descriptor) throws(KernelError) in try openBeneath(descriptor, FilePath(path), .readOnly) }
                #expect(try file.borrow { (descriptor) throws(KernelError) in try readAll(descriptor) } == Array("inside".utf8), "\(path)")
            }
        }
    }

    @Test("a tree is removed without following its links")
    func trees() throws {
        try withFolder { (folder) throws in
            try makeDirectories(folder.appending("tree/a/b/c"))
            try writeFile(folder.appending("kept"), "x")
            try symbolicLink("../kept", at: folder.appending("tree/link"))
            try symbolicLink("..", at: folder.appending("tree/a/up"))
            try removeTree(folder.appending("tree"))
            try removeTree(folder.appending("tree"))
            #expect(try entries(folder) == ["kept"])
        }
    }

    @Test("a lock excludes a second holder until the first lets go")
    func locks() throws {
        try withFolder { (folder) throws in
            let path = folder.appending("lock")
            let first = try open(path, [.readWrite, .create], mode: 0o600), second = try open(path, .readWrite)
            #expect(try first.borrow { (file) throws(KernelError) in try lock(file) })
            #expect(try second.borrow { (file) throws(KernelError) in try !lock(file) })
            _ = consume first
            #expect(try second.borrow { (file) throws(KernelError) in try lock(file) })
        }
    }
}

@Suite("Sockets")
struct SocketTests {
    @Test("a packet arrives whole with the descriptors it carries, and untaken ones are closed")
    func descriptors() throws {
        let pair = try SocketPair(.packets), pipe = try Pipe()
        _ = try pair.near.borrow { (socket) throws(KernelError) in
            try pipe.writing.borrow { (end) throws(KernelError) in try sendMessage(socket, Array("take this".utf8), descriptors: [end, end]) }
        }
        var message = try pair.far.borrow { (socket) throws(KernelError) in try receiveMessage(socket) }
        #expect(message.bytes == Array("take this".utf8))
        guard let received = message.takeDescriptor() else {
            Issue.record("no descriptor came along")
            return
        }
        try received.borrow { (end) throws(KernelError) in try write(end, "through") }
        #expect(try pipe.reading.borrow { (end) throws(KernelError) in try read(end, upTo: 100) } == Array("through".utf8))
    }

    @Test("a socket's path may be longer than an address holds")
    func longPaths() throws {
        try withFolder { (folder) throws in
            let deep = folder.appending(String(repeating: "d", count: 120))
            try makeDirectories(deep)
            let server = try listen(deep.appending("s.sock"), .stream)
            let client = try connect(deep.appending("s.sock"), .stream)
            let accepted = try server.borrow { (socket) throws(KernelError) in try accept(socket) }
            try client.borrow { (socket) throws(KernelError) in try write(socket, "hello") }
            #expect(try accepted.borrow { (socket) throws(KernelError) in try read(socket, upTo: 10) } == Array("hello".utf8))
        }
    }
}

@Suite("Starting programs")
struct SpawnTests {
    @Test("a program gets the descriptors it was given, /dev/null for the rest of 0–2, and a session")
    func spawned() throws {
        let pipe = try Pipe(), extra = try open("/dev/zero", .readOnly)
        let child = try pipe.writing.borrow { (end) throws(KernelError) in
            try extra.borrow { (zero) throws(KernelError) in
                try spawn(
                    Spawn(
                        "/bin/sh",
                        [
                            "sh", "-c",
                            "readlink /proc/self/fd/0 /proc/self/fd/7; ls /proc/self/fd | tr '\\n' ' '; echo; test $(cut -d' ' -f6 /proc/$$/stat) = $$ && echo session"
                        ],
                        environment: ["PATH=/usr/bin:/bin"], descriptors: [(end, 1), (zero, 7)]))
            }
        }
        let status = try child.descriptor.borrow { (process) throws(KernelError) in try wait(process) }
        let text = String(decoding: try pipe.reading.borrow { (end) throws(KernelError) in try read(end, upTo: 4096) }, as: UTF8.self)
        #expect(status == .exited(0))
        #expect(text.hasPrefix("/dev/null\n/dev/zero\n0 1 2 3 7 \nsession"), "\(text)")
    }

    @Test("a program that is not there is an error of posix_spawn, not a child that dies")
    func missing() {
        #expect(throws: KernelError(call: "posix_spawn", subject: "/nonexistent", errno: ENOENT)) { _ = try spawn(Spawn("/nonexistent", ["x"])).process }
    }
}

@Suite("Signals")
struct SignalTests {
    @Test(
        "names are read as Docker reads them", arguments: [("TERM", 15), ("SIGTERM", 15), ("sigkill", 9), ("9", 9), ("RTMIN+3", 37), ("WINCH", 28), ("SYS", 31)]
    )
    func names(text: String, number: Int) {
        #expect(Signal(name: text)?.rawValue == Int32(number))
    }

    @Test("what is no signal is none", arguments: ["", "0", "65", "-1", "SIGNOPE", "RTMIN+99", "TERM "])
    func noNames(text: String) {
        #expect(Signal(name: text) == nil)
    }
}
