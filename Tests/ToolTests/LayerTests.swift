// slip-layer from outside: what it makes is looked at with find, sha256sum and the kernel's own overlay, never with our modules.
import Foundation
import Testing

@Suite("slip-layer", .enabled(if: Machine.isReady, Machine.why))
struct LayerTests {
    let bench: Bench

    init() throws {
        bench = try Bench()
        try bench.makeLayers()
    }

    @Test("apply --stack makes a directory per layer: whiteouts are devices 0/0, opaque directories are marked, implied ones are as below")
    func stack() throws {
        let output = try bench.sh("$LAYER apply --stack base.tar app.tar.gz top.tar stack")
        #expect(try bench.sh("stat -c '%F %t:%T' stack/02/etc/issue") == "character special file 0:0\n")
        #expect(try bench.sh("stat -c '%a %u:%g' stack/03/srv") == "2750 33:44\n")
        #expect(try bench.sh("getattribute stack/02/var/cache/apt trusted.overlay.opaque") == "y\n")
        #expect(output.contains("implied   srv"))
    }

    @Test("the DiffID is the plain tar's digest, the chain id hashes the one below with it")
    func digests() throws {
        let output = try bench.sh("$LAYER apply base.tar app.tar.gz whole")
        let base = try bench.sh("sha256sum base.tar").prefix(64), app = try bench.sh("zcat app.tar.gz | sha256sum").prefix(64)
        let chain = try bench.sh("printf 'sha256:\(base) sha256:\(app)' | sha256sum").prefix(64)
        #expect(output.contains("DiffID    sha256:\(base)") && output.contains("DiffID    sha256:\(app)") && output.contains("chain id  sha256:\(chain)"))
    }

    @Test("apply makes the tree that the kernel shows for the same layers")
    func whole() throws {
        try bench.sh("$LAYER apply --stack base.tar app.tar.gz top.tar stack; $LAYER apply base.tar app.tar.gz top.tar whole; mkdir mnt")
        let seen = try bench.sh("$LAYER mount stack/* --at mnt --read-only -- sh -c \"\(look)\"")
        // A merged directory has one link to the kernel, and as many as it has children in a plain tree: not compared.
        func comparable(_ text: String) -> [String] {
            text.split(separator: "\n").map { line in
                var words = line.split(separator: " ").map(String.init)
                if words.count > 4, words[1] == "d" { words[4] = "" }
                return words.joined(separator: " ")
            }
        }
        let made = try bench.sh("cd whole; \(look)")
        #expect(Set(comparable(made)).symmetricDifference(comparable(seen)).sorted() == [])
        #expect(seen.contains("etc/motd") && !seen.contains("etc/issue"))
        #expect(try bench.sh("ls -A | sort | tr '\\n' ' '") == "app app.tar.gz base base.tar mnt stack top top.tar whole ")
    }

    @Test("everything that a tar can hold comes out the same as plain files and through the kernel's overlay")
    func hardCases() throws {
        let script = "python3 -B \(fixture("hardcases.py"))"
        try bench.sh("\(script) layout hard /bin/busybox; mkdir mnt")
        let find = """
            import json
            def blob(descriptor): return "layout/blobs/sha256/" + descriptor["digest"][7:]
            manifest = json.load(open("layout/index.json"))["manifests"][0]
            print(*[blob(layer) for layer in json.load(open(blob(manifest)))["layers"]])
            """
        let layers = try bench.sh("python3 -c '\(find)'").trimmingCharacters(in: .newlines)
        let told = try bench.sh("$LAYER apply --stack \(layers) stack; $LAYER apply \(layers) whole >&2")
        #expect(told.contains("linked    data/across = data/below of the layers below") && told.contains(/implied   and \d+ more/))
        // The time of a directory that no layer names is that of the unpacking.
        func comparable(_ text: String) -> [String] { text.split(separator: "\n").map { String($0).replacing(/"mtime": 1[789]\d{17}/, with: "") } }
        let seen = try bench.sh("$LAYER mount stack/* --at mnt --read-only -- \(script) --look .")
        let made = try bench.sh("\(script) --look whole")
        #expect(comparable(made).count > 100 && Set(comparable(made)).symmetricDifference(comparable(seen)).sorted() == [])
    }

