// A path that a user typed, in a tree that its owner may change meanwhile. What is opened is opened by the kernel in one step beneath the root
// (openat2), so that no link can lead outside, whenever it is put there; the path that is told to people is worked out name by name beside that,
// and nothing is opened by it. The rules are Docker's: links before the last name are followed, the last one is not, unless a slash or `/.`
// stands behind it. man 2 openat2, man 7 path_resolution; moby, container/archive.go; chapter 07.

import Glibc
import Linux
import Trees

/// A path, taken apart as Docker does.
struct AskedPath {
    /// As it was typed, for messages.
    let text: String
    /// The directory that holds it, relative to the root.
    let parent: FilePath
    /// Its last name; nil where the directory itself is meant: the root, `dir/`, `dir/.`.
    let last: FilePath?
    /// What a tar calls it: the last part as it was typed, empty for the root, `.` for `dir/.`.
    let title: String

    /// - Parameter isDirectory: it is meant as if a slash stood at its end
    init(_ typed: String, isDirectory: Bool = false) {
        let text = isDirectory ? typed + "/" : typed
        self.text = typed
        var parts: [Substring] = []
        for part in text.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        let endsInDot = text == "." || text.hasSuffix("/."), endsInSlash = text.hasSuffix("/")
        title = endsInDot ? "." : String(parts.last ?? "")
        if endsInDot || endsInSlash || parts.isEmpty {
            (parent, last) = (FilePath(parts.isEmpty ? "." : parts.joined(separator: "/")), nil)
        } else {
            last = FilePath(String(parts.removeLast()))
            parent = FilePath(parts.isEmpty ? "." : parts.joined(separator: "/"))
        }
    }

    /// The whole path, relative to the root.
    var whole: FilePath { last.map { parent.appending($0.components) } ?? parent }
}

/// Lends what holds the path: with a last name its directory, without one the directory that is meant.
func lendPlace<Result>(_ path: AskedPath, _ body: (FileDescriptor) throws(TreesError) -> Result) throws(TreesError) -> Result {
    let place: Descriptor
    do throws(KernelError) {
        let root = try open("/", [.path, .directory])
        place = try root.borrow { (root) throws(KernelError) in try openBeneath(root, path.parent, [.readOnly, .directory]) }
    } catch {
        throw pathError(error, path)
    }
    return try place.borrow(body)
}

/// What Docker's `X-Docker-Container-Path-Stat` says.
func statusReply(of path: AskedPath, in place: FileDescriptor) throws(TreesError) -> (told: TreeStatus, found: FileStatus) {
    let found: FileStatus
    do throws(KernelError) {
        found = if let last = path.last { try status(last, followLinks: false, at: place) } else { try status(place) }
    } catch {
        throw pathError(error, path)
    }
    let target = found.kind == .symbolicLink ? "/" + endOfLinks(path.whole).joined(separator: "/") : ""
    let told = TreeStatus(
        mode: goMode(found.mode), size: found.bytes, seconds: found.modified.seconds, nanoseconds: found.modified.nanoseconds, linkTarget: target)
    return (told, found)
}

func pathError(_ error: KernelError, _ path: AskedPath) -> TreesError {
    switch error.errno {
    case ENOENT: .path(path.text, .missing)
    case ENOTDIR: .path(path.text, .noDirectory)
    default: .kernel(entry: path.text, error)
    }
}

/// Where a path leads when all links are followed, as names from the root. What is not there is taken at its word, as Docker does.
private func endOfLinks(_ path: FilePath) -> [String] {
    var done: [String] = [], left = Array(path.components.map(\.string).reversed()), links = 0
    while let part = left.popLast() {
        if part == "." { continue }
        if part == ".." { _ = done.popLast(); continue }
        guard links < 255, let target = linkTarget(done, part) else {
            done.append(part)
            continue
        }
        links += 1
        if target.hasPrefix("/") { done = [] }
        left += target.split(separator: "/").map(String.init).reversed()
    }
    return done
}

/// What the link `name` says; nil where it is none, or not there.
private func linkTarget(_ directory: [String], _ name: String) -> String? {
    do throws(KernelError) {
        let root = try open("/", [.path, .directory]), path = FilePath(directory.isEmpty ? "." : directory.joined(separator: "/"))
        let place = try root.borrow { (root) throws(KernelError) in try openBeneath(root, path, [.path, .directory]) }
        return try place.borrow { (place) throws(KernelError) in try readLink(FilePath(name), at: place) }
    } catch {
        return nil
    }
}

/// A mode in Go's way of counting. https://pkg.go.dev/io/fs#FileMode
func goMode(_ mode: UInt32) -> UInt32 {
    var result = mode & 0o777
    if mode & S_ISUID != 0 { result |= 1 << 23 }
    if mode & S_ISGID != 0 { result |= 1 << 22 }
    if mode & S_ISVTX != 0 { result |= 1 << 20 }
    switch mode & S_IFMT {
    case S_IFDIR: result |= 1 << 31
    case S_IFLNK: result |= 1 << 27
    case S_IFBLK: result |= 1 << 26
    case S_IFCHR: result |= 1 << 26 | 1 << 21
    case S_IFIFO: result |= 1 << 25
    case S_IFSOCK: result |= 1 << 24
    default: break
    }
    return result
}
