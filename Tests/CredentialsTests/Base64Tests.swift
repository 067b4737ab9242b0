// Bytes as letters, and back. RFC 4648. Chapter 08.
import Credentials
import Testing

@Suite("Base64")
struct Base64Tests {
    @Test(
        "The RFC's own examples",
        arguments: [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy")])
    func examples(text: String, letters: String) {
        #expect(Base64.encoded(text.utf8) == letters && Base64.decoded(letters) == Array(text.utf8))
        #expect(Base64.decoded(letters.filter { $0 != "=" }) == Array(text.utf8), "padding may be missing")
    }

    @Test("Any bytes come back, in either alphabet")
    func roundTrip() {
        for count in 0..<300 {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255) }
            #expect(Base64.decoded(Base64.encoded(bytes)) == bytes && Base64.decoded(Base64.encoded(bytes, forURL: true)) == bytes)
            #expect(!Base64.encoded(bytes, forURL: true).contains { "+/".contains($0) })
        }
        #expect(Base64.encoded([0xfb, 0xff]) == "+/8=" && Base64.encoded([0xfb, 0xff], forURL: true) == "-_8=")
        #expect(Base64.decoded("Zm9v\r\nYmFy\n") == Array("foobar".utf8), "lines are joined")
    }

    @Test("What is none is refused", arguments: ["Z", "Zm9vY", "Zg=", "=", "Zg===", "Z===", "Zm 9", "Zm9v*", "Zg==Zg==", "é", "Zm9\0"])
    func refused(text: String) { #expect(Base64.decoded(text) == nil) }
}