    @Test("list tells whiteouts, opaque directories and hard links by name")
    func list() throws {
        let lines = try bench.sh("$LAYER list app.tar.gz; $LAYER list base.tar")
        #expect(lines.contains(/whiteout +etc\/issue: hides it/) && lines.contains(/opaque +var\/cache\/apt\/: hides all/))
        #expect(lines.contains(/hrwxr-xr-x .*bin\/(sh|busybox) = .*bin\/(busybox|sh)/) && lines.contains("./bin/ash → sh"))
        #expect(lines.contains("drwxr-s---  33:44"))
    }

    @Test("a mount is seen by its command alone, starts it there, and gives its status")
    func mount() throws {
        try bench.sh("$LAYER apply --stack base.tar app.tar.gz stack; mkdir mnt")
        let before = try bench.sh("sort /proc/self/mountinfo")
        let outcome = try bench.attempt("$LAYER mount stack/* --at mnt -- sh -c 'cat etc/motd; echo x >etc/made; rm etc/motd; ls etc; exit 7'")
        #expect(outcome.status == 7 && outcome.output == "hello, app\nmade\n", "\(outcome)")
        #expect(try bench.sh("ls mnt; ls stack/*/etc") == "stack/01/etc:\nissue\nmotd\n\nstack/02/etc:\nissue\nmotd\n")
        #expect(try bench.sh("sort /proc/self/mountinfo") == before)
    }

    @Test("--upper keeps what was written; diff makes a layer of it that brings it back, the same bytes each time")
    func roundTrip() throws {
        try bench.sh("$LAYER apply --stack base.tar stack; mkdir mnt")
        let change = "echo x >etc/made; rm etc/issue; rm -r var/cache; mkdir var/cache; echo y >var/cache/z; ln etc/made etc/twin; mkfifo etc/pipe"
        let seen = try bench.sh("$LAYER mount stack/* --at mnt --upper changes -- sh -c '\(change); \(look.replacing("'", with: "'\\''"))'")
        #expect(try bench.sh("ls -A | grep work || true") == "")
        let told = try bench.sh(
            "$LAYER diff changes -o one.tar; $LAYER diff changes -o two.tar >&2; $LAYER diff changes -o layer.tar.gz >&2; cmp one.tar two.tar")
        #expect(told.contains(try bench.sh("sha256sum one.tar").prefix(64)))
        #expect(try bench.sh("zcat layer.tar.gz | cmp - one.tar; tar -tf one.tar | sort | tr '\\n' ' '").contains("etc/.wh.issue"))
        let again = try bench.sh("$LAYER apply --stack base.tar layer.tar.gz back; $LAYER mount back/* --at mnt --read-only -- sh -c \"\(look)\"")
        #expect(again.hasSuffix(seen))
    }

    @Test("--read-only mounts without an upper directory")
    func readOnly() throws {
        try bench.sh("$LAYER apply --stack base.tar app.tar.gz stack; mkdir mnt")
        let outcome = try bench.attempt("$LAYER mount stack/* --at mnt --read-only -- touch etc/x")
        #expect(outcome.status == 1 && outcome.errors.contains("Read-only file system"), "\(outcome)")
    }

    @Test("--explain shows the calls in their order, with reasons")
    func explain() throws {
        try bench.sh("$LAYER apply --stack base.tar app.tar.gz stack; mkdir mnt")
        let outcome = try bench.attempt("$LAYER mount stack/* --at mnt --explain -- true")
        let calls = ["unshare NEWNS", "mount none onto /", "mkdirat", "lowerdir", "move_mount", "chdir"].map { outcome.errors.range(of: $0)?.lowerBound }
        #expect(outcome.status == 0 && calls.allSatisfy { $0 != nil } && calls.compactMap { $0 } == calls.compactMap { $0 }.sorted(), "\(outcome)")
        #expect(outcome.errors.contains("the overlay, chapter 07: the kernel looks each name up from the top layer down"))
    }
}

@Suite("slip-layer refuses", .enabled(if: Machine.isReady, Machine.why))
struct LayerRefusalTests {
    let bench: Bench

