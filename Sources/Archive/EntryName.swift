// Names in an archive are a stranger's words. They are taken apart here, before any of them reaches the kernel:
//
//      /etc/passwd, ./etc/passwd     a leading / or . means nothing: every entry is relative to the layer
//      a/../../b                     leaves the layer: refused (a/../b is b, as for Docker)
//      a/.wh.b                       whiteout: hide `a/b` of the layers below
//      a/.wh..wh..opq                opaque: hide all that the layers below have in `a`
//      a/.wh..wh.plnk                other marks of the old AUFS driver: nothing to us
//
// Symbolic links inside a path are the kernel's matter (openat2). OCI image-spec, layer.md, "Whiteouts"; chapter 07.

import Glibc
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
        var parts = try partsInside(path)
        guard let name = parts.popLast() else {
            self = .root
            return
        }
        self = try meaning(of: Array(name), in: FilePath(parts))
    }
}

extension EntryName {
    /// Reads an entry's path of a tar that is no layer: no name means anything but itself.
    init(ordinary path: FilePath) throws(RefusedName) {
        var parts = try partsInside(path)
        self = if let name = parts.popLast() { .entry(parent: FilePath(parts), name: FilePath(bytes: Array(name))) } else { .root }
    }
}

/// Why a name is refused.
public struct RefusedName: Error, Equatable {
    /// The reason, to stand behind the name.
    public let why: String
}

/// What the last part of an entry's path asks for.
/// - Parameters:
///   - name: its bytes: one part of a path, never empty, `.` or `..`
///   - parent: what stands before it
private func meaning(of name: [UInt8], in parent: FilePath) throws(RefusedName) -> EntryName {
    // lab: 07.1 tell whiteouts, opaque marks and ordinary names apart
    let prefix = Array(".wh.".utf8)
    guard name.starts(with: prefix) else { return .entry(parent: parent, name: FilePath(bytes: name)) }
    let hidden = Array(name.dropFirst(prefix.count))
    // A file may be called `.wh..opq`, but a whiteout of it may not: that name is taken.
    if hidden == Array(".wh..opq".utf8) { return .opaque(parent: parent) }
    if hidden.starts(with: prefix) { return .ignored }
    // `.wh...` would hide the parent's parent.
    if hidden.isEmpty || hidden == Array(".".utf8) || hidden == Array("..".utf8) { throw RefusedName(why: "a whiteout of nothing") }
    return .whiteout(parent: parent, name: FilePath(bytes: hidden))
    // lab: end
}

/// A path relative to the layer, without `.`, `..` and doubled slashes.
/// - Throws: where it would leave the layer, is empty or too long.
func relative(_ path: FilePath) throws(RefusedName) -> FilePath { FilePath(try partsInside(path)) }

/// The parts of a path, `..` taken at its word: it removes the part before it, without asking whether that is a link.
private func partsInside(_ path: FilePath) throws(RefusedName) -> [ArraySlice<UInt8>] {
    let bytes = path.bytes
    guard !bytes.isEmpty else { throw RefusedName(why: "an empty name") }
    guard bytes.count <= longestPath else { throw RefusedName(why: "its path has \(bytes.count) bytes, and Linux takes \(longestPath)") }
    var inside: [ArraySlice<UInt8>] = []
    for part in bytes.split(separator: UInt8(ascii: "/")) where part != [dot] {
        if part != [dot, dot] {
            inside.append(part)
        } else if inside.popLast() == nil {
            throw RefusedName(why: "it leads outside of the layer")
        }
    }
    return inside
}

/// `PATH_MAX` without the closing NUL. man 7 path_resolution.
let longestPath = 4095
private let dot = UInt8(ascii: ".")

extension FilePath {
    /// The path as the kernel sees it, which need not be text.
    var bytes: [UInt8] {
        unsafe withPlatformString { start in
            unsafe Array(UnsafeRawBufferPointer(start: start, count: strlen(start)))
        }
    }

    /// A path of bytes that hold no NUL.
    init(bytes: some Sequence<UInt8>) {
        let name = bytes.map { CChar(bitPattern: $0) } + [0]
        self = unsafe name.withUnsafeBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return FilePath() }
            return unsafe FilePath(platformString: start)
        }
    }

    /// A relative path of parts.
    init(_ parts: some Sequence<ArraySlice<UInt8>>) {
        self.init(bytes: parts.joined(separator: [UInt8(ascii: "/")]))
    }
}
