// Docker's short notation of a mount, as it follows `-v` and stands in `HostConfig.Binds`:
//
//      /data                    a volume that nobody names, at /data
//      cache:/data              the volume `cache` at /data
//      /srv/www:/data:ro        the host's /srv/www at /data, read-only
//
// What is a name and what is a path is told apart by the first letter alone, and a third part is a list of words, of which some belong to binds
// only and some to volumes only. Two words that contradict each other are no "last one wins" but an error: `ro,rw` is a slip, and mounting it
// writable would be the more harmful guess. moby, volume/mounts/linux_parser.go. Chapter 10.

import Lab

/// A mount in the short notation, taken apart.
public struct MountNotation: Sendable, Equatable {
    /// What is mounted.
    public enum Source: Sendable, Equatable {
        /// A volume that nobody named.
        case anonymous
        /// A volume by its name.
        case volume(String)
        /// A path of the host, absolute.
        case path(String)
    }
    /// What is mounted.
    public var source: Source
    /// Where in the container: absolute, without `.`, `..` and doubled slashes; never `/`.
    public var target: String
    /// The third part as it was typed, which `docker inspect` shows.
    public var mode: String
    /// Whether the container may not write to it.
    public var isReadOnly: Bool
    /// Whether an empty volume is filled with the image's files; always false for paths.
    public var isFilled: Bool
    /// `rprivate`, `rshared` and the like as asked for, nil where nothing was said; always nil for volumes.
    public var propagation: String?

    /// All members.
    public init(source: Source, target: String, mode: String = "", isReadOnly: Bool = false, isFilled: Bool, propagation: String? = nil) {
        (self.source, self.target, self.mode) = (source, target, mode)
        (self.isReadOnly, self.isFilled, self.propagation) = (isReadOnly, isFilled, propagation)
    }
}

/// Words that exclude each other: at most one of each group. `z`, `Z` and the last group change nothing on Linux without SELinux.
let modeWords: [[String]] = [
    ["ro", "rw"], ["z", "Z"], ["nocopy"], ["private", "rprivate", "shared", "rshared", "slave", "rslave"], ["consistent", "cached", "delegated"]
]

extension MountNotation {
    /// Reads the notation.
    ///
    /// What there is to use: `modeWords`, `isMode(_:)`, `cleaned(_:)` for the target, and three sentences to throw: `invalidNotation(text)` for what has no
    /// sense at all, `invalidMode(mode)` for words that are unknown or contradict each other, and `invalidMount(text, type, why)` for a target that
    /// is not absolute (`notAbsolute(target)`) or is the root (`isRoot`), and for words that do not belong to this type of mount
    /// (`foreign("BindOptions")`, `foreign("VolumeOptions")`).
    ///
    /// - Throws: `.badNotation` with Docker's sentence.
    public init(_ text: String) throws(VolumesError) {
        // lab: 10.1 take `source:target:words` apart, and refuse what contradicts itself
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 3, !parts[0].isEmpty else { throw invalidNotation(text) }
        if parts.count == 2, isMode(parts[1]) { throw invalidNotation(text) }
        let mode = parts.count == 3 ? parts[2] : "", words = mode.isEmpty ? [] : mode.split(separator: ",").map(String.init)
        guard isMode(mode) else { throw invalidMode(mode) }

        let target = parts.count == 1 ? parts[0] : parts[1]
        let source: Source = parts.count == 1 ? .anonymous : parts[0].hasPrefix("/") ? .path(parts[0]) : .volume(parts[0])
        let isPath = parts.count > 1 && parts[0].hasPrefix("/"), type = isPath ? "bind" : "volume"
        guard target.hasPrefix("/") else { throw invalidMount(text, type, notAbsolute(target)) }
        guard cleaned(target) != "/" else { throw invalidMount(text, type, isRoot) }

        let propagation = words.first { modeWords[3].contains($0) }
        if !isPath, propagation != nil { throw invalidMount(text, type, foreign("BindOptions")) }
        if isPath, words.contains("nocopy") { throw invalidMount(text, type, foreign("VolumeOptions")) }
        self.init(
            source: source, target: cleaned(target), mode: mode, isReadOnly: words.contains("ro"), isFilled: !isPath && !words.contains("nocopy"),
            propagation: propagation)
        // lab: end
    }
}

/// Whether a text is a list of words that we know and that do not contradict each other; empty is a list of none.
func isMode(_ text: String) -> Bool {
    let words = text.isEmpty ? [] : text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    return words.allSatisfy { word in modeWords.contains { $0.contains(word) } }
        && modeWords.allSatisfy { group in words.count { group.contains($0) } <= 1 }
}

/// An absolute path as the kernel would walk it where no link is on the way: `/a//b/./c/..` is `/a/b`.
public func cleaned(_ path: String) -> String {
    var parts: [Substring] = []
    for part in path.split(separator: "/") where part != "." {
        if part == ".." { parts = parts.dropLast() } else { parts.append(part) }
    }
    return "/" + parts.joined(separator: "/")
}

// MARK: Docker's sentences

func invalidNotation(_ text: String) -> VolumesError { .badNotation("invalid volume specification: '\(text)'") }
func invalidMode(_ mode: String) -> VolumesError { .badNotation("invalid mode: \(mode)") }
func invalidMount(_ text: String, _ type: String, _ why: String) -> VolumesError {
    .badNotation("invalid volume specification: '\(text)': invalid mount config for type \"\(type)\": \(why)")
}
func notAbsolute(_ target: String) -> String { "invalid mount path: '\(target)' mount path must be absolute" }
let isRoot = "invalid specification: destination can't be '/'"
func foreign(_ options: String) -> String { "field \(options) must not be specified" }