    init() throws {
        bench = try Bench()
        try bench.makeLayers()
    }

    @Test(
        "bad words and bad files, each with a line that names them",
        arguments: [
            ("apply base.tar", Int32(64), "wanted LAYER… DIR"), ("mount --at mnt -- true", 64, "wanted DIR… --at PLACE"),
            ("mount base --at mnt --upper u --read-only", 64, "choose one"),
            ("apply nowhere.tar d", 1, "nowhere.tar: No such file"), ("apply base.tar base", 1, "base: is not empty"),
            ("list base/etc/motd", 1, "not a readable archive"),
            ("apply base.tar base/etc/motd d", 1, "not a readable archive"), ("mount base nowhere --at mnt -- true", 1, "nowhere: No such file"),
            ("mount base --at nowhere -- true", 1, "nowhere: No such file"), ("who base nowhere", 1, "nowhere: No such file"),
            ("who --path etc/none base app", 1, "no layer has it"),
            ("diff nowhere -o x.tar", 1, "nowhere: No such file"), ("mount base app --at mnt -- nosuchcommand", 127, "executable file not found")
        ])
    func bad(_ words: String, _ status: Int32, _ message: String) throws {
        let outcome = try bench.attempt("mkdir mnt; $LAYER \(words)")
        #expect(outcome.status == status && outcome.errors.contains(message), "\(outcome)")
        #expect(try bench.sh("ls d 2>/dev/null || true") == "")
    }

    @Test("layers that lead outside: nothing is made, outside or in")
    func hostile() throws {
        try bench.sh(
            "echo safe >outside; mkdir evil; ln -s .. evil/out; tar -C evil -cf link.tar out; tar -rf link.tar --transform 's,^outside,out/../../../../outside,' outside"
        )
        let outcome = try bench.attempt("tar --transform 's,^,../../,' -P -cf up.tar outside; $LAYER apply base.tar up.tar d")
        #expect(outcome.status == 1 && outcome.errors.contains("refused"), "\(outcome)")
        #expect(try bench.sh("ls d; cat outside") == "safe\n")
    }

    @Test("a truncated layer is an error, with nothing left behind")
    func truncated() throws {
        let outcome = try bench.attempt(
            "head -c 400000 base.tar >cut.tar; gzip -c base.tar 2>/dev/null | head -c 300000 >cut.tar.gz; $LAYER apply cut.tar d; $LAYER apply cut.tar.gz d")
        #expect(outcome.status == 1 && outcome.errors.split(separator: "\n").count == 2, "\(outcome)")
        #expect(try bench.sh("ls -A d") == "")
    }

    @Test("an upper directory that cannot be one is the kernel's error, told with its step, and no work directory stays")
    func badUpper() throws {
        let outcome = try bench.attempt(
            "mkdir mnt; $LAYER mount base app --at mnt -- sh -c 'mkdir m; $LAYER mount etc var --at m --upper u -- true; ls -A | tr \"\\n\" \" \"'")
        #expect(outcome.errors.contains("slip-layer: the overlay: ") && outcome.output == "bin etc m srv u var ", "\(outcome)")
    }

    @Test("without root one can list, look, and unpack one's own files; a mount is refused with a sentence")
    func withoutRoot() throws {
        try bench.sh(
            "chmod 755 .; mkdir mine; chown 1000 mine; setpriv --reuid 1000 --clear-groups tar -C mine --owner=1000 --group=0 -cf - . >own.tar; chmod 644 *.tar*"
        )
        let user = "setpriv --reuid 1000 --regid 1000 --clear-groups"
        #expect(try bench.sh("\(user) $LAYER list base.tar | tail -n 1").contains("16 entries"))
        #expect(try bench.sh("\(user) $LAYER who app top").contains("etc/motd"))
        let outcome = try bench.attempt("\(user) $LAYER mount base app --at mine -- true")
        #expect(
            outcome.status == 1 && outcome.errors == "slip-layer: new mount namespace: unshare NEWNS: Operation not permitted (this needs root: try sudo)\n",
            "\(outcome)")
    }
}
