// The files of one log: `x-json.log` is written, `.1` is the one before, `.2` the one before that, …; the writer renames them all when it
// rotates. A reader holds files open, so a file that was renamed or removed under it stays readable, and its inode says which it is.
// Chapter 11. man 7 inode.
import Linux

/// One open file of a log.
final class LogFile {
    let descriptor: Descriptor
    let inode: UInt64
    /// Where the next read begins, in bytes.
    var offset: Int64 = 0
    /// Bytes read, from a line's beginning on.
    private var buffer: [UInt8] = []
    private var start = 0

    init(_ path: FilePath) throws(KernelError) {
        descriptor = try Linux.open(path, .readOnly)
        inode = try status(FileDescriptor(rawValue: descriptor.number)).inode
    }

    private var number: FileDescriptor { FileDescriptor(rawValue: descriptor.number) }

    var bytes: Int64 {
        get throws(KernelError) { try status(number).bytes }
    }

    /// Reads up to `count` bytes that begin at `offset`, for reading backwards.
    func read(at offset: Int64, count: Int) throws(KernelError) -> [UInt8] {
        try seek(number, to: offset)
        return try readAll(number, upTo: count)
    }

    /// The next whole line, newline included; nil where none is there (yet).
    func nextLine() throws(KernelError) -> ArraySlice<UInt8>? {
        var searched = start
        while true {
            if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { start = end + 1 }
                return buffer[start...end]
            }
            buffer.removeFirst(start)
            start = 0
            searched = buffer.count
            try seek(number, to: offset)
            let part = try Linux.read(number, upTo: 65_536)
            if part.isEmpty { return nil }
            offset += Int64(part.count)
            buffer += part
        }
    }

    /// Opens all files of a log, oldest first. Opened newest first, a rotation in between can only make one appear twice.
    static func openAll(_ path: FilePath, maxFiles: Int) throws(KernelError) -> [LogFile] {
        var newestFirst: [LogFile] = []
        for index in 0..<max(1, maxFiles) {
            do throws(KernelError) {
                let file = try LogFile(name(path, index))
                if newestFirst.last?.inode != file.inode { newestFirst.append(file) }
            } catch {
                guard error.means(.missing) else { throw error }
            }
        }
        return newestFirst.reversed()
    }

    /// The name of the file that was rotated `index` times.
    static func name(_ path: FilePath, _ index: Int) -> FilePath { index == 0 ? path : FilePath("\(path).\(index)") }

    /// Sets the file's first line to read so that at most `wanted` lines follow, reading backwards from the end.
    /// - Returns: how many lines do.
    func skipToLast(_ wanted: Int) throws(KernelError) -> Int {
        let blockBytes = 65_536
        var position = try bytes, found = 0, isLastLineEnd = true
        while position > 0 {
            let count = min(blockBytes, Int(position))
            position -= Int64(count)
            let block = try read(at: position, count: count)
            for index in block.indices.reversed() where block[index] == UInt8(ascii: "\n") {
                // The newline at the very end closes the last line; every other one precedes a line.
                if isLastLineEnd { isLastLineEnd = false } else { found += 1 }
                if found == wanted {
                    offset = wanted == 0 ? try bytes : position + Int64(index) + 1
                    return found
                }
            }
        }
        offset = 0
        return isLastLineEnd ? 0 : found + 1
    }
}
