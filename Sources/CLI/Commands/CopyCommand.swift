// `slipway cp`: files between a container and this machine, or a tar as a stream. What comes out of a container is a stranger's: it is unpacked
// beneath the one directory, through no link that leads out of it. chapter 07, 12, 13

internal import ArgumentParser
internal import DockerClient
internal import JSON
internal import Linux

struct CopyCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "cp", abstract: "Copy files/folders between a container and the local filesystem",
        usage: "slipway cp [OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-\n\tslipway cp [OPTIONS] SRC_PATH|- CONTAINER:DEST_PATH")
    static let flags = FlagTable(switches: "archive/a follow-link/L quiet/q")

    @Flag(name: .shortAndLong, help: "Give the files to the container's user") var archive = false
    @Flag(name: [.customShort("L"), .long], help: "Follow a link at the source's end") var followLink = false
    @Flag(name: .shortAndLong, help: "Don't show progress") var quiet = false
    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard words.count == 2 else { throw .usage("cp", "2 arguments", "[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-") }
        guard !words[0].isEmpty else { throw Failure("source can not be empty") }
        guard !words[1].isEmpty else { throw Failure("destination can not be empty") }
        let copy = Copy(session: session, followsLink: followLink, givesToUser: archive, isQuiet: quiet || !isTerminal(.standardOutput))
        switch (CopyPlace(words[0]), CopyPlace(words[1])) {
        case (.container(let name, let path), .here(let target)): try copy.out(of: name, path, to: target)
        case (.here(let source), .container(let name, let path)): try copy.into(name, path, from: source)
        case (.container, .container): throw Failure("copying between containers is not supported")
        case (.here, .here): throw Failure("must specify at least one container source")
        }
        return 0
    }
}

/// What a path in a container is.
struct PathStatus {
    let mode: UInt32
    let linkTarget: String

    var isDirectory: Bool { mode & 1 << 31 != 0 }
    var isLink: Bool { mode & 1 << 27 != 0 }
    /// Neither a file, a directory nor a link.
    var isSpecial: Bool { mode & (1 << 26 | 1 << 25 | 1 << 24 | 1 << 21) != 0 }

    /// Reads the header of an archive's reply.
    init?(_ head: ReplyHead) {
        guard let text = head["x-docker-container-path-stat"], let bytes = Base64.bytes(text), let value = JSONValue(bytes) else { return nil }
        mode = UInt32(truncatingIfNeeded: value["mode"]?.integer ?? 0)
        linkTarget = value["linkTarget"]?.string ?? ""
    }
}

/// RFC 4648.
enum Base64 {
    /// The bytes; nil where the text is none.
    static func bytes(_ text: String) -> [UInt8]? {
        var bits: UInt32 = 0, count = 0, bytes: [UInt8] = []
        for byte in text.utf8 where byte != UInt8(ascii: "=") {
            guard let value = value(byte) else { return nil }
            (bits, count) = (bits << 6 | value, count + 6)
            guard count >= 8 else { continue }
            count -= 8
            bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
        }
        return bytes
    }

    private static func value(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte - UInt8(ascii: "a") + 26)
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0") + 52)
        case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
        case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
