import Linux
import Testing

@testable import Engine

@Suite("Names")
struct NamesTests {
    @Test("letters, digits, and behind the first also _ . -; two characters at least", arguments: ["ab", "a1", "Web_1.2-x", "0a"])
    func allowed(_ name: String) { #expect(isValidContainerName(name)) }

    @Test("everything else is refused", arguments: ["", "a", "_a", "-a", ".a", "a b", "a/b", "ä1", "a\n", "a:b"])
    func refused(_ name: String) { #expect(!isValidContainerName(name)) }

    @Test("made-up names are allowed ones, and get a digit when the first was taken")
    func madeUp() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<500 {
            #expect(isValidContainerName(randomName(attempt: 0, using: &generator)))
            #expect(randomName(attempt: 1, using: &generator).last?.isNumber == true)
        }
    }

    @Test("ids are 64 hex digits, different, and their short forms no decimal numbers")
    func identifiers() {
        let all = (0..<200).map { _ in randomIdentifier() }
        #expect(Set(all).count == 200)
        for id in all {
            #expect(id.count == 64 && id.allSatisfy(\.isHexDigit) && Int(id.prefix(12)) == nil)
        }
    }

    @Test("an instance is named by its exec root, the default one not at all")
    func instances() {
        #expect(instanceIdentifier("/run/slipway").isEmpty)
        #expect(instanceIdentifier("/tmp/a").count == 8)
        #expect(instanceIdentifier("/tmp/a") != instanceIdentifier("/tmp/b"))
    }
}
