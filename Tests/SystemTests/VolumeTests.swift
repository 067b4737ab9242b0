// Volumes, binds and tmpfs by the genuine docker command: what containers see, what stays, what inspect and events tell, and what is refused.
import Foundation
import Testing

/// An image with files of several owners at /srv/www, a link to them, and a volume of its own at /var/anon.
private func importShop(_ bed: Testbed) throws {
    let folder = bed.folder.appending(path: "shop").path
    let made = try run([
        "sh", "-ec",
        """
        mkdir -p \(folder)/bin \(folder)/srv/www/deep \(folder)/var/anon \(folder)/empty; cd \(folder)
        cp /bin/busybox bin/busybox; for name in sh ls cat stat echo sleep touch mount grep id mkdir rm ln true; do ln -s busybox bin/$name; done
        echo index >srv/www/index.html; echo page >srv/www/deep/page; ln srv/www/index.html srv/www/again; ln -s index.html srv/www/link
        chown -R 33:34 srv/www; chmod 2750 srv/www; chown 70:70 empty; ln -s srv/www www; echo anon >var/anon/file
        tar --numeric-owner -cf ../shop.tar .
        """
    ])
    guard made.status == 0 else { throw Refused(description: "\(made)") }
    let imported = try bed.docker("import", "-c", "VOLUME /var/anon", "-c", "ENV PATH=/bin", bed.folder.appending(path: "shop.tar").path, "shop")
    guard imported.status == 0 else { throw Refused(description: "\(imported) \(bed.daemonLog)") }
}

@Suite("The genuine docker command keeps volumes", .enabled(if: Machine.hasDocker, Machine.whyNoDocker), .serialized)
struct VolumeTests {
    static let shared = Result {
        let bed = try Testbed("volumes")
        try importShop(bed)
        return bed
    }
    let bed: Testbed
    init() throws { bed = try Self.shared.get() }

    private func sh(_ words: String..., script: String) throws -> Outcome {
        try run([Machine.docker ?? "docker", "run", "--rm", "--network", "none"] + words + ["shop", "sh", "-c", script], environment: bed.environment)
    }

    private func volumes(_ words: String...) throws -> [String] {
        try run([Machine.docker ?? "docker", "volume", "ls", "-q"] + words, environment: bed.environment).lines
    }

