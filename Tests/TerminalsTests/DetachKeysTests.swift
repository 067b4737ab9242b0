import Terminals
import Testing

@Suite("Detach keys")
struct DetachKeysTests {
    @Test("ctrl-p ctrl-q leaves, also in two pieces; what began right and went on wrong is passed on")
    func usual() throws {
        var keys = try DetachKeys()
        #expect(keys.sequence == [16, 17])
        #expect(keys.filter([97, 16, 98]) == ([97, 16, 98], false))
        #expect(keys.filter([16]) == ([], false))
        #expect(keys.filter([17, 99]) == ([], true))
        keys = try DetachKeys()
        #expect(keys.filter([16, 16, 17]) == ([16], true))
    }

    @Test("what is held back comes at the end of the input")
    func heldBack() throws {
        var keys = try DetachKeys()
        #expect(keys.filter([97, 16]) == ([97], false))
        #expect(keys.flush() == [16])
        #expect(keys.flush() == [])
        #expect(keys.filter([17]) == ([17], false))
    }

    @Test("a sequence that begins within itself is found wherever it stands")
    func overlapping() throws {
        for typed in ["aab", "aaab", "xaaaab", "abaab"] {
            var keys = try DetachKeys("a,a,b")
            let (passed, detach) = keys.filter(Array(typed.utf8))
            #expect(detach, "\(typed)")
            #expect(passed == Array(typed.utf8.dropLast(3)), "\(typed)")
        }
    }

    @Test("cut into pieces anywhere, the same is passed on and the same is found")
    func pieces() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let typed = (0..<Int.random(in: 0...12, using: &random)).map { _ in UInt8.random(in: 97...99, using: &random) }
            let text = (0..<Int.random(in: 1...4, using: &random)).map { _ in ["a", "b"].randomElement(using: &random) ?? "a" }.joined(separator: ",")
            var whole = try DetachKeys(text), cut = try DetachKeys(text)
            let expected = whole.filter(typed)
            var passed: [UInt8] = [], detach = false
            for byte in typed where !detach {
                let piece = cut.filter([byte])
                passed += piece.passed
                detach = piece.detach
            }
            #expect((passed, detach) == expected, "\(text) in \(typed)")
            if !detach { #expect(passed + cut.flush() == typed) }
        }
    }

    @Test("the user may choose others, or none; Docker's words for them, and no others")
    func others() throws {
        var keys = try DetachKeys("a,ctrl-@,ctrl-]")
        #expect(keys.filter([97, 0, 29]) == ([], true))
        keys = try DetachKeys("")
        #expect(keys.filter([16, 17]) == ([16, 17], false))
        #expect(try DetachKeys("ctrl-[,ctrl-\\,ctrl-^,ctrl-_,DEL,ctrl-z, ").sequence == [27, 28, 30, 31, 127, 26, 32])
        for text in ["ctrl-1", "ab", "ctrl-", ",", "ctrl-ab", "a,,b", "Ctrl-a", "del"] { #expect(throws: DetachKeysError.self) { try DetachKeys(text) } }
        let error = try #require(throws: DetachKeysError.self) { try DetachKeys("a,zzz") }
        #expect("\(error)" == "invalid detach keys (a,zzz): Unknown character: 'zzz'")
    }
}
