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
///   - layer: open for reading: tar, plain or compressed with gzip, zstd, bzip2 or xz; its offset tells how much of it was read so far
///   - root: the directory, open for reading
///   - rules: a layer unless something else is said
/// - Returns: what was made, and the digest of the plain tar.
/// - Throws: `ArchiveError`, naming the entry; `root` then holds part of the layer.
public func unpack(
    _ layer: FileDescriptor, into root: FileDescriptor, limits: UnpackLimits = .standard, rules: UnpackRules = .layer
) throws(ArchiveError) -> Unpacked {
    let stream = try LayerStream(layer, limits)
    let reader = try TarReader(stream)
    let unpacker = Unpacker(root: root, limits: limits, rules)
    try returning { () throws(ArchiveError) in
        while let entry = try reader.next() { try unpacker.apply(entry, reader) }
        try unpacker.finishDirectories()
    }
    return try unpacker.result(diffID: try stream.finish())
}

/// Applies entries one after the other.
final class Unpacker {
    let root: FileDescriptor
    let rules: UnpackRules
    private let limits: UnpackLimits
    /// The entry under way, for errors.
    private(set) var current: FilePath = ""
    private var counts = (bytes: Int64(0), entries: 0, keptBytes: 0, reportedBytes: 0)
    private var implied: [FilePath] = []
    private var links: [UnresolvedLink] = []
    private var leftOut: Set<String> = []
    /// Directories that entries named.
    private var directories: [FinishedDirectory] = []
    /// The directory that the last entry was made in, kept open: archives list a directory's files together.
    private var lastParent: Descriptor?
    private var lastParentPath: FilePath?

    init(root: FileDescriptor, limits: UnpackLimits, _ rules: UnpackRules = .layer) {
        (self.root, self.limits, self.rules) = (root, limits, rules)
    }

    func apply(_ entry: Entry, _ reader: TarReader) throws(ArchiveError) {
        current = entry.path
        try countEntry()
        let name: EntryName
        do throws(RefusedName) { name = try rules.isLayer ? EntryName(entry.path) : EntryName(ordinary: rules.renamed(entry.path)) } catch {
            throw refused(error.why)
        }
        switch name {
        case .ignored: break
        case .root: if rules.isLayer { try setAttributes(ofRoot: entry) }
        case .opaque(let parent): try inParent(parent) { (directory) throws(ArchiveError) in try makeOpaque(directory) }
        case .whiteout(let parent, let name): try inParent(parent) { (directory) throws(ArchiveError) in try whiteOut(name, in: directory) }
        case .entry(let parent, let name):
            try inParent(parent) { (directory) throws(ArchiveError) in try make(entry, name, in: directory, parent, reader) }
        }
    }

    /// What came of it, once all is made.
    func result(diffID: Digest) throws(ArchiveError) -> Unpacked {
        var result = Unpacked(diffID: diffID)
        (result.bytes, result.entries, result.leftOut) = (counts.bytes, counts.entries, leftOut.sorted())
        // What was implied may have been named later, or replaced, or implied again after that.
        var named = Set(directories.map(\.path))
        for path in [""] + implied where named.insert(path).inserted {
            if try existing(at: path)?.kind == .directory { result.implied.append(path) }
        }
        for link in links {
            // Anything else at its name is a later entry's.
            if try existing(at: link.name)?.isWhiteout ?? true { result.links.append(link) }
        }
        return result
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
        // How much of it is there, by halving: a hostile path has two thousand parts, and each look walks through all of them.
        let parts = path.bytes.split(separator: UInt8(ascii: "/"))
        var (there, missing) = (0, parts.count)
        while missing - there > 1 {
            let middle = (there + missing) / 2
            if try existingDirectory(FilePath(parts[..<middle])) == nil { missing = middle } else { there = middle }
        }
        guard var place = try existingDirectory(there == 0 ? "." : FilePath(parts[..<there])) else { throw refused("its directory is gone") }
        for index in there..<parts.count {
            place = try place.borrow { (place) throws(ArchiveError) in
                try makeImplied(FilePath(bytes: parts[index]), in: place, FilePath(parts[...index]))
            }
        }
        return place
    }

    /// Makes a directory that no entry named yet. One that takes the place of a whiteout goes on hiding what lies below.
    private func makeImplied(_ name: FilePath, in directory: FileDescriptor, _ path: FilePath) throws(ArchiveError) -> Descriptor {
        try countEntry()
        try keep(path, isReported: true)
        let hidesOthers = try existing(name, in: directory)?.isWhiteout == true
        if hidesOthers { try replace(name, in: directory) }
        do throws(KernelError) { try makeDirectory(name, mode: 0o755, at: directory) } catch {
            throw error.errno == EEXIST ? refused("\(path) is no directory") : kernelError(error)
        }
        let made = try kernel { () throws(KernelError) in
            // Inside a directory with setgid, the new one would be of that group.
            try changeOwner(name, user: 0, group: 0, at: directory)
            try changeMode(name, 0o755, at: directory)
            return try open(name, [.readOnly, .directory, .noFollow], at: directory)
        }
        if hidesOthers { try made.borrow { (made) throws(ArchiveError) in try makeOpaque(made) } }
        implied.append(path)
        return made
    }