    @Test("volume create, ls, inspect, rm")
    func verbs() throws {
        #expect(try bed.docker("volume", "create", "--label", "team=web", "v1").line == "v1")
        #expect(try bed.docker("volume", "create", "v1").line == "v1")
        #expect(try bed.docker("volume", "ls", "--filter", "label=team=web", "--format", "{{.Driver}} {{.Name}}").output == "local v1\n")
        #expect(
            try bed.docker("volume", "inspect", "-f", "{{.Mountpoint}} {{.Scope}} {{json .Labels}}", "v1").line.hasSuffix(
                #"/volumes/v1/_data local {"team":"web"}"#))
        #expect(try bed.docker("inspect", "-f", "{{.Name}}", "v1").line == "v1")
        #expect(try bed.docker("volume", "rm", "v1").line == "v1")
        let unknown = try bed.docker("volume", "rm", "v1")
        #expect(unknown.status == 1 && unknown.errors.contains("get v1: no such volume"), "\(unknown)")
        #expect(try bed.docker("volume", "rm", "-f", "v1").status == 0)
        let bad = try bed.docker("volume", "create", "a/b")
        #expect(bad.errors.contains(#"create a/b: "a/b" includes invalid characters for a local volume name"#), "\(bad)")
        #expect(try bed.docker("volume", "create", "-d", "nfsd", "v1").errors.contains(#"plugin "nfsd" not found"#))
        let name = try bed.docker("volume", "create").line
        #expect(name.count == 64)
        try bed.docker("volume", "rm", name)
    }

    @Test("an empty volume gets the image's files, owners and links included; one that has files keeps them")
    func copyUp() throws {
        let look = "stat -c '%u:%g %a %h' /srv/www /srv/www/index.html; cat /srv/www/index.html; ls -l /srv/www/link | grep -c -- '-> index.html'"
        #expect(try sh("-v", "site:/srv/www", script: look).output == "33:34 2750 3\n33:34 644 2\nindex\n1\n")
        #expect(try sh("-v", "site:/data", script: "echo changed >/data/index.html; cat /data/deep/page").output == "page\n")
        #expect(try sh("-v", "site:/srv/www", script: "cat /srv/www/again").output == "changed\n")
        #expect(try sh("-v", "through:/www", script: "cat /srv/www/index.html; ls /www").output.hasPrefix("index\n"))
        #expect(try sh("-v", "empty:/empty", script: "stat -c %u:%g /empty").output == "70:70\n")
        #expect(try sh("-v", "none:/srv/www:nocopy", script: "ls -A /srv/www").output.isEmpty)
        let mounted = try sh("--mount", "type=volume,src=bare,dst=/srv/www,volume-nocopy", script: "ls -A /srv/www")
        #expect(mounted.status == 0 && mounted.output.isEmpty, "\(mounted)")
        for name in ["site", "through", "empty", "none", "bare"] { #expect(try bed.docker("volume", "rm", name).status == 0) }
    }

    @Test("read-only is read-only, for volumes and binds, and neither leads to the host")
    func readOnly() throws {
        let host = bed.folder.appending(path: "host").path
        for words in ["ro1:/data:ro", "\(host):/data:ro"] {
            let outcome = try sh("-v", words, script: "touch /data/x")
            #expect(outcome.status == 1 && outcome.errors.contains("Read-only file system"), "\(outcome)")
        }
        #expect(FileManager.default.fileExists(atPath: host), "-v makes the source")
        #expect(try sh("-v", "\(host):/data", script: "echo there >/data/file").status == 0)
        #expect(try String(contentsOfFile: "\(host)/file", encoding: .utf8) == "there\n")
        let missing = try sh("--mount", "type=bind,src=\(host)/nosuch,dst=/data", script: "true")
        #expect(missing.status == 125 && missing.errors.contains("bind source path does not exist: \(host)/nosuch"), "\(missing)")
        try bed.docker("volume", "rm", "ro1")
        #expect(try !run(["cat", "/proc/mounts"]).output.contains("_data"), "nothing is mounted on the host")
    }

    @Test("tmpfs has the size and mode that were asked for, and nothing to run in it")
    func tmpfs() throws {
        let mount = try sh("--mount", "type=tmpfs,dst=/cache,tmpfs-size=1048576,tmpfs-mode=1770", script: "grep ' /cache ' /proc/mounts; stat -c %a /cache")
        #expect(mount.output.contains("size=1024k") && mount.output.contains("noexec") && mount.output.hasSuffix("1770\n"), "\(mount)")
        let short = try sh("--tmpfs", "/cache:size=2m,exec", script: "grep ' /cache ' /proc/mounts")
        #expect(short.output.contains("size=2048k") && !short.output.contains("noexec"), "\(short)")
        #expect(try sh("--tmpfs", "/cache:colour=red", script: "true").errors.contains(#"Invalid tmpfs option "colour=red""#))
    }

    @Test("inspect and ps show mounts as Docker does")
    func inspect() throws {
        try bed.docker(
            "create", "--name", "shown", "-v", "named:/named", "-v", "/anon", "-v", "/tmp:/bound:ro", "--mount", "type=volume,src=m1,dst=/m", "shop", "true")
        let template = "{{range .Mounts}}{{.Type}}|{{len .Name}}|{{.Destination}}|{{.Driver}}|{{.Mode}}|{{.RW}}|{{.Propagation}}{{println}}{{end}}"
        let mounts = Set(try bed.inspect("shown", template).split(separator: "\n").map(String.init))
        #expect(
            mounts == [
                "volume|5|/named|local|z|true|", "volume|64|/anon|local||true|", "bind|0|/bound||ro|false|rprivate", "volume|2|/m|local|z|true|",
                "volume|64|/var/anon|local||true|"
            ], "\(mounts)")
        #expect(try bed.docker("ps", "-a", "--filter", "name=shown", "--format", "{{.LocalVolumes}} {{.Mounts}}").line.hasPrefix("4 "))
        let inUse = try bed.docker("volume", "rm", "named")
        let id = try bed.inspect("shown", "{{.Id}}")
        #expect(inUse.status == 1 && inUse.errors.contains("remove named: volume is in use - [\(id)]"), "\(inUse)")
        #expect(try bed.docker("rm", "-v", "shown").status == 0)
        #expect(try Set(volumes()).isSuperset(of: ["named", "m1"]) && !volumes().contains { $0.count == 64 })
        try bed.docker("volume", "rm", "named", "m1")
    }

    @Test("--rm and rm -v take unnamed volumes along, rm alone leaves them; prune takes what is left")
    func lifetime() throws {
        #expect(try sh("-v", "kept:/k", "-v", "/gone", script: "cat /var/anon/file").output == "anon\n")
        #expect(try eventually { try volumes() == ["kept"] })
        try bed.docker("create", "--name", "left", "shop", "true")
        try bed.docker("rm", "left")
        #expect(try volumes("--filter", "dangling=true").count == 2)
        let pruned = try bed.docker("volume", "prune", "-f")
        #expect(pruned.output.contains("Deleted Volumes:") && pruned.output.contains("Total reclaimed space:"), "\(pruned)")
        #expect(try volumes() == ["kept"])
        try bed.docker("volume", "prune", "-af")
        #expect(try volumes().isEmpty)
    }

    @Test("--volumes-from shares, read-only where asked")
    func volumesFrom() throws {
        try bed.docker("run", "-d", "--name", "giver", "-v", "shared:/shared", "shop", "sleep", "1000")
        #expect(try sh("--volumes-from", "giver", script: "echo news >/shared/paper").status == 0)
        #expect(try bed.docker("exec", "giver", "cat", "/shared/paper").output == "news\n")
        let readOnly = try sh("--volumes-from", "giver:ro", script: "cat /shared/paper; touch /shared/x")
        #expect(readOnly.output == "news\n" && readOnly.errors.contains("Read-only"))
        #expect(try bed.docker("exec", "giver", "cat", "/var/anon/file").output == "anon\n", "--rm of the other took nothing of giver's")
        #expect(try sh("--volumes-from", "nosuch", script: "true").errors.contains("No such container: nosuch"))
        try bed.docker("rm", "-fv", "giver")
        try bed.docker("volume", "rm", "shared")
    }

    @Test("mounts below mounts are there in whatever order they are said; two for one place are refused")
    func order() throws {
        let outcome = try sh("-v", "inner:/a/b/c", "-v", "outer:/a", "--tmpfs", "/a/b", script: "touch /a/b/c/deep; ls /a/b /a/b/c")
        #expect(outcome.output == "/a/b:\nc\n\n/a/b/c:\ndeep\n", "\(outcome)")
        #expect(try sh("-v", "inner:/a", "-v", "outer:/a/", script: "true").errors.contains("Duplicate mount point: /a"))
        try bed.docker("volume", "rm", "inner", "outer")
    }

    @Test("a subpath is mounted, and a link that a container planted there leads nowhere")
    func subpath() throws {
        #expect(try sh("-v", "tree:/t", script: "mkdir -p /t/sub/dir; echo in >/t/sub/dir/file; ln -s /etc /t/evil; ln -s ../../../.. /t/sub/up").status == 0)
        func create(_ subpath: String) throws -> (status: Int, body: String) {
            try bed.request(
                "POST", "/containers/create",
                body:
                    #"{"Image":"shop","Cmd":["ls","/s"],"HostConfig":{"NetworkMode":"none","Mounts":[{"Type":"volume","Source":"tree","Target":"/s","VolumeOptions":{"Subpath":"\#(subpath)"}}]}}"#
            )
        }
        let made = try create("sub/dir")
        let id = String(made.body.dropFirst(7).prefix(64))
        #expect(made.status == 201, "\(made)")
        #expect(try bed.docker("start", "-a", id).output == "file\n")
        #expect(try create("../x").status == 400)
        for planted in ["evil", "sub/up"] {
            let evil = String(try create(planted).body.dropFirst(7).prefix(64))
            let started = try bed.docker("start", "-a", evil)
            #expect(started.status != 0 && started.errors.contains("a symbolic link is on the way"), "\(started)")
            try bed.docker("rm", evil)
        }
        try bed.docker("rm", "-v", id)
        try bed.docker("volume", "prune", "-af")
    }

    @Test("options of the driver: a bind to another directory, and memory")
    func options() throws {
        let device = bed.folder.appending(path: "device").path
        try FileManager.default.createDirectory(atPath: device, withIntermediateDirectories: true)
        try bed.docker("volume", "create", "-o", "type=none", "-o", "o=bind", "-o", "device=\(device)", "dev")
        #expect(try sh("-v", "dev:/srv/www", script: "echo here >/srv/www/new").status == 0)
        #expect(try Set(FileManager.default.contentsOfDirectory(atPath: device)) == ["index.html", "again", "link", "deep", "new"])
        try bed.docker("volume", "create", "-o", "type=tmpfs", "-o", "device=tmpfs", "-o", "o=size=3m", "ram")
        #expect(try sh("-v", "ram:/ram", script: "grep ' /ram ' /proc/mounts").output.contains("size=3072k"))
        let nfs = try bed.docker("volume", "create", "-o", "type=nfs", "-o", "device=:/x", "-o", "o=addr=10.0.0.1", "far")
        #expect(nfs.status == 1 && nfs.errors.contains(#"a volume of type "nfs" is not supported by this engine yet"#), "\(nfs)")
        try bed.docker("volume", "rm", "dev", "ram")
        #expect(FileManager.default.fileExists(atPath: "\(device)/index.html"), "what a bind shows is nobody's to remove")
    }

    @Test("events come in Docker's order")
    func events() throws {
        let since = "\(Date().timeIntervalSince1970)"
        try bed.docker("run", "--rm", "--network", "none", "--name", "evented", "-v", "ev:/ev", "shop", "true")
        #expect(try eventually { try volumes() == ["ev"] })
        try bed.docker("volume", "rm", "ev")
        let told = try bed.docker("events", "--since", since, "--until", "\(Date().timeIntervalSince1970 + 0.1)", "--format", "{{.Type}} {{.Action}}").lines
        let ours = told.filter { !$0.hasPrefix("network") }
        #expect(
            ours == [
                "volume create", "volume create", "container create", "container attach", "volume mount", "volume mount", "container start", "container die",
                "volume unmount", "volume unmount", "volume destroy", "container destroy", "volume destroy"
            ], "\(told)")
    }

