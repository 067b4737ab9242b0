// cp with both command lines: into and out of containers that run and that do not, volumes and binds, links, streams, refusals in Docker's words,
// hostile tars, many at once, and what is left of it all when the daemon dies. diff and export beside it.
import Foundation
import Glibc
import Testing

@Suite("Copies", .enabled(if: Machine.isSandbox, Machine.why), .serialized)
struct CopyTests {
    static let shared = Result { () throws -> Testbed in
        let bed = try Testbed("copy")
        let bind = bed.folder.appending(path: "bind").path
        try FileManager.default.createDirectory(atPath: bind, withIntermediateDirectories: true)
        let script = "mkdir -p /dir/sub /vol; echo one >/dir/one; echo two >/dir/sub/two; ln -s /dir /link; ln -s /etc/passwd /file; echo kept >/vol/kept; "
        for (name, rest) in [("up", "exec sleep 1000"), ("down", "exit 0")] {
            try bed.slipway("run", "-d", "--name", name, "-v", "/vol", "-v", "\(bind):/fixed:ro", "bb", "sh", "-c", script + rest)
        }
        try bed.slipway("wait", "down")
        try bed.slipway("run", "-d", "--name", "sealed", "--read-only", "-v", "/vol", "bb", "sleep", "1000")
        _ = try eventually { try bed.slipway("exec", "up", "cat", "/vol/kept").line == "kept" }
        return bed
    }
    let bed: Testbed
    let here: URL
    init() throws {
        bed = try Self.shared.get()
        here = bed.folder.appending(path: "here-\(UUID().uuidString.prefix(6))")
        try FileManager.default.createDirectory(at: here, withIntermediateDirectories: true)
    }

    private func cp(_ client: Client, _ words: String..., input: Data? = nil) throws -> Outcome {
        try run(client.words + ["cp"] + words, input: input, environment: bed.environment, seconds: 60)
    }

    /// What a file of this machine says; nil where it is not there.
    private func text(_ path: String) -> String? {
        try? String(contentsOf: here.appending(path: path), encoding: .utf8)  // as said
    }

    /// What is in a container, running or not, as tar lists it.
    private func read(_ container: String, _ path: String) throws -> String {
        try run(["sh", "-c", "\(Machine.tool("slipway")) cp \(container):\(path) - | tar -xOf -"], environment: bed.environment).output
    }

    static let places = [("up", Client.slipway), ("down", .slipway)] + (Machine.hasDocker ? [("up", .docker), ("down", .docker)] : [])

