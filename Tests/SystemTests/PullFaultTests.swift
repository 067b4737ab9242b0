// Registries and layers that mean harm, machines that fail in the middle: always an error that names the thing, exit 125 from `run`, no half image,
// nothing outside of the layer's root touched, a daemon that goes on, and a next pull that works.
import Foundation
import Glibc
import Testing

@Suite("Bad registries, bad layers and bad moments", .enabled(if: Machine.hasRegistry, Machine.whyNoRegistry), .serialized)
struct PullFaultTests {
    @Test("each fault of a registry is told in a sentence that names it; nothing of the image stays; the daemon goes on")
    func registryFaults() throws {
        let layouts = try Layouts(), bed = try Testbed("faults", image: false)
        try layouts.python(
            """
            layout = Layout(FOLDER)
            layout.image('a', [busybox(), files({'noise': os.urandom(300000)})])
            layout.image('lying', [busybox()], diff_ids=['sha256:' + '5' * 64])
            layout.image('short', [busybox(), files({'a': b'1'})], diff_ids=[digest(busybox())])
            inner = next(one for one in layout.index['manifests'] if one['annotations']['org.opencontainers.image.ref.name'] == 'a')
            import json
            machine = {'x86_64': 'amd64', 'aarch64': 'arm64'}[os.uname().machine]
            for depth in range(12):
                kind = 'application/vnd.oci.image.index.v1+json'
                inner = {key: inner[key] for key in ('mediaType', 'digest', 'size')} | {'platform': {'os': 'linux', 'architecture': machine}}
                inner = layout.blob(json.dumps({'schemaVersion': 2, 'mediaType': kind, 'manifests': [inner]}).encode(), kind)
            layout.tag('deep', inner)
            other = {'mediaType': 'application/vnd.oci.image.manifest.v1+json', 'digest': 'sha256:' + 'e' * 64, 'size': 9, 'platform': {'os': 'plan9', 'architecture': 'mips'}}
            layout.tag('elsewhere', layout.blob(json.dumps({'schemaVersion': 2, 'mediaType': kind, 'manifests': [other]}).encode(), kind))
            """)
        let registry = try HostileRegistry(layouts.path)
        let cases: [(name: String, words: [String])] = [
            ("good:nosuch", ["manifest unknown"]), ("corrupt:a", ["sha256:"]), ("truncated:a", ["sha256:"]), ("toolong:a", ["sha256:"]),
            ("missing:a", ["blob sha256:"]), ("garbage:a", ["manifest"]), ("huge:a", ["manifest"]), ("cyclic:a", ["sha256:ccc"]),
            ("busy:a", ["toomanyrequests"]),
            ("broken:a", ["500"]), ("schema1:a", ["schema"]), ("good:lying", ["sha256:555"]), ("good:short", ["layer"]), ("good:deep", ["index"]),
            ("good:elsewhere", ["no matching manifest"])
        ]
        for (name, words) in cases {
            let outcome = try bed.slipway("run", "--rm", "--network", "none", "\(registry.host)/\(name)", "/bin/true", seconds: 120)
            #expect(outcome.status == 125, "\(name): \(outcome)")
            for word in words { #expect(outcome.errors.contains(word), "\(name): \(outcome)") }
            #expect(try bed.slipway("images", "-aq").line.isEmpty, "\(name)")
            try expectNothingLeft(bed, name)
        }
        for name in ["flaky:a", "cut:a", "good:a"] {
            let outcome = try bed.slipway("pull", "\(registry.host)/\(name)", seconds: 120)
            #expect(outcome.status == 0, "\(name): \(outcome)\n\(bed.daemonLog)")
        }
        let unreachable = try bed.slipway("pull", "127.0.0.1:1/x")
        #expect(unreachable.status == 1 && unreachable.errors.contains("connection refused"), "\(unreachable)")
        #expect(try bed.slipway("pull", "Upper").errors.contains("must be lowercase"))
        #expect(bed.daemon?.isRunning == true)
    }

    @Test("each hostile layer is refused by name, and touches nothing outside of its root")
    func hostileLayers() throws {
        let layouts = try Layouts(), bed = try Testbed("hostile", image: false)
        let made = try layouts.python(
            """
            file, link, hard, folder = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE
            cases = {
                'dotdot': entries(('../../../../../../tmp/planted', file, '')),
                'inner-dotdot': entries(('a/../../../../../tmp/planted', file, '')),
                'hard-link-out': entries(('shadow', hard, '../../../../../../etc/passwd')),
                'whiteout-out': entries(('.wh...', file, '')),
                'whiteout-nothing': entries(('.wh.', file, '')),
                'long-name': entries(('n' * 300, file, '')),
                'bomb': files({'bomb': b'\\0' * 10}),
            }
            layout = Layout(FOLDER)
            for name, tar in cases.items():
                layout.image(name, [busybox(), tar])
            harmless = {
                'absolute': entries(('/tmp/planted', file, '')),
                'link-then-write': entries(('escape', link, '/tmp'), ('escape/planted', file, '')),
                'link-up-then-write': entries(('up', link, '../../../../../../../../tmp'), ('up/planted', file, '')),
                'deep': entries(('/'.join(['d'] * 3000) + '/end', file, '')),
            }
            for name, tar in harmless.items():
                layout.image(name, [busybox(), tar])
            print(' '.join(cases), '/', ' '.join(harmless))
            """)
        let halves = made.split(separator: "/").map { $0.split(separator: " ").map(String.init) }
        let registry = try HostileRegistry(layouts.path)
        for name in halves[0] where name != "bomb" {
            let outcome = try bed.slipway("run", "--rm", "--network", "none", "\(registry.host)/good:\(name)", "/bin/true", seconds: 120)
            #expect(outcome.status == 125, "\(name): \(outcome)")
            #expect(outcome.errors.contains("failed to register layer sha256:") && outcome.errors.contains("unpack"), "\(name): \(outcome)")
            try expectNothingLeft(bed, name)
        }
        for name in halves[1] {
            let outcome = try bed.slipway("pull", "\(registry.host)/good:\(name)", seconds: 120)
            // An absolute name is one inside of the layer. A link that leads to nothing there cannot be written through; whether 3,000 levels are too
            // many is the kernel's to say.
            #expect(outcome.status == 0 || (name != "absolute" && outcome.errors.contains("unpack")), "\(name): \(outcome)\n\(bed.daemonLog)")
        }
        #expect(!FileManager.default.fileExists(atPath: "/tmp/planted"))
        let inside = try bed.slipway("run", "--rm", "--network", "none", "\(registry.host)/good:absolute", "/bin/cat", "/tmp/planted")
        #expect(inside.line == "planted")
        #expect(bed.daemon?.isRunning == true)
    }

    @Test("kill -9 of the daemon at 20 random points of a pull: the next pull completes, and no partial bytes stay")
    func randomKills() throws {
        let layouts = try Layouts(), bed = try Testbed("killed", image: false)
        try layouts.python("Layout(FOLDER).image('a', [busybox()] + [files({f'n{n}': os.urandom(1 << 20), 'all': bytes([n])}) for n in range(6)])")
        let registry = try HostileRegistry(layouts.path)
        let name = "\(registry.host)/slow:a"
        for round in 0..<20 {
            let pull = try begin([Machine.tool("slipway"), "pull", name], environment: bed.environment, seconds: 60)
            usleep(UInt32.random(in: 0...900_000))
            bed.killDaemon()
            let outcome = pull.wait()
            try bed.startDaemon()
            let listed = try bed.slipway("images", "-q").lines
            #expect(outcome.status != 0 || listed.count == 1, "round \(round): the pull said it was done, and the image is not there")
            if listed.isEmpty { try expectNothingLeft(bed, "round \(round)") } else { try bed.slipway("rmi", "-f", name) }
        }
        let last = try bed.slipway("pull", name)
        #expect(last.status == 0, "\(last)\n\(bed.daemonLog)")
        #expect(try bed.slipway("run", "--rm", "--network", "none", name, "/bin/sh", "-c", "ls / | wc -l; cat /all | wc -c").lines.last == "1")
        #expect(try FileManager.default.contentsOfDirectory(atPath: bed.data.appending(path: "content/incoming").path).isEmpty)
    }

    @Test("a full disk while pulling: an error that says so, the space given back, and the next pull works")
    func fullDisk() throws {
        let layouts = try Layouts()
        try layouts.python("Layout(FOLDER).image('big', [busybox(), files({'noise': os.urandom(24 << 20)})]); Layout(FOLDER).image('small', [busybox()])")
        let registry = try HostileRegistry(layouts.path)
        for megabytes in [16, 40] {  // full while the blob comes in, and full while it is unpacked
            let bed = try Testbed("full", image: false)
            bed.stopDaemon()
            try run(["mount", "-t", "tmpfs", "-o", "size=\(megabytes)m", "none", bed.data.path])
            defer { _ = try? run(["umount", "-l", bed.data.path]) }
            try bed.startDaemon()
            let before = try used(bed)
            let outcome = try bed.slipway("pull", "\(registry.host)/good:big", seconds: 120)
            #expect(outcome.status == 1 && outcome.errors.lowercased().contains("no space left on device"), "\(megabytes) MB: \(outcome)")
            let isBack = try eventually { try used(bed) < before + 1024 }, after = try used(bed)
            #expect(isBack, "\(megabytes) MB: \(before) KiB before, \(after) after")
            #expect(try bed.slipway("run", "--rm", "--network", "none", "\(registry.host)/good:small", "/bin/echo", "goes on").line == "goes on")
            bed.stopDaemon()
        }
    }

    private func used(_ bed: Testbed) throws -> Int {
        Int(try run(["sh", "-c", "df -k --output=used \(bed.data.path) | tail -1"]).line.trimmingCharacters(in: .whitespaces)) ?? -1
    }

    @Test("a client that goes away in the middle ends the pull if nobody else wants it")
    func clientGone() throws {
        let layouts = try Layouts(), bed = try Testbed("gone", image: false)
        try layouts.python("Layout(FOLDER).image('a', [busybox(), files({'noise': os.urandom(20 << 20)})])")
        let registry = try HostileRegistry(layouts.path)
        let pull = try begin([Machine.tool("slipway"), "pull", "\(registry.host)/slow:a"], environment: bed.environment, seconds: 60)
        #expect(eventually { registry.log.contains("/blobs/") })
        usleep(300_000)
        kill(pull.pid, SIGKILL)
        _ = pull.wait()
        let isGone = try eventually(within: 20) { try incoming(bed).isEmpty }
        #expect(isGone, "half of a blob stays")
        #expect(try bed.slipway("images", "-q").line.isEmpty)
    }

    private func incoming(_ bed: Testbed) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: bed.data.appending(path: "content/incoming").path)
    }

    /// No blob, no temporary, no layer, nothing staged.
    private func expectNothingLeft(_ bed: Testbed, _ what: String) throws {
        for folder in ["content/incoming", "content/blobs/sha256", "snapshots/staging", "snapshots/layers"] {
            let path = bed.data.appending(path: folder).path
            let isEmpty = try eventually(within: 10) { try FileManager.default.contentsOfDirectory(atPath: path).isEmpty }
            let found = try FileManager.default.contentsOfDirectory(atPath: path)
            #expect(isEmpty, "\(what): \(folder) still holds \(found)")
        }
    }
}
