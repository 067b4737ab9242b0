// Makes a layer's files. Everything happens beneath one open directory: parents are resolved by openat2(RESOLVE_IN_ROOT), so that a symbolic
// link in the layer, wherever it points, leads to a place in the layer; the last name is never followed. The layer can therefore say what it
// likes and still only write to itself.
//
// The order within an entry is the kernel's demand: contents, then owner (which clears setuid and file capabilities), then mode, then
// attributes, then times. Directories get their times when all is done, for every file made in them changes those.
// man 2 openat2, chown, utimensat; chapter 07.

import Digests
import Glibc
public import Linux

/// Unpacks a layer into an empty directory.
///
/// - Parameters:
///   - layer: open for reading: tar, plain or compressed with gzip, zstd, bzip2 or xz
///   - root: the directory, open for reading
/// - Returns: what was made, and the digest of the plain tar.
/// - Throws: `ArchiveError`, naming the entry; `root` then holds part of the layer.
public func unpack(_ layer: FileDescriptor, into root: FileDescriptor, limits: UnpackLimits = .standard) throws(ArchiveError) -> Unpacked {
    let stream = try LayerStream(layer, limitBytes: limits.bytes + Int64(limits.entries) * 4096, memoryBytes: limits.memoryBytes)
    let reader = try TarReader(stream)
    let unpacker = Unpacker(root: root, limits: limits)
    while let entry = try reader.next() { try unpacker.apply(entry, reader) }
    try unpacker.setDirectoryTimes()
    return unpacker.result(diffID: try stream.finish())
}

/// Applies entries one after the other.
final class Unpacker {
    let root: FileDescriptor
    private let limits: UnpackLimits
    /// The entry under way, for errors.
    private(set) var current: FilePath = ""
    private var bytes: Int64 = 0
    private var entries = 0
    private var implied: [FilePath] = []
    /// Bytes of `implied`, which a hostile layer could make larger than all its files.
    private var impliedBytes = 0
    private var leftOut: Set<String> = []
    private var directoryTimes: [(path: FilePath, seconds: Int64, nanoseconds: Int64)] = []
    /// The directory that the last entry was made in, kept open: archives list a directory's files together.
    private var lastParent: Descriptor?
    private var lastParentPath: FilePath?

    init(root: FileDescriptor, limits: UnpackLimits) {
        (self.root, self.limits) = (root, limits)
    }

    func result(diffID: Digest) -> Unpacked {
        var result = Unpacked(diffID: diffID)
        (result.bytes, result.entries, result.implied, result.leftOut) = (bytes, entries, implied, leftOut.sorted())
        return result
    }

    func apply(_ entry: Entry, _ reader: TarReader) throws(ArchiveError) {
        current = entry.path
        try countEntry()
        let name: EntryName
        do throws(RefusedName) { name = try EntryName(entry.path) } catch { throw refused(error.why) }
        switch name {
        case .ignored: break
        case .root: try setAttributes(ofRoot: entry)
        case .opaque(let parent): try inParent(parent) { (_) throws(ArchiveError) in try makeOpaque(parent) }
        case .whiteout(let parent, let name): try inParent(parent) { (directory) throws(ArchiveError) in try whiteOut(name, in: directory, parent) }
        case .entry(let parent, let name):
            try inParent(parent) { (directory) throws(ArchiveError) in try make(entry, name, in: directory, parent, reader) }
        }
    }

    /// Sets the times of all directories that entries named, the deepest changes being done.
    func setDirectoryTimes() throws(ArchiveError) {
        for (path, seconds, nanoseconds) in directoryTimes {
            current = path
            do throws(KernelError) {
                let directory = try openBeneath(root, path.isEmpty ? "." : path, [.readOnly, .directory, .noFollow])
                try directory.borrow { (directory) throws(KernelError) in try changeTimes(directory, seconds: seconds, nanoseconds: nanoseconds) }
            } catch {
                // A later entry put something else there.
                guard [ENOENT, ENOTDIR, ELOOP].contains(error.errno) else { throw .kernel(entry: path.string, error) }
            }
        }
    }

