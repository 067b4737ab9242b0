// Digests against known answers, and against text that only looks like one.

import Digests
import Testing

@Suite("A digest")
struct DigestTests {
    @Test("of nothing and of abc is what FIPS 180-4 says")
    func knownAnswers() {
        #expect(Digest(of: []).hex == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(Digest(of: "abc".utf8).description == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }

    @Test("does not depend on how the bytes are cut into pieces")
    func pieces() {
        let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        var digester = Digester()
        for start in stride(from: 0, to: bytes.count, by: 777) { digester.update(Array(bytes[start..<min(start + 777, bytes.count)])) }
        #expect(digester.finish() == Digest(of: bytes))
    }

    @Test("can be asked for before the end, and the digester goes on")
    func goesOn() {
        var digester = Digester()
        digester.update(Array("ab".utf8))
        #expect(digester.finish() == Digest(of: "ab".utf8))
        digester.update(Array("c".utf8))
        #expect(digester.finish() == Digest(of: "abc".utf8))
    }

    @Test(
        "is not read from text that is none",
        arguments: [
            "", "sha256:", "sha512:" + String(repeating: "a", count: 64), "sha256:" + String(repeating: "A", count: 64),
            "sha256:" + String(repeating: "a", count: 63), "sha256:" + String(repeating: "a", count: 65), "sha256:../" + String(repeating: "a", count: 61),
            String(repeating: "a", count: 64), "sha256:" + String(repeating: "é", count: 32)
        ])
    func badText(_ text: String) {
        #expect(Digest(text) == nil)
    }

    @Test("reads what it writes")
    func roundTrip() {
        let digest = Digest(of: "slipway".utf8)
        #expect(Digest(digest.description) == digest)
        #expect(Digest(hex: digest.hex) == digest)
        #expect(digest.short.count == 12)
    }
}
