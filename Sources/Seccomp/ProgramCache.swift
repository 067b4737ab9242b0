// Compiling Docker's profile takes libseccomp some ten milliseconds, a third of what a whole `run` may take; the result is the same
// every time. So programs are kept in a directory, each in a file that begins with the profile that it was made of, written out in
// full: two profiles whose short names collide can't be taken for each other. A file that is missing, torn or strange is made anew.
//
//     name: 16 hex digits of FNV-1a over the key          contents: lengths of key and program in decimal, key, program
//
// The directory must be writable by root only: whoever writes there decides what containers may call. chapter 05

public import Linux

/// Compiled programs in a directory.
public struct ProgramCache: Sendable {
    let directory: FilePath

    /// A cache in `directory`, which is made when the first program is kept.
    public init(directory: FilePath) {
        self.directory = directory
    }

    /// The program of `profile`: from the directory if it is there, else compiled and kept.
    ///
    /// - Throws: what `Profile.compile` throws. A program that can't be kept is no error: it is compiled again next time.
    public func program(for profile: Profile) throws(SeccompError) -> Program {
        let key = Array(profile.key.utf8), file = directory.appending(Self.name(of: key))
        if let kept = Self.program(in: file, key: key, flags: profile.flags) { return kept }
        let program = try profile.compile()
        keep(program, key: key, in: file)
        return program
    }

    private func keep(_ program: Program, key: [UInt8], in file: FilePath) {
        do throws(KernelError) {
            try makeDirectories(directory, mode: 0o700)
            try writeDurably(file, Array("\(key.count) \(program.bytes.count)\n".utf8) + key + program.bytes, mode: 0o600)
        } catch {
            // A full or read-only disk costs the next run ten milliseconds, nothing else.
        }
    }

    private static func program(in file: FilePath, key: [UInt8], flags: Set<Flag>) -> Program? {
        // No file, or one that can't be read, is simply not kept.
        guard let bytes = try? readFile(file), let line = bytes.firstIndex(of: UInt8(ascii: "\n")) else { return nil }  // not cached
        let lengths = String(decoding: bytes[..<line], as: UTF8.self).split(separator: " ").map { Int($0) }, rest = bytes[(line + 1)...]
        guard rest.starts(with: key), lengths == [key.count, rest.count - key.count] else { return nil }
        return try? Program(bytes: Array(rest.dropFirst(key.count)), flags: flags)  // a torn file holds no program
    }

    /// FNV-1a, 64 bits: good enough for a file's name, as the key itself is compared.
    static func name(of key: [UInt8]) -> String {
        let hash = key.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return String(hash, radix: 16)
    }
}

extension Profile {
    /// Everything that a program depends on, as text: rules in order, and which libseccomp made it for which machine.
    var key: String {
        var lines = [
            "2 \(libraryVersion) \(Architecture.native)", "\(defaultAction) \(skipsUnknownNames)", architectures.map(\.description).joined(separator: " ")
        ]
        for rule in rules {
            let conditions = rule.conditions.map { "\($0.argument) \($0.comparison.rawValue) \($0.value) \($0.secondValue)" }
            lines.append("\(rule.action) \(rule.names.joined(separator: " ")); \(conditions.joined(separator: ", "))")
        }
        return lines.joined(separator: "\n")
    }
}
