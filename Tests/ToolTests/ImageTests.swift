// slip-image from outside, against Debian's docker-registry filled by skopeo. What it says is compared with the layout that the image was made
// from, and with skopeo's own look at the registry.
import Foundation
import Testing

@Suite("slip-image", .enabled(if: Machine.hasRegistry, Machine.whyNoRegistry))
struct ImageTests {
    let bench: Bench
    let layouts: Layouts
    let registry: GenuineRegistry
    /// `127.0.0.1:PORT/app:one`, two layers over busybox.
    let name: String

    init() throws {
        (bench, layouts, registry) = (try Bench(), try Layouts(), try GenuineRegistry())
        try layouts.image("one", [["etc/motd": "hello"], ["etc/issue": "two", "etc/motd": "hello again"]])
        name = try registry.fill("app:one", from: "\(layouts.path):one")
    }

    private func json(_ command: String) throws -> Any { try JSONSerialization.jsonObject(with: Data(try bench.sh(command).utf8)) }

    /// What the layout's manifest says.
    private func manifest() throws -> [String: Any] {
        try #require(try json("skopeo inspect --raw --tls-verify=false docker://\(name)") as? [String: Any])
    }

    @Test("inspect shows digests, platform, defaults and layers, and downloads no layer")
    func inspect() throws {
        let text = try bench.sh("$IMAGE inspect \(name)")
        let config = try #require((try manifest()["config"] as? [String: Any])?["digest"] as? String)
        let digest = try bench.sh("skopeo inspect --tls-verify=false --format '{{.Digest}}' docker://\(name)").trimmingCharacters(in: .newlines)
        #expect(text.contains("config      \(config)") && text.contains("manifest    \(digest)") && text.contains("command     [\"/bin/sh\"]"), "\(text)")
        #expect(text.contains("platform    linux/") && text.contains("layers      3,"))
        for layer in try #require(try manifest()["layers"] as? [[String: Any]]) {
            let digest = try #require(layer["digest"] as? String)
            #expect(text.contains(digest) && registry.fetches()[digest] == nil)
        }
    }

    @Test("inspect --json holds the documents as they came")
    func inspectJSON() throws {
        let all = try #require(try json("$IMAGE inspect --json \(name)") as? [String: Any])
        #expect((all["manifest"] as? NSDictionary) == (try manifest() as NSDictionary))
        #expect(all["id"] as? String == (try manifest()["config"] as? [String: Any])?["digest"] as? String)
        #expect((all["config"] as? [String: Any])?["os"] as? String == "linux")
    }

    @Test("of several platforms the asked one is taken, and one that is not there is an error that names those that are")
    func platforms() throws {
        try layouts.python(
            """
            import json
            made = Layout(FOLDER)
            entries = []
            for architecture in ('amd64', 'arm64', 'riscv64'):
                layer, diff = made.layer(files({'arch': architecture.encode()}))
                config = {'architecture': architecture, 'os': 'linux', 'rootfs': {'type': 'layers', 'diff_ids': [diff]}, 'history': [{'created_by': architecture}]}
                manifest = {'schemaVersion': 2, 'mediaType': 'application/vnd.oci.image.manifest.v1+json',
                    'config': made.blob(json.dumps(config).encode(), 'application/vnd.oci.image.config.v1+json'), 'layers': [layer]}
                entries.append(dict(made.blob(json.dumps(manifest).encode(), manifest['mediaType']), platform={'architecture': architecture, 'os': 'linux'}))
            index = {'schemaVersion': 2, 'mediaType': 'application/vnd.oci.image.index.v1+json', 'manifests': entries}
            made.tag('many', made.blob(json.dumps(index).encode(), index['mediaType']))
            """)
        let words = "skopeo --insecure-policy copy -q --all --dest-tls-verify=false oci:\(layouts.path):many docker://\(registry.host)/app:many"
        try bench.sh(words)
        let text = try bench.sh("$IMAGE inspect --platform linux/riscv64 \(registry.host)/app:many")
        #expect(
            text.contains("index") && text.contains(/linux\/riscv64  sha256:[0-9a-f]{64}  ← taken for linux\/riscv64/)
                && text.contains("platform    linux/riscv64"), "\(text)")
        #expect(try bench.sh("$IMAGE layers --platform arm64 \(registry.host)/app:many").contains("arm64"))
        let outcome = try bench.attempt("$IMAGE inspect --platform linux/s390x \(registry.host)/app:many")
        #expect(outcome.status == 1 && outcome.errors.contains("s390x"), "\(outcome)")
    }

    @Test("layers gives each layer's three names and the step that made it")
    func layers() throws {
        let rows = try #require(try json("$IMAGE layers --json \(name)") as? [[String: Any]])
        let digests = try #require(try manifest()["layers"] as? [[String: Any]]).compactMap { $0["digest"] as? String }
        #expect(rows.compactMap { $0["digest"] as? String } == digests && rows.compactMap { $0["step"] as? String } == ["layer 0", "layer 1", "layer 2"])
        var chain = ""
        for row in rows {
            let digest = try #require(row["digest"] as? String).dropFirst(7)
            let diff = "sha256:" + (try bench.sh("zcat -f <\(layouts.path)/blobs/sha256/\(digest) | sha256sum").prefix(64))
            chain = chain.isEmpty ? diff : "sha256:" + (try bench.sh("printf '\(chain) \(diff)' | sha256sum").prefix(64))
            #expect(row["diffID"] as? String == diff && row["chainID"] as? String == chain)
        }
        #expect(try bench.sh("$IMAGE layers \(name)").hasPrefix("#  DIGEST"))
    }

    @Test("pull fills a data root; list and layers read it there; a second pull has nothing to do")
    func pull() throws {
        let first = try bench.sh("$IMAGE pull \(name) --data-root store")
        #expect(first.contains("Status: Downloaded newer image for \(name)") && first.contains("Pull complete") && !first.contains("\u{1b}"), "\(first)")
        let id = try #require((try manifest()["config"] as? [String: Any])?["digest"] as? String)
        #expect(first.hasSuffix("\(id)\n"))
        #expect(try bench.sh("$IMAGE list --data-root store").contains("\(name)  \(id.dropFirst(7).prefix(12))"))
        #expect(try bench.sh("$IMAGE layers --json --data-root store \(name)") == bench.sh("$IMAGE layers --json \(name)"))
        #expect(try bench.sh("for file in store/snapshots/layers/*/etc/motd; do cat $file; echo; done | sort") == "hello\nhello again\n")
        let second = try bench.sh("$IMAGE pull \(name) --data-root store")
        #expect(second.contains("Status: Image is up to date for \(name)"))
        for (blob, count) in registry.fetches() where blob != id { #expect(count == 1, "\(blob)") }
    }

    @Test("a data root that somebody owns is refused, and can still be read")
    func locked() throws {
        try bench.sh("$IMAGE pull \(name) --data-root store")
        let outcome = try bench.attempt("flock store/lock $IMAGE pull \(name) --data-root store; flock store/lock $IMAGE list --data-root store")
        #expect(outcome.errors.contains("belongs to an engine that runs") && outcome.output.contains("app:one"), "\(outcome)")
    }

    @Test("without root a pull is refused before anything is fetched; looking needs none")
    func withoutRoot() throws {
        let user = "chmod 777 .; setpriv --reuid 1000 --regid 1000 --clear-groups"
        let outcome = try bench.attempt("\(user) $IMAGE pull \(name) --data-root mine")
        #expect(outcome.status == 1 && outcome.errors.contains("which only root may (try sudo)") && registry.fetches().isEmpty, "\(outcome)")
        #expect(try bench.sh("\(user) $IMAGE layers \(name)").contains("layer 2"))
    }

    @Test("on a terminal a pull draws bars, in place")
    func bars() throws {
        let text = try bench.sh("script -qec \"$IMAGE pull \(name) --data-root store\" /dev/null")
        #expect(text.contains("\u{1b}[1A") && text.contains("Pull complete") && text.contains("Status: Downloaded newer image"), "\(text)")
    }

    @Test("--narrate tells each exchange, its headers and what it means, without colours in a file")
    func narrate() throws {
        let outcome = try bench.attempt("$IMAGE inspect --narrate \(name)")
        let told = outcome.errors
        #expect(outcome.status == 0 && told.contains("GET http://\(registry.host)/v2/app/manifests/one") && told.contains("< 200 OK"), "\(outcome)")
        #expect(
            told.contains("> Accept: ") && told.contains("< Docker-Content-Digest: sha256:") && told.contains("/v2/app/blobs/sha256:")
                && !told.contains("\u{1b}"))
        #expect(try bench.sh("script -qec \"$IMAGE inspect --narrate \(name)\" /dev/null").contains("\u{1b}[32m"))
    }

    @Test("what goes wrong is one line that names it")
    func bad() throws {
        let cases: [(words: String, status: Int32, message: String)] = [
            ("inspect REGISTRY/app:nosuch", 1, "app:nosuch"), ("inspect REGISTRY/nosuch:one", 1, "nosuch"),
            ("pull REGISTRY/app:nosuch --data-root store", 1, "app:nosuch"), ("inspect 127.0.0.1:1/app", 1, "connection refused"),
            ("inspect UPPER/Case", 1, "must be lowercase"), ("layers --data-root nowhere app", 1, "nowhere"),
            ("layers --data-root . app", 1, "layers app in .: "),
            ("list --data-root nowhere", 1, "nowhere"), ("inspect --platform plan10 REGISTRY/app:one", 64, "plan10"),
            ("inspect --user nobody REGISTRY/app:one", 64, "NAME:PASSWORD"), ("inspect", 64, "Missing expected argument"),
            ("pull REGISTRY/app:one", 64, "data-root")
        ]
        for (words, status, message) in cases {
            let outcome = try bench.attempt("$IMAGE \(words.replacing("REGISTRY", with: registry.host))")
            #expect(outcome.status == status && outcome.errors.contains(message), "\(words): \(outcome)")
            if status == 1 { #expect(outcome.errors.split(separator: "\n").count == 1 && outcome.errors.hasPrefix("slip-image: "), "\(words): \(outcome)") }
        }
    }
}