    // MARK: Parents

    /// Lends the directory at `path`, making what is missing of it.
    private func inParent(_ path: FilePath, _ body: (FileDescriptor) throws(ArchiveError) -> Void) throws(ArchiveError) {
        if path.isEmpty { return try body(root) }
        if lastParentPath != path {
            lastParentPath = nil
            lastParent = try directory(at: path)
            lastParentPath = path
        }
        try lastParent?.borrow(body)
    }

    private func directory(at path: FilePath) throws(ArchiveError) -> Descriptor {
        if let found = try existingDirectory(path) { return found }
        // How much of it is there, by halving: a hostile path has a thousand parts, and each look walks through all of them.
        let names = Array(path.components)
        var (there, missing) = (0, names.count)
        while missing - there > 1 {
            let middle = (there + missing) / 2
            if try existingDirectory(FilePath(root: nil, names[..<middle])) == nil { missing = middle } else { there = middle }
        }
        guard var place = try existingDirectory(there == 0 ? "." : FilePath(root: nil, names[..<there])) else { throw refused("its directory is gone") }
        var soFar = names[..<there].map(\.string).joined(separator: "/")
        for name in names[there...].map({ FilePath(root: nil, [$0]) }) {
            soFar += soFar.isEmpty ? name.string : "/\(name)"
            try countImplied(soFar)
            place = try kernel { () throws(KernelError) in
                try place.borrow { (place) throws(KernelError) in
                    // EEXIST here is a symbolic link that leads nowhere.
                    try makeDirectory(name, mode: 0o755, at: place)
                    return try open(name, [.path, .directory, .noFollow], at: place)
                }
            }
        }
        return place
    }

    private func existingDirectory(_ path: FilePath) throws(ArchiveError) -> Descriptor? {
        do throws(KernelError) {
            return try openBeneath(root, path, [.path, .directory])
        } catch {
            guard error.errno == ENOENT else { throw .kernel(entry: current.string, error) }
            return nil
        }
    }

    /// After something was replaced, a path may lead elsewhere.
    func forgetParent() { lastParentPath = nil }

    // MARK: Counting and refusing

    func kernel<Result: ~Copyable>(_ body: () throws(KernelError) -> Result) throws(ArchiveError) -> Result {
        do throws(KernelError) { return try body() } catch { throw .kernel(entry: current.string, error) }
    }

    func refused(_ why: String) -> ArchiveError { .refused(entry: current.string, why: why) }

    private func countEntry() throws(ArchiveError) {
        entries += 1
        guard entries <= limits.entries else { throw .limit(entry: current.string, what: "\(limits.entries) entries") }
    }

    private func countImplied(_ path: String) throws(ArchiveError) {
        try countEntry()
        impliedBytes += path.utf8.count
        guard impliedBytes <= 8 << 20 else { throw .limit(entry: current.string, what: "8 MiB of names of directories that have no entry") }
        implied.append(FilePath(path))
    }

    /// Counts a file's bytes, by what the archive claims before they are written.
    func count(bytes more: Int64) throws(ArchiveError) {
        let (sum, isTooMuch) = bytes.addingReportingOverflow(more)
        guard more >= 0, !isTooMuch, sum <= limits.bytes else { throw .limit(entry: current.string, what: "\(limits.bytes) bytes") }
        bytes = sum
    }

    /// Notes what an entry had that was not made; at most a hundred notes.
    func leaveOut(_ what: String) {
        if leftOut.count < 100 { leftOut.insert("\(current): \(what)") }
    }

    func remember(timesOf path: FilePath, _ entry: Entry) {
        directoryTimes.append((path, entry.seconds, entry.nanoseconds))
    }
}
