import HTTP
import Testing

@Suite("A query")
struct QueryTests {
    @Test(
        "has Docker's words for false; all else is true",
        arguments: [
            ("0", false), ("false", false), ("False", false), ("no", false), ("none", false), ("", false), ("+0+", false), ("1", true), ("True", true),
            ("x", true)
        ])
    func flags(value: String, expected: Bool) { #expect(Query("f=\(value)").flag("f") == expected) }

    @Test("takes a missing key for the default")
    func missing() {
        #expect(!Query("").flag("f"))
        #expect(Query("g=0").flag("f", default: true))
    }

    @Test("keeps repeated keys in their order, with escapes and plus decoded")
    func decoding() {
        #expect(Query("names=a%2Fb&names=c+d&x").all("names") == ["a/b", "c d"])
        #expect(Query("a=1=2&&b")["a"] == "1=2")
    }

    @Test("leaves broken escapes as they stand", arguments: ["%", "%4", "%zz", "%+1", "%ff"])
    func broken(text: String) { #expect(Query("x=\(text)")["x"] == text) }

    @Test("gives back any text that was escaped")
    func roundTrip() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<500 {
            let text = String((0..<8).map { _ in Character(Unicode.Scalar(UInt32.random(in: 1...0xD7FF, using: &random)) ?? "x") })
            #expect(percentDecoded(percentEncoded(text)) == text)
            #expect(Query("k=\(percentEncoded(text))")["k"] == text)
        }
    }
}