    @Test("out of a container: a file, a directory, what is in it, to a new name, into what is there", arguments: places)
    func out(container: String, client: Client) throws {
        #expect(try cp(client, "\(container):/dir/one", here.path).status == 0)
        #expect(text("one") == "one\n")
        #expect(try cp(client, "\(container):/dir/one", here.path + "/other").status == 0)
        #expect(text("other") == "one\n")
        #expect(try cp(client, "\(container):/dir", here.path + "/new").status == 0)
        #expect(text("new/sub/two") == "two\n")
        #expect(try cp(client, "\(container):/dir", here.path + "/new").status == 0)
        #expect(text("new/dir/sub/two") == "two\n")
        #expect(try cp(client, "\(container):/dir/.", here.path + "/flat").status == 0)
        #expect(text("flat/one") == "one\n")
        #expect(try cp(client, "\(container):/vol", here.path).status == 0)
        #expect(text("vol/kept") == "kept\n")
        #expect(try cp(client, "\(container):/link", here.path + "/l").status == 0)
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: here.path + "/l") == "/dir")
        #expect(try cp(client, "-L", "\(container):/link", here.path + "/followed").status == 0)
        #expect(text("followed/one") == "one\n")
        #expect(try cp(client, "-L", "\(container):/file", here.path).status == 0)
        #expect(text("file")?.hasPrefix("root:") == true)
        #expect(try cp(client, "\(container):/etc/hostname", here.path).status == 0 && text("hostname")?.count == 13)
    }

    @Test("into a container: a file, a directory, volumes, through links, a tar as a stream", arguments: places)
    func into(container: String, client: Client) throws {
        let mark = "\(client)-\(container)"
        try "mine\n".write(to: here.appending(path: "f"), atomically: true, encoding: .utf8)
        try FileManager.default.createDirectory(at: here.appending(path: "d/e"), withIntermediateDirectories: true)
        try "deep\n".write(to: here.appending(path: "d/e/g"), atomically: true, encoding: .utf8)
        #expect(try cp(client, here.path + "/f", "\(container):/tmp/\(mark)").status == 0)
        #expect(try read(container, "/tmp/\(mark)") == "mine\n")
        #expect(try cp(client, here.path + "/d", "\(container):/tmp/\(mark)-d").status == 0)
        #expect(try cp(client, here.path + "/d", "\(container):/tmp/\(mark)-d").status == 0)
        #expect(try read(container, "/tmp/\(mark)-d/e/g") == "deep\n")
        #expect(try read(container, "/tmp/\(mark)-d/d/e/g") == "deep\n")
        #expect(try cp(client, here.path + "/d/.", "\(container):/vol").status == 0)
        #expect(try read(container, "/vol/e/g") == "deep\n")
        #expect(try cp(client, here.path + "/f", "\(container):/link/\(mark)").status == 0)
        #expect(try read(container, "/dir/\(mark)") == "mine\n")
        #expect(try cp(client, here.path + "/f", "\(container):/link").status == 0)
        #expect(try read(container, "/dir/f") == "mine\n")
        let tar = try run(["tar", "-C", here.path, "-cf", "-", "d"]).bytes
        #expect(try cp(client, "-", "\(container):/tmp", input: tar).status == 0)
        #expect(try read(container, "/tmp/d/e/g") == "deep\n")
        let stream = try cp(client, "\(container):/tmp/d", "-")
        #expect(try run(["tar", "-tf", "-"], input: stream.bytes).lines == ["d/", "d/e/", "d/e/g"])
    }

    @Test("what cannot be is refused in Docker's words", arguments: Client.present)
    func refused(client: Client) throws {
        try "mine\n".write(to: here.appending(path: "f"), atomically: true, encoding: .utf8)
        try FileManager.default.createDirectory(at: here.appending(path: "d"), withIntermediateDirectories: true)
        let (f, d) = (here.path + "/f", here.path + "/d")
        for (source, target, words) in [
            ("up:/nosuch", here.path, "Could not find the file /nosuch in container up"), ("nosuch:/x", here.path, "No such container: nosuch"),
            ("up:/dir", "down:/dir", "copying between containers is not supported"), (f, d, "must specify at least one container source"),
            (d, "up:/dir/one", "cannot copy directory"), (f, "up:/tmp/nosuch/", "no such directory"), (f, "up:/fixed/f", "mounted volume is marked read-only"),
            (f, "down:/fixed", "mounted volume is marked read-only"), (f, "sealed:/tmp", "container rootfs is marked read-only"),
            (f, "up:/nosuch/deeper", "Could not find the file /nosuch in container up"), ("up:/dir/one", "\(here.path)/no/where", "does not exist")
        ] {
            let outcome = try cp(client, source, target)
            #expect(outcome.status == 1 && outcome.errors.contains(words), "\(source) \(target): \(outcome)")
        }
        #expect(try cp(client, f, "sealed:/vol/f").status == 0)
        let twisted = try run(["tar", "-C", here.path, "--transform", "s/^f$/dir/", "-cf", "-", "f"]).bytes
        let path = "/containers/up/archive?path=/&noOverwriteDirNonDir=1"
        try twisted.write(to: here.appending(path: "tar"))
        let words = ["curl", "-s", "-X", "PUT", "--unix-socket", bed.socket, "--data-binary", "@\(here.path)/tar", "http://engine\(path)"]
        #expect(try run(words).output.contains(#"cannot overwrite directory \"/dir\" with non-directory \"/\""#))
        #expect(try bed.request("HEAD", "/containers/up/archive?path=/nosuch").status == 404)
        #expect(try bed.request("GET", "/containers/up/archive").status == 400)
    }

    @Test("a stranger's tar stays in the container", arguments: ["up", "down"])
    func hostile(container: String) throws {
        let outside = "/tmp/slipway-outside-\(getpid())"
        try "untouched".write(toFile: outside, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: outside) }  // made above
        let script = """
            import tarfile, io, sys
            t = tarfile.open(fileobj=sys.stdout.buffer, mode='w|')
            def add(name, type=b'0', link='', data=b''):
                i = tarfile.TarInfo(name); i.type = type; i.linkname = link; i.size = len(data); i.devmajor = 8; i.mode = 0o644
                t.addfile(i, io.BytesIO(data))
            kind = sys.argv[1]
            if kind == 'up': add('../../../../..\(outside)', data=b'evil')
            if kind == 'absolute': add('\(outside)', data=b'evil')
            if kind == 'link': add('away', b'2', '/tmp'); add('away/slipway-outside-\(getpid())', data=b'evil')
            if kind == 'hard': add('hard', b'1', '../../../..\(outside)')
            if kind == 'device': add('disk', b'4')
            t.close()
            """
        for (kind, isRefused) in [("up", true), ("absolute", false), ("link", false), ("hard", true), ("device", false)] {
            let tar = try run(["python3", "-c", script, kind])
            #expect(tar.status == 0, "\(tar)")
            let outcome = try cp(.slipway, "-", "\(container):/home", input: tar.bytes)
            #expect((outcome.status != 0) == isRefused, "\(kind): \(outcome)")
        }
        #expect(try String(contentsOfFile: outside, encoding: .utf8) == "untouched")
        #expect(try read(container, "/home\(outside)") == "evil")
    }

    @Test("many bytes pass at flat memory, in both directions; half a tar cuts the stream")
    func big() throws {
        let big = here.appending(path: "big").path, before = try peak()
        #expect(try run(["sh", "-c", "head -c 400000000 /dev/urandom >\(big)"]).status == 0)
        for client in Client.present {
            #expect(try cp(client, big, "up:/tmp/big").status == 0)
            #expect(try cp(client, "up:/tmp/big", big + "2").status == 0)
            #expect(try run(["cmp", big, big + "2"]).status == 0)
        }
        let more = try peak() - before
        #expect(more < 100_000, "kilobytes more than before")
        try bed.slipway("exec", "up", "rm", "/tmp/big")
        try FileManager.default.removeItem(at: here)
    }

    private func peak() throws -> Int {
        let text = try String(contentsOfFile: "/proc/\(bed.daemon?.processIdentifier ?? 0)/status", encoding: .utf8)
        let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
        return Int(line.split(separator: " ").dropLast().last ?? "") ?? 0
    }

    @Test("twenty at once, and nothing is left of them")
    func together() throws {
        let runs = try (0..<20).map { number in
            try begin(
                [Machine.tool("slipway"), "cp", number.isMultiple(of: 2) ? "up:/bin" : "down:/bin", here.path + "/\(number)"], environment: bed.environment)
        }
        for running in runs { #expect(running.wait().status == 0) }
        for number in 0..<20 { #expect(try run(["cmp", "/bin/busybox", here.path + "/\(number)/busybox"]).status == 0) }
        #expect(try eventually { try helpers() == 0 })
    }

    @Test("a client that leaves ends the helper, in both directions, and the container starts after it")
    func leaving() throws {
        try bed.slipway("exec", "up", "sh", "-c", "head -c 300000000 /dev/zero >/tmp/zeros")
        let url = "http://engine/containers/up/archive?path="
        let slow = try begin(["curl", "-s", "--limit-rate", "1k", "-o", "/dev/null", "--unix-socket", bed.socket, url + "/tmp/zeros"])
        #expect(try eventually { try helpers() > 0 })
        kill(slow.pid, SIGKILL)
        _ = slow.wait()
        #expect(try eventually { try helpers() == 0 })
        try bed.slipway("create", "--name", "later", "bb", "true")
        let script = """
            import socket, time
            s = socket.socket(socket.AF_UNIX); s.connect('\(bed.socket)')
            s.sendall(b'PUT /containers/later/archive?path=/tmp HTTP/1.1\\r\\nHost: e\\r\\nContent-Length: 10240\\r\\n\\r\\n' + b'x' + bytes(600))
            time.sleep(1000)
            """
        let stuck = try begin(["python3", "-c", script])
        #expect(try eventually { try helpers() > 0 })
        let start = try begin([Machine.tool("slipway"), "start", "-a", "later"], environment: bed.environment)
        usleep(300_000)
        #expect(start.process.isRunning, "a start waits for who writes into the tree")
        kill(stuck.pid, SIGKILL)
        _ = stuck.wait()
        #expect(start.wait().status == 0)
        #expect(try eventually { try helpers() == 0 })
        try bed.slipway("exec", "up", "rm", "/tmp/zeros")
    }

    /// How many helpers there are.
    private func helpers() throws -> Int {
        try run(["sh", "-c", "ps -e -o comm= | grep -c slipway-tree || true"]).line.split(separator: "\n").first.flatMap { Int($0) } ?? 0
    }

    @Test("diff tells what changed, export is a tar of it all", arguments: Client.present)
    func changes(client: Client) throws {
        let name = "changed-\(client)"
        try bed.slipway(
            "run", "--name", name, "-v", "/vol", "bb", "sh", "-c", "echo x >/vol/x; echo n >/etc/new; rm /etc/data; mkdir /home/a; chmod 700 /home/me")
        let found = try run(client.words + ["diff", name], environment: bed.environment)
        #expect(Set(found.lines).isSuperset(of: ["C /etc", "A /etc/new", "D /etc/data", "C /home", "A /home/a", "C /home/me"]), "\(found)")
        #expect(!found.output.contains("/vol/x") && !found.output.contains("/bin"))
        let tar = here.path + "/\(name).tar"
        #expect(try run(client.words + ["export", "-o", tar, name], environment: bed.environment).status == 0)
        let names = try run(["tar", "-tf", tar]).lines
        #expect(names.contains("etc/new") && names.contains("bin/busybox") && !names.contains("etc/data") && !names.contains("vol/x"))
        #expect(try run(client.words + ["export", "nosuch"], environment: bed.environment).errors.contains("No such container: nosuch"))
    }

    @Test("a daemon that is killed in a copy leaves no helper, no mount, and a container that starts")
    func killed() throws {
        let bed = try Testbed("copykill")
        try bed.slipway("create", "--name", "cc", "bb", "sh", "-c", "ls /tmp")
        let mounts = try String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8)
        let tar = here.appending(path: "many.tar").path
        #expect(try run(["sh", "-c", "cd \(here.path); mkdir m; for i in $(seq 400); do head -c 100000 /dev/zero >m/$i; done; tar -cf \(tar) m"]).status == 0)
        for delay in [20_000, 60_000, 120_000] {
            let copy = try begin([Machine.tool("slipway"), "cp", "-", "cc:/tmp"], input: try Data(contentsOf: URL(filePath: tar)), environment: bed.environment)
            usleep(UInt32(delay))
            bed.killDaemon()
            _ = copy.wait()
            #expect(try eventually { try helpers() == 0 })
            try bed.startDaemon()
        }
        #expect(try String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8) == mounts)
        #expect(try bed.slipway("start", "-a", "cc").status == 0)
        #expect(try cp(.slipway, "nosuch:/", here.path).status == 1)
        bed.stopDaemon()
    }
}
