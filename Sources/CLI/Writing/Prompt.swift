// Asking the user. A password is read with the terminal in raw mode, where nothing is echoed; so the few keys that a line's editor would know are
// understood here. The mode is given back however that ends. man 3 termios · chapter 13

internal import Linux
internal import Terminals

enum Prompt {
    /// A line of standard input, without its end; nil at the end of the input.
    static func line() -> String? {
        var bytes: [UInt8] = []
        while let byte = byte() {
            if byte == 0x0a { return String(decoding: bytes.last == 0x0d ? bytes.dropLast() : bytes[...], as: UTF8.self) }
            bytes.append(byte)
        }
        return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
    }

    /// A line that is not shown while it is typed.
    ///
    /// - Throws: `Failure` with code 130 at ctrl-C
    static func secret() throws(Failure) -> String {
        var keys = SecretKeys()
        do throws(KernelError) {
            let raw = try RawMode(of: .standardInput)
            while !keys.isComplete, let byte = byte() { keys.take(byte) }
            raw.restore()
        } catch { throw Failure("read the password: \(error)") }
        Output.print("\n")
        guard !keys.isInterrupted else { throw Failure(nil, code: 130) }
        return keys.text
    }

    /// One byte, so that what follows the line is left to others.
    private static func byte() -> UInt8? {
        (try? read(.standardInput, upTo: 1))?.first  // an input that can't be read has ended
    }
}

/// A line in the making, from keys as a terminal in raw mode sends them.
struct SecretKeys {
    private var bytes: [UInt8] = []
    private(set) var isComplete = false, isInterrupted = false

    var text: String { String(decoding: bytes, as: UTF8.self) }

    mutating func take(_ byte: UInt8) {
        switch byte {
        case 0x0a, 0x0d, 0x04: isComplete = true  // enter, ctrl-D
        case 0x03: (isComplete, isInterrupted) = (true, true)
        case 0x08, 0x7f:
            // A character of several bytes goes as a whole.
            while let last = bytes.popLast(), last & 0xc0 == 0x80 {}
        case 0x15: bytes = []  // ctrl-U
        default: bytes.append(byte)
        }
    }
}
