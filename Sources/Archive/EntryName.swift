// Names in an archive are a stranger's words. They are taken apart here, before any of them reaches the kernel:
//
//      /etc/passwd, ./etc/passwd     a leading / or . means nothing: every entry is relative to the layer
//      a/../../b                     leaves the layer: refused (a/../b is b, as for Docker)
//      a/.wh.b                       whiteout: hide `a/b` of the layers below
//      a/.wh..wh..opq                opaque: hide all that the layers below have in `a`
//      a/.wh..wh.plnk                other marks of the old AUFS driver: nothing to us
//
// Symbolic links inside a path are the kernel's matter (openat2). OCI image-spec, layer.md, "Whiteouts"; chapter 07.

public import Linux

/// What an entry's name asks for. `parent` is a relative path without `.` and `..`, empty for the layer's root.
public enum EntryName: Equatable, Sendable {
    /// The layer's root directory itself: only its attributes matter.
    case root
    /// Something at `parent/name`.
    case entry(parent: FilePath, name: FilePath)
    /// `parent/name` of the layers below is gone.
    case whiteout(parent: FilePath, name: FilePath)
    /// Everything that the layers below have in `parent` is gone.
    case opaque(parent: FilePath)
    /// A mark without meaning here.
    case ignored

    /// Reads an entry's path.
    /// - Throws: a sentence why the name is refused.
    public init(_ path: FilePath) throws(RefusedName) {
        let clean = try relative(path)
        guard let last = clean.lastComponent else {
            self = .root
            return
        }
        let parent = clean.removingLastComponent(), bytes = last.bytes
        guard bytes.starts(with: whiteoutPrefix) else {
            self = .entry(parent: parent, name: FilePath(root: nil, [last]))
            return
        }
        let hidden = Array(bytes.dropFirst(whiteoutPrefix.count))
        if hidden == Array(".wh..opq".utf8) {
            self = .opaque(parent: parent)
        } else if hidden.starts(with: whiteoutPrefix) {
            self = .ignored
        } else if hidden.isEmpty || hidden == [dot] || hidden == [dot, dot] {
            throw RefusedName(why: "a whiteout of nothing")
        } else {
            self = .whiteout(parent: parent, name: FilePath(bytes: hidden))
        }
    }
}

/// Why a name is refused.
public struct RefusedName: Error, Equatable {
    public let why: String
}

/// A path relative to the layer, without `.`, `..` and doubled slashes.
/// - Throws: where it would leave the layer, or is empty.
func relative(_ path: FilePath) throws(RefusedName) -> FilePath {
    guard !path.isEmpty else { throw RefusedName(why: "an empty name") }
    var inside = path
    inside.root = nil
    inside.lexicallyNormalize()
    guard inside.components.first?.kind != .parentDirectory else { throw RefusedName(why: "it leads outside of the layer") }
    return inside.components.first?.kind == .currentDirectory ? "" : inside
}

private let dot = UInt8(ascii: ".")
private let whiteoutPrefix = Array(".wh.".utf8)

extension FilePath.Component {
    /// The name as the kernel sees it, which need not be text.
    var bytes: [UInt8] {
        unsafe withPlatformString { start in
            var found: [UInt8] = [], place = unsafe start
            while let byte = unsafe Optional(place.pointee), byte != 0 {
                found.append(UInt8(bitPattern: byte))
                unsafe place += 1
            }
            return found
        }
    }
}

extension FilePath {
    /// A path of bytes that hold no NUL.
    init(bytes: [UInt8]) {
        let name = bytes.map { CChar(bitPattern: $0) } + [0]
        self = unsafe name.withUnsafeBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return FilePath() }
            return unsafe FilePath(platformString: start)
        }
    }
}
