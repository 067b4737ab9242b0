// What is left of the world once the helper is confined, and how it ends. Needs root and the program slipway-tree beside the tests.

import Linux
import Testing
import Trees

@Suite("slipway-tree, confined,")
struct ConfinementTests {
    @Test("refuses what is none of its tasks by name", arguments: ["push", "Unpack", "settle "])
    func notYet(_ task: String) throws {
        try withPlace { place in
            let pipe = try Pipe()
            let child = try pipe.writing.borrow { reply in try place.start(task, nil, reply: reply) }
            let ended = try child.descriptor.borrow { try wait($0) }
            #expect(ended?.code == 1)
            let reply = try pipe.reading.borrow { try read($0, upTo: 1000) }
            #expect(String(decoding: reply, as: UTF8.self).contains("\"notYet\""))
        }
    }

    @Test("does nothing for a parent that is gone")
    func orphan() throws {
        try withPlace { place in
            let pipe = try Pipe()
            let request = Request(parent: 1, task: .unpack(directory: place.root.string, limits: .standard))
            let child = try pipe.writing.borrow { reply in try place.start("unpack", request, reply: reply) }
            let ended = try child.descriptor.borrow { try wait($0) }
            #expect(ended?.code == 1)
            let reply = try pipe.reading.borrow { try decode(Reply.self, read($0, upTo: 1000)) }
            #expect(reply.failed?.error == .died("whoever asked is gone"))
        }
    }

    @Test("ends with its parent, even one that is killed")
    func parentKilled() throws {
        try withPlace { place in
            let question = try memoryFile("request"), layer = try Pipe(), reply = try Pipe(), go = try Pipe()
            // The shell stands for the daemon. Its number belongs into the request, so it waits for that.
            let script = "read x; \"$0\" unpack; true"
            let shell = try question.borrow { question in
                try layer.reading.borrow { layer in
                    try reply.writing.borrow { reply in
                        try go.reading.borrow { go in
                            try spawn(
                                Spawn(
                                    "/bin/sh", ["sh", "-c", script, place.helper.executable.string],
                                    descriptors: [(go, 0), (question, Number.request), (reply, Number.reply), (layer, Number.archive)]))
                        }
                    }
                }
            }
            let request = Request(parent: shell.process.rawValue, task: .unpack(directory: place.root.string, limits: .standard))
            try question.borrow { question in
                try write(question, line(request))
                try seek(question, to: 0)
            }
            try go.writing.borrow { go in try write(go, "go\n") }
            let helper = try #require(try child(of: shell.process))
            let isConfined = try waitUntil { try readText(FilePath("/proc/\(helper)/status")).contains("Seccomp:\t2") }
            #expect(isConfined)
            try send(.kill, to: shell.process)
            _ = try shell.descriptor.borrow { try wait($0) }
            // Whoever inherits it may take its time to bury it; then there is nothing to read any more.
            let isGone = try waitUntil {
                guard let status = try? readText(FilePath("/proc/\(helper)/status")) else { return true }  // as said
                return status.contains("State:\tZ")
            }
            #expect(isGone)
        }
    }

    private func child(of process: ProcessID) throws -> ProcessID? {
        var found: ProcessID?
        _ = try waitUntil {
            let text = try readText(FilePath("/proc/\(process)/task/\(process)/children"))
            found = text.split(separator: " ").first.flatMap { Int32($0) }.map { ProcessID($0) }
            return found != nil
        }
        return found
    }

    /// Asks again and again, for ten seconds.
    private func waitUntil(_ condition: () throws -> Bool) throws -> Bool {
        for _ in 0..<1000 {
            if try condition() { return true }
            pause(milliseconds: 10)
        }
        return false
    }

    @Test("has given up everything but its directory before it reads the first byte")
    func unpacking() throws {
        try withPlace { place in
            let layer = try Pipe()
            let request = Request(
                parent: currentProcess().rawValue, task: .unpack(directory: place.root.string, limits: UnpackLimits(bytes: 1000, entries: 10)))
            // It waits for the pipe now. CHOWN, DAC_OVERRIDE, FOWNER, FSETID, SYS_ADMIN, MKNOD, SETFCAP.
            try layer.reading.borrow { layer in
                try examine(place, "unpack", request, archive: layer, capabilities: "000000008820001b", mount: "rw,nosuid,nodev,noexec")
            }
        }
    }

    @Test("can change nothing when it packs")
    func packing() throws {
        try withPlace { place in
            try writeFile(place.root.appending("large"), [UInt8](repeating: 1, count: 1 << 20))
            let output = try Pipe()
            let request = Request(parent: currentProcess().rawValue, task: .pack(directory: place.root.string, form: .plain))
            // The pipe is full now. DAC_READ_SEARCH, SYS_ADMIN.
            try output.writing.borrow { output in
                try examine(place, "pack", request, archive: output, capabilities: "0000000000200004", mount: "ro,nosuid,nodev,noexec")
            }
        }
    }

    private func examine(_ place: Place, _ task: String, _ request: Request, archive: FileDescriptor, capabilities: String, mount: String) throws {
        let reply = try Pipe()
        let child = try reply.writing.borrow { reply in try place.start(task, request, reply: reply, archive: archive) }
        defer { try? send(.kill, to: child.process) }  // it is dead by then, unless a check threw
        let proc = FilePath("/proc/\(child.process)")
        // The filter is the last thing that it installs.
        var status = ""
        for _ in 0..<1000 where !status.contains("Seccomp:\t2") {
            status = try readText(proc.appending("status"))
            pause(milliseconds: 10)
        }
        #expect(status.contains("Seccomp:\t2") && status.contains("NoNewPrivs:\t1") && status.contains("Threads:\t1"))
        #expect(status.contains("CapEff:\t\(capabilities)") && status.contains("CapPrm:\t\(capabilities)"))
        let mounts = try readText(proc.appending("mountinfo")).split(separator: "\n")
        #expect(mounts.count == 1 && mounts.first?.contains(" / \(mount)") == true, "\(mounts)")
        for kind in ["mnt", "net", "ipc", "uts"] { #expect(try readLink(proc.appending("ns/\(kind)")) != readLink(FilePath("/proc/self/ns/\(kind)"))) }
        // Beyond what it was given, only what it opened itself, beneath its root.
        for descriptor in try entries(proc.appending("fd")) where !["0", "1", "2", "3", "4", "5"].contains(descriptor) {
            let target = try readLink(proc.appending("fd/\(descriptor)"))
            #expect(target == "/" || target == "/large", "\(target)")
        }
        #expect(try readText(proc.appending("limits")).contains("1073741824           1073741824           bytes"))
        try send(.kill, to: child.process)
        let ended = try child.descriptor.borrow { try wait($0) }
        #expect(ended == .signaled(9))
    }
}
