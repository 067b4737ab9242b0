// What `cp` makes of two paths. Whether a directory or what is in it is copied, and under which name it arrives, depends on slashes and dots at
// the paths' ends and on what is there already. The rules are Docker's to the letter: docs.docker.com/reference/cli/docker/container/cp, moby,
// pkg/archive/copy.go. chapter 13

internal import Linux

/// One side of a copy.
enum CopyPlace: Equatable {
    /// `-` is a stream.
    case here(String)
    case container(String, path: String)

    /// Reads `CONTAINER:PATH`, or a path of this machine, which one with a colon is if it begins with `/` or `.`.
    init(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        if text.hasPrefix("/") || parts.count < 2 || parts[0].hasPrefix(".") {
            self = .here(text)
        } else {
            self = .container(String(parts[0]), path: String(parts[1]))
        }
    }
}

/// Text paths as Go's `path/filepath` and Docker's helpers see them.
enum PathText {
    /// Without `.`, `..` and doubled slashes, as far as text can tell.
    static func clean(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part != ".." {
                parts.append(part)
            } else if let last = parts.last, last != ".." {
                parts.removeLast()
            } else if !path.hasPrefix("/") {
                parts.append(part)
            }
        }
        let text = parts.joined(separator: "/")
        return path.hasPrefix("/") ? "/" + text : text.isEmpty ? "." : text
    }

    static func base(_ path: String) -> String {
        let parts = path.split(separator: "/")
        return parts.last.map(String.init) ?? (path.isEmpty ? "." : "/")
    }

    /// The directory and the last name; `dir/.` is `.` in `dir`.
    static func split(_ path: String) -> (directory: String, base: String) {
        let cleaned = clean(path)
        if isCurrent(path) { return (cleaned, ".") }
        guard cleaned != "/" else { return ("/", "/") }
        let cut = cleaned.lastIndex(of: "/"), directory = cut.map { String(cleaned[..<$0]) }
        return (directory.map { $0.isEmpty ? "/" : $0 } ?? ".", base(cleaned))
    }

    /// Whether a path ends in `.` as a name of its own.
    static func isCurrent(_ path: String) -> Bool { base(path) == "." && !path.hasSuffix("/") }

    /// Whether a path says by its end that it is a directory.
    static func assertsDirectory(_ path: String) -> Bool { path.hasSuffix("/") || isCurrent(path) }

    static func joined(_ directory: String, _ path: String) -> String { path.hasPrefix("/") ? path : clean("\(directory)/\(path)") }
}

/// Something that is copied, or its place.
struct CopyEnd: Equatable {
    var path: String
    var exists = true, isDirectory = false
    /// The name as it was asked for, where a link led to another.
    var otherName = ""

    /// Where a source's archive is unpacked, and what its entries shall begin with instead of the source's name; nil leaves them.
    /// - Throws: Docker's sentences for what cannot be
    static func plan(from source: CopyEnd, to target: CopyEnd) throws(Failure) -> (directory: String, renaming: (old: String, new: String)?) {
        if target.exists, target.isDirectory { return (target.path, nil) }
        if target.exists, source.isDirectory { throw Failure("cannot copy directory") }
        if !target.exists, !source.isDirectory, PathText.assertsDirectory(target.path) { throw Failure("no such directory") }
        let place = PathText.split(target.path), name = source.otherName.isEmpty ? PathText.split(source.path).base : source.otherName
        return (place.directory, (name, place.base))
    }
}