/// docker-registry behind names and passwords.
final class ClosedRegistry: @unchecked Sendable {
    private let process = Process()
    private let bench: Bench
    let port = freePort()
    var host: String { "127.0.0.1:\(port)" }

    init(user: String, password: String) throws {
        bench = try Bench()
        let configuration = """
            version: 0.1
            log: {level: error}
            storage: {filesystem: {rootdirectory: \(bench.path)/store}}
            http: {addr: "127.0.0.1:\(port)"}
            auth: {htpasswd: {realm: ship, path: \(bench.path)/htpasswd}}
            """
        try configuration.write(toFile: "\(bench.path)/config.yml", atomically: true, encoding: .utf8)
        try bench.sh(
            "python3 -W ignore -c 'import crypt; print(\"\(user):\" + crypt.crypt(\"\(password)\", \"$2b$05$abcdefghijklmnopqrstuu\"))' >htpasswd; mkdir store")
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["docker-registry", "serve", "\(bench.path)/config.yml"]
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let address = "http://\(host)/v2/"
        guard eventually(within: 20, { (try? run(["curl", "-s", "-o", "/dev/null", address], seconds: 5).status) == 0 }) else {
            throw Refused(description: "docker-registry did not come up")
        }
    }

    deinit {
        process.terminate()
        process.waitUntilExit()
    }
}

