// What the tests of unpacking share: a directory with the layer's root and things beside it that no layer may touch.

import Archive
import CArchive
import Linux
import Testing

/// A directory with `root`, where layers go, and `outside`, which must stay as it is.
struct Bench {
    let path: FilePath
    var root: FilePath { path.appending("root") }
    var secret: FilePath { path.appending("outside/secret") }

    /// Unpacks into `root`.
    @discardableResult
    func unpack(_ layer: [UInt8], limits: UnpackLimits = .standard) throws -> Unpacked {
        try writeFile(path.appending("layer"), layer)
        let file = try open(path.appending("layer"), .readOnly), target = try open(root, [.readOnly, .directory])
        return try file.borrow { file in try target.borrow { target in try Archive.unpack(file, into: target, limits: limits) } }
    }

    @discardableResult
    func unpack(_ entries: [TarEntry], limits: UnpackLimits = .standard) throws -> Unpacked { try unpack(tar(entries), limits: limits) }

    func status(_ name: String) throws -> FileStatus { try Linux.status(root.appending(name), followLinks: false) }
    func text(_ name: String) throws -> String { try readText(root.appending(name)) }
    func attribute(_ attribute: String, of name: String) throws -> [UInt8]? { try Linux.attribute(attribute, of: root.appending(name)) }
    func has(_ name: String) -> Bool { exists(root.appending(name)) }
    func isWhiteout(_ name: String) throws -> Bool { try status(name).kind == .characterDevice && status(name).special == 0 }
}

/// Runs a test on a bench of its own, and checks that it touched nothing outside of the root.
func withBench(_ body: (Bench) throws -> Void) throws {
    let bench = Bench(path: FilePath("/tmp/slipway-archive-\(currentProcess())-\(monotonicNanoseconds())"))
    defer { try? removeTree(bench.path) }  // a leftover would show in the host comparison
    try makeDirectories(bench.root)
    try makeDirectory(bench.path.appending("outside"))
    try writeFile(bench.secret, "secret", mode: 0o600)
    let before = try status(bench.secret), directoryBefore = try status(bench.path.appending("outside"))
    let here = try readLink("/proc/self/cwd")
    try body(bench)
    #expect(try readLink("/proc/self/cwd") == here)
    #expect(try status(bench.secret) == before)
    #expect(try status(bench.path.appending("outside")) == directoryBefore)
    #expect(try Set(entries(bench.path)).subtracting(["layer"]) == ["root", "outside"])
}

enum Compression: String, CaseIterable, Sendable { case gzip, zstd, bzip2, xz }

/// Compresses with libarchive's writer, in its raw format.
func compressed(_ bytes: [UInt8], _ kind: Compression) throws -> [UInt8] {
    let archive = try #require(unsafe archive_write_new())
    defer { unsafe _ = archive_write_free(archive) }
    unsafe archive_write_set_format_raw(archive)
    unsafe archive_write_add_filter_by_name(archive, kind.rawValue)
    var buffer = [UInt8](repeating: 0, count: bytes.count + 1 << 20), used = 0
    try unsafe buffer.withUnsafeMutableBytes { space in
        #expect(unsafe archive_write_open_memory(archive, space.baseAddress, space.count, &used) == ARCHIVE_OK)
        let entry = try #require(unsafe archive_entry_new())
        defer { unsafe archive_entry_free(entry) }
        unsafe archive_entry_set_filetype(entry, 0o100000)
        #expect(unsafe archive_write_header(archive, entry) == ARCHIVE_OK)
        #expect(unsafe archive_write_data(archive, bytes, bytes.count) == bytes.count)
        #expect(unsafe archive_write_close(archive) == ARCHIVE_OK)
    }
    return Array(buffer.prefix(used))
}

/// Runs a program to its end; returns its exit code, or 255 where a signal ended it.
func run(_ program: FilePath, _ arguments: [String]) throws -> Int32 {
    let child = try spawn(Spawn(program, [program.lastComponent?.string ?? ""] + arguments, environment: ["LC_ALL=C", "PATH=/usr/bin:/bin"]))
    let status = try child.descriptor.borrow { try wait($0) }
    guard case .exited(let code) = status else { return 255 }
    return code
}
