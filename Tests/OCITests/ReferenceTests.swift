// Image names as people type them, judged by Docker's grammar.
import OCI
import Testing

@Suite("An image's name")
struct ReferenceTests {
    @Test(
        "is completed as Docker completes it, and shown short again",
        arguments: [
            ("busybox", "docker.io/library/busybox", "busybox"), ("busybox:1.36", "docker.io/library/busybox:1.36", "busybox:1.36"),
            ("me/app", "docker.io/me/app", "me/app"), ("docker.io/library/busybox", "docker.io/library/busybox", "busybox"),
            ("index.docker.io/me/app:x", "docker.io/me/app:x", "me/app:x"), ("localhost/app", "localhost/app", "localhost/app"),
            ("localhost:5000/a/b:t", "localhost:5000/a/b:t", "localhost:5000/a/b:t"), ("host.example/app", "host.example/app", "host.example/app"),
            ("host:5000/app", "host:5000/app", "host:5000/app"), ("a__b/c-d.e--f", "docker.io/a__b/c-d.e--f", "a__b/c-d.e--f"),
            ("[::1]:5000/app:v_1", "[::1]:5000/app:v_1", "[::1]:5000/app:v_1"), ("Host/app", "Host/app", "Host/app")
        ])
    func completed(_ typed: String, _ full: String, _ familiar: String) throws {
        let reference = try Reference(parsing: typed)
        #expect(reference.description == full)
        #expect(reference.familiar == familiar)
        #expect(try Reference(parsing: reference.familiar) == reference)
    }

    @Test("may have a digest, with or without a tag")
    func digest() throws {
        let digest = "sha256:" + String(repeating: "0a", count: 32)
        let both = try Reference(parsing: "app:1@\(digest)")
        #expect((both.tag, both.digest) == ("1", digest))
        #expect(try Reference(parsing: "app@\(digest)").withDefaultTag.tag == nil)
        #expect(try Reference(parsing: "app").withDefaultTag.familiar == "app:latest")
        #expect(both.with(tag: "2").familiar == "app:2")
    }

    @Test(
        "that breaks the grammar is refused",
        arguments: [
            "", ":", "/", "a:", "a:b:c", "a@", "a@sha256:12", "-a", "a-", "a..b", "a___b", "a/_b", "a//b", "/a", "a/", "a:-t", "a b", "a:\u{e9}", "\u{e9}",
            "host:port/app", "host.:5000/a", "a@sha512:" + String(repeating: "0", count: 64), "a\n", "a:t\0"
        ])
    func invalid(_ typed: String) {
        #expect(throws: ReferenceError.invalidFormat) { try Reference(parsing: typed) }
    }

    @Test("with capital letters, of 64 hex digits, or beyond 255 bytes is refused in Docker's words")
    func otherRefusals() {
        #expect(throws: ReferenceError.notLowercase("library/App")) { try Reference(parsing: "App") }
        let hex = String(repeating: "ab", count: 32)
        #expect(throws: ReferenceError.looksLikeIdentifier(hex)) { try Reference(parsing: hex) }
        #expect(throws: ReferenceError.tooLong) { try Reference(parsing: String(repeating: "a", count: 240)) }
        #expect(throws: ReferenceError.invalidFormat) { try Reference(parsing: "a:" + String(repeating: "t", count: 129)) }
        #expect("\(ReferenceError.notLowercase("library/App"))" == "invalid reference format: repository name (library/App) must be lowercase")
    }

    @Test("of random bytes never crashes, and what is accepted reads back as itself")
    func random() throws {
        var generator = SystemRandomNumberGenerator()
        let letters = Array("aB0._-/:@[]h ")
        for _ in 0..<5000 {
            let text = String((0..<Int.random(in: 0..<20, using: &generator)).compactMap { _ in letters.randomElement(using: &generator) })
            guard let reference = try? Reference(parsing: text) else { continue }
            #expect(try Reference(parsing: reference.description) == reference, "\(text)")
        }
    }
}