    private func existingDirectory(_ path: FilePath) throws(ArchiveError) -> Descriptor? {
        do throws(KernelError) {
            return try openBeneath(root, path, [.readOnly, .directory], resolve: rules.resolve)
        } catch {
            guard error.errno == ENOENT || error.errno == ENOTDIR else { throw kernelError(error) }
            return nil
        }
    }

    /// After something was replaced, a path may lead elsewhere.
    func forgetParent() { lastParentPath = nil }

    // MARK: Directories

    /// A directory's last touches, given when nothing is made in it any more.
    private struct FinishedDirectory {
        let path: FilePath
        let seconds: Int64, nanoseconds: Int64
        /// The access list that new files in it get: not those of the layer, which have their own.
        let defaults: Attribute?
    }

    func finishLater(_ path: FilePath, _ entry: Entry, defaults: Attribute?) throws(ArchiveError) {
        try keep(path)
        directories.append(FinishedDirectory(path: path, seconds: entry.seconds, nanoseconds: entry.nanoseconds, defaults: defaults))
    }

    func finishDirectories() throws(ArchiveError) {
        for finished in directories {
            current = finished.path
            guard let directory = try stillThere(finished.path) else { continue }
            try directory.borrow { (directory) throws(ArchiveError) in
                if let defaults = finished.defaults { try set(defaults, of: directory) }
                try kernel { () throws(KernelError) in try changeTimes(directory, seconds: finished.seconds, nanoseconds: finished.nanoseconds) }
            }
        }
    }

    /// The directory at `path`; nil where a later entry put something else there.
    private func stillThere(_ path: FilePath) throws(ArchiveError) -> Descriptor? {
        do throws(KernelError) {
            return try openBeneath(root, path.isEmpty ? "." : path, [.readOnly, .directory, .noFollow], resolve: rules.resolve)
        } catch {
            guard [ENOENT, ENOTDIR, ELOOP].contains(error.errno) else { throw kernelError(error) }
            return nil
        }
    }

    // MARK: Counting and refusing

    private func countEntry() throws(ArchiveError) {
        counts.entries += 1
        guard counts.entries <= limits.entries else { throw .limit(entry: shown(current), what: "\(limits.entries) entries") }
    }

    /// Counts a file's bytes, by what the archive claims before they are written.
    func count(bytes more: Int64) throws(ArchiveError) {
        let (sum, isTooMuch) = counts.bytes.addingReportingOverflow(more)
        guard more >= 0, !isTooMuch, sum <= limits.bytes else { throw .limit(entry: shown(current), what: "\(limits.bytes) bytes") }
        counts.bytes = sum
    }

    /// Counts a path that is kept until the end. A hostile layer could make these larger than all its files.
    private func keep(_ path: FilePath, isReported: Bool = false) throws(ArchiveError) {
        let size = path.length + 64
        counts.keptBytes += size
        counts.reportedBytes += isReported ? size : 0
        guard counts.reportedBytes <= limits.namesBytes, counts.keptBytes / 16 <= limits.namesBytes else {
            throw .limit(entry: shown(current), what: "\(limits.namesBytes) bytes of names of directories and links that have to be kept")
        }
    }

    /// Notes a hard link into the layers below.
    func leave(_ link: UnresolvedLink) throws(ArchiveError) {
        try keep(link.target, isReported: true)
        try keep(link.name, isReported: true)
        links.append(link)
    }

    /// Notes what an entry had that was not made; at most a hundred notes.
    func leaveOut(_ what: String) {
        if leftOut.count < 100 { leftOut.insert("\(shown(current)): \(what)") }
    }

    func kernel<Result: ~Copyable>(_ body: () throws(KernelError) -> Result) throws(ArchiveError) -> Result {
        do throws(KernelError) { return try body() } catch { throw kernelError(error) }
    }

    func kernelError(_ error: KernelError) -> ArchiveError { .kernel(entry: shown(current), error) }

    func refused(_ why: String) -> ArchiveError { .refused(entry: shown(current), why: why) }
}

/// A path for people: a stranger's name may be a megabyte long.
func shown(_ path: FilePath) -> String {
    let text = path.string
    return text.utf8.count <= 300 ? text : "\(text.prefix(200))… (\(text.utf8.count) bytes)"
}