    @Test("a volume that was taken away or replaced by hand is told, and nothing is mounted")
    func vanished() throws {
        try bed.docker("create", "--name", "robbed", "--network", "none", "-v", "robbed:/data", "shop", "ls", "/data")
        let data = bed.data.appending(path: "volumes/robbed/_data").path
        try FileManager.default.removeItem(atPath: data)
        let missing = try bed.docker("start", "-a", "robbed")
        #expect(missing.status == 1 && missing.errors.contains("volume robbed: no such file or directory"), "\(missing)")
        try FileManager.default.createSymbolicLink(atPath: data, withDestinationPath: "/etc")
        let linked = try bed.docker("start", "-a", "robbed")
        #expect(linked.status == 1 && linked.errors.contains("a symbolic link is on the way"), "\(linked)")
        #expect(linked.output.isEmpty)
        try FileManager.default.removeItem(atPath: data)
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
        #expect(try bed.docker("start", "-a", "robbed").status == 0)
        try bed.docker("rm", "-v", "robbed")
        try bed.docker("volume", "prune", "-af")
    }

    @Test("after kill -9 of the daemon volumes and their users are what they were, and what was half made is gone")
    func killed() throws {
        try bed.docker("run", "-d", "--name", "survivor", "-v", "data:/data", "shop", "sh", "-c", "echo alive >/data/file; sleep 1000")
        bed.killDaemon()
        try bed.startDaemon()
        #expect(try bed.docker("exec", "survivor", "cat", "/data/file").output == "alive\n")
        #expect(try bed.docker("volume", "rm", "data").errors.contains("volume is in use"))
        // At whatever point of a create the daemon is killed, no unnamed volume and no claim is left.
        for round in 0..<20 {
            let creating = try bed.beginDocker("create", "--name", "half", "-v", "/one", "-v", "half:/srv/www", "shop", "true")
            usleep(useconds_t(round) * 8_000)
            bed.killDaemon()
            _ = creating.wait()
            try bed.startDaemon()
            let exists = try bed.docker("container", "inspect", "half").status == 0
            #expect(try volumes().count { $0.count == 64 } == (exists ? 3 : 1), "round \(round)")  // survivor has one
            if exists { try bed.docker("rm", "-v", "half") }
            #expect(try bed.docker("volume", "rm", "-f", "half").status == 0, "round \(round)")
        }
        try bed.docker("rm", "-fv", "survivor")
        try bed.docker("volume", "rm", "data")
        #expect(try volumes().isEmpty)
    }
}