@Suite("slip-image says who it is", .enabled(if: Machine.hasRegistry, Machine.whyNoRegistry))
struct CredentialTests {
    let bench: Bench
    let registry: ClosedRegistry
    let name: String

    init() throws {
        (bench, registry) = (try Bench(), try ClosedRegistry(user: "me", password: "hush-hush"))
        let layouts = try Layouts()
        try layouts.image("one")
        name = "\(registry.host)/closed:one"
        try bench.sh("skopeo --insecure-policy copy -q --dest-tls-verify=false --dest-creds me:hush-hush oci:\(layouts.path):one docker://\(name)")
    }

    @Test("without a name it is refused; with --user it is let in, and the narration keeps the secret")
    func user() throws {
        let refused = try bench.attempt("$IMAGE inspect \(name)")
        #expect(refused.status == 1 && refused.errors.hasPrefix("slip-image: inspect \(name): "), "\(refused)")
        let outcome = try bench.attempt("$IMAGE inspect --narrate --user me:hush-hush \(name)")
        #expect(outcome.status == 0 && outcome.errors.contains("< 401 Unauthorized") && outcome.errors.contains("WWW-Authenticate: Basic"), "\(outcome)")
        #expect(outcome.errors.contains("> Authorization: Basic") && !outcome.errors.contains("hush") && !outcome.errors.contains("bWU6aHVzaC1odXNo"))
    }

    @Test("what docker login left in config.json counts, under DOCKER_CONFIG and in the home folder")
    func configFile() throws {
        try bench.sh("mkdir .docker; echo '{\"auths\": {\"\(registry.host)\": {\"auth\": \"bWU6aHVzaC1odXNo\"}}}' >.docker/config.json")
        #expect(try bench.sh("$IMAGE inspect \(name)").contains("config"))
        #expect(try bench.sh("mv .docker other; DOCKER_CONFIG=$PWD/other $IMAGE inspect \(name)").contains("config"))
        #expect(try bench.attempt("$IMAGE inspect \(name)").status == 1)
        #expect(try bench.attempt("$IMAGE inspect --user me:wrong \(name)").status == 1)
    }
}
