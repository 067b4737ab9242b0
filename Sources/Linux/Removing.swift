// Removing a tree that a stranger made: names that are no UTF-8, and directories deeper than descriptors or a stack allow. No link is
// followed, because every step is relative to an open directory. man 2 unlinkat, readdir. Chapter 07.
import Glibc

/// How many directories are open at once; deeper ones are first moved up to the top.
private let deepest = 64

/// Removes whatever lies at `path`, however deep and oddly named. What is not there is no error. man 2 unlinkat.
public func removeTree(_ path: FilePath, at directory: FileDescriptor? = nil) throws(KernelError) {
    do throws(KernelError) {
        return try remove(path, at: directory)
    } catch {
        if error.errno == ENOENT { return }
        guard error.errno == EISDIR || error.errno == EPERM else { throw error }
    }
    let top = try open(path, [.readOnly, .directory, .noFollow], at: directory)
    var moved = 0
    try top.borrow { (top) throws(KernelError) in
        // Emptying may move deep directories up to the top, where the next round finds them.
        while try !entryNames(in: top).isEmpty { try empty(top, depth: 0, top: top, moved: &moved) }
    }
    try removeDirectory(path, at: directory)
}

private func empty(_ directory: FileDescriptor, depth: Int, top: FileDescriptor, moved: inout Int) throws(KernelError) {
    for name in try entryNames(in: directory) {
        do throws(KernelError) {
            try remove(name, at: directory)
        } catch {
            guard error.errno == EISDIR || error.errno == EPERM else { throw error }
            guard depth < deepest else {
                try moveUp(name, from: directory, to: top, &moved)
                continue
            }
            let child = try open(name, [.readOnly, .directory, .noFollow], at: directory)
            try child.borrow { (child) throws(KernelError) in try empty(child, depth: depth + 1, top: top, moved: &moved) }
            try removeDirectory(name, at: directory)
        }
    }
}

/// Gives a directory a new name at the top; a name that is taken is passed over.
private func moveUp(_ name: FilePath, from directory: FileDescriptor, to top: FileDescriptor, _ moved: inout Int) throws(KernelError) {
    while true {
        moved += 1
        do throws(KernelError) {
            return try rename(name, to: FilePath("deep-\(moved)"), at: directory, targetAt: top, replacing: false)
        } catch {
            guard error.errno == EEXIST else { throw error }
        }
    }
}

/// The names in an open directory as the kernel keeps them: bytes, not text. Without `.` and `..`.
public func entryNames(in directory: FileDescriptor) throws(KernelError) -> [FilePath] {
    let number = try open(".", [.readOnly, .directory], at: directory).release().rawValue
    guard let stream = unsafe fdopendir(number) else {
        let reason = Glibc.errno
        _ = Glibc.close(number)
        throw KernelError(call: "fdopendir", subject: "\(number)", errno: reason)
    }
    defer { unsafe _ = closedir(stream) }
    var found: [FilePath] = []
    while let entry = unsafe readdir(stream) {
        let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
            unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe FilePath(platformString: $0) }
        }
        if name != "." && name != ".." { found.append(name) }
    }
    return found
}
