import Linux
import ShimProtocol
import Testing

@Suite("What a shim prepares before the start", .enabled(if: canRunContainers, unverified), .timeLimit(.minutes(2)))
struct PreparingTests {
    @Test("makes the network before the start, tells its path, and starts the container in it; it ends with the run")
    func network() throws {
        let shim = try ShimBench(["sleep", "60"])
        let path = FilePath(try #require(try shim.require(.network(path: nil)).networkPath))
        let namespace = try readLink(path)
        #expect(try namespace.hasPrefix("net:[") && namespace != readLink("/proc/self/ns/net"))
        #expect(try readLink(FilePath("/proc/\(shim.process)/ns/net")) == readLink("/proc/self/ns/net"), "the shim itself stays at home")
        let pid = try #require(try shim.require(.start).pid)
        #expect(try readLink(FilePath("/proc/\(pid)/ns/net")) == namespace)
        try shim.reconnect()
        #expect(shim.hello.networkPath == path.string)
        #expect(try shim.ask(.network(path: nil)).error != nil, "not while it runs")
        try shim.require(.signal(number: 9, all: false))
        _ = try shim.waitForExit()
        #expect(!exists(path))
        #expect(try shim.ask(.network(path: nil)).error != nil, "nor after")
    }

    @Test("joins the network of another container, which then outlives its maker")
    func joining() throws {
        let first = try ShimBench(["sleep", "60"]), second = try ShimBench(["sleep", "60"])
        let path = try #require(try first.require(.network(path: nil)).networkPath)
        try first.require(.start)
        let held = try #require(try second.require(.network(path: path)).networkPath)
        let namespace = try readLink(FilePath(path))
        #expect(try held != path && readLink(FilePath(held)) == namespace)
        try first.require(.signal(number: 9, all: false))
        _ = try first.waitForExit()
        let pid = try #require(try second.require(.start).pid)
        #expect(try readLink(FilePath("/proc/\(pid)/ns/net")) == namespace)
        try second.require(.signal(number: 9, all: false))
        _ = try second.waitForExit()
    }

    @Test("refuses to join what is no network namespace, and holds nothing then", arguments: ["/proc/self/ns/mnt", "/etc/passwd", "/nosuch"])
    func noNetwork(path: String) throws {
        let shim = try ShimBench(["true"])
        let error = try #require(try shim.ask(.network(path: path)).error)
        #expect(error.step == "open the other container's network namespace" && error.message.contains(path), "\(error)")
        try shim.reconnect()
        #expect(shim.hello.networkPath == nil)
        try shim.require(.start)
        #expect(try shim.waitForExit().code == 0)
    }

    @Test("a failed start gives back what was prepared")
    func failedStart() throws {
        let shim = try ShimBench(["nosuch"])
        let path = FilePath(try #require(try shim.require(.network(path: nil)).networkPath))
        let pipe = try Pipe()
        try shim.require(.hold, [FileDescriptor(rawValue: pipe.writing.number)])
        let reading = pipe.takeReading()
        #expect(try shim.ask(.start).error?.kind == .notFound)
        #expect(!exists(path))
        #expect(try readAll(FileDescriptor(rawValue: reading.number)).isEmpty)
    }

    @Test("holds what comes along until the run ends, though the daemon goes")
    func holding() throws {
        let shim = try ShimBench(["sh", "-c", "read line"], stdin: true)
        let first = try Pipe(), second = try Pipe()
        try shim.require(.hold, [FileDescriptor(rawValue: first.writing.number), FileDescriptor(rawValue: second.writing.number)])
        let one = first.takeReading(), two = second.takeReading()
        #expect(try shim.ask(.hold).error != nil, "nothing came along")
        let client = try shim.attach(input: true)
        try shim.require(.start)
        try shim.reconnect()
        for end in [one.number, two.number] {
            let poll = try Poll()
            try poll.add(FileDescriptor(rawValue: end), .readable, token: 1)
            #expect(try poll.wait(milliseconds: 0).isEmpty, "still held")
        }
        try client.send("go\n")
        _ = try shim.waitForExit()
        for end in [one.number, two.number] { #expect(try readAll(FileDescriptor(rawValue: end)).isEmpty) }
        #expect(try shim.ask(.hold, [FileDescriptor(rawValue: 0)]).error?.kind == .notRunning)
    }

    @Test("what is prepared stands in the record of the start")
    func explained() throws {
        let shim = try ShimBench(["true"])
        let pipe = try Pipe()
        try shim.require(.explain, [FileDescriptor(rawValue: pipe.writing.number)])
        let reading = pipe.takeReading()
        try shim.require(.network(path: nil))
        try shim.require(.start)
        let text = String(decoding: try readAll(FileDescriptor(rawValue: reading.number)), as: UTF8.self)
        let words = ["Namespaces: ", "make the network namespace", "stack the layers", "execve"]
        var rest = text[...]
        for word in words {
            let place = try #require(rest.firstRange(of: word), "\(word) in its turn")
            rest = rest[place.upperBound...]
        }
        #expect(text.ranges(of: #""step":"make the network namespace","because""#).count == 1, "made once")
        #expect(try shim.waitForExit().code == 0)
    }
}
