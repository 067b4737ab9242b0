// Docker puts a thin layer between image and container: the mount points and files that every container needs, so that they exist on a
// read-only root too and never show up in `docker diff`. It hides what the image has at the same places: an image's own /etc/hosts is not
// seen, and an image whose /etc is a symbolic link gets a real directory there, so that no path of ours leads through a link of theirs.
//
// A directory of the init layer covers the image's directory of that name with its own attributes; those are therefore copied from the image.
// Nothing in the image is opened or followed, only looked at beneath its root. moby, daemon/initlayer/setup_unix.go; chapter 07.

import Glibc
import Linux

/// Parents before children.
private let directories = ["dev", "dev/pts", "dev/shm", "etc", "proc", "sys"]
/// Empty, mode 0755, as Docker makes them; /etc's three and /dev/console are what the runtime mounts over.
private let files = [".dockerenv", "dev/console", "etc/hostname", "etc/hosts", "etc/resolv.conf"]

/// Fills `path`, which does not exist yet, looking at the image's layers, topmost first.
func makeInitLayer(at path: FilePath, over image: [FilePath]) throws(KernelError) {
    try makeDirectory(path)
    for name in files where !name.contains("/") { try makeFile(path.appending(name)) }
    for name in directories { try makeDirectory(path.appending(name)) }
    for name in files where name.contains("/") { try makeFile(path.appending(name)) }
    try symbolicLink("/proc/mounts", at: path.appending("etc/mtab"))
    // Last, for making the files changed the directories' times.
    for (name, original) in try visibleDirectories(in: image) { try apply(original, to: path.appending(name)) }
    if let top = image.first { try copyAttributes(of: top, to: path) }
}

private func makeFile(_ path: FilePath) throws(KernelError) {
    try writeFile(path, [], mode: 0o755)
}

/// Copies owner, permissions, attributes and times of a directory of ours to another.
func copyAttributes(of source: FilePath, to target: FilePath) throws(KernelError) {
    for name in try attributes(of: source) where name.hasPrefix("user.") || name.hasPrefix("system.posix_acl_") {
        if let value = try attribute(name, of: source) { try setAttribute(name, of: target, to: value) }
    }
    try apply(try status(source, followLinks: false), to: target)
}

private func apply(_ original: FileStatus, to path: FilePath) throws(KernelError) {
    try changeOwner(path, user: original.user, group: original.group)
    try changeMode(path, original.mode & 0o7777)
    try changeTimes(path, seconds: original.modified.seconds, nanoseconds: original.modified.nanoseconds)
}

/// Those of `directories` that a container would see in the image. Upper layers decide: whatever they have at a name or at its parent that is no
/// directory ends the search for it.
private func visibleDirectories(in image: [FilePath]) throws(KernelError) -> [String: FileStatus] {
    var wanted = Set(directories), found: [String: FileStatus] = [:]
    for layer in image where !wanted.isEmpty {
        let root = try open(layer, [.path, .directory])
        try root.borrow { (root) throws(KernelError) in
            for name in wanted {
                let place = try look(for: name, beneath: root)
                if case .absent = place { continue }
                if case .directory(let status) = place { found[name] = status }
                wanted.remove(name)
            }
        }
    }
    return found
}

private enum Found { case directory(FileStatus), covered, absent }

private func look(for name: String, beneath root: FileDescriptor) throws(KernelError) -> Found {
    do throws(KernelError) {
        let place = try openBeneath(root, FilePath(name), [.path, .noFollow], resolve: [.beneath, .noSymbolicLinks, .noMagicLinks])
        let status = try place.borrow { (place) throws(KernelError) in try Linux.status(place) }
        return status.kind == .directory ? .directory(status) : .covered
    } catch {
        switch error.errno {
        case ENOENT: return .absent
        case ENOTDIR, ELOOP: return .covered
        default: throw error
        }
    }
}
