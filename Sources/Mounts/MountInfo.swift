// What is mounted where, as the kernel tells it: a line of /proc/PID/mountinfo for each mount of that process's mount namespace.
//
//     36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
//     │  │  │    │     │     │          │          │    │         └ options of the file system, the same for all its mounts
//     │  │  │    │     │     │          │          │    └ source
//     │  │  │    │     │     │          │          └ type
//     │  │  │    │     │     │          └ propagation, any number of words up to the lone hyphen
//     │  │  │    │     │     └ options of this mount        │  │  └ device       └ what part of the file system is mounted
//     id parent  root  mount point
//
// Blank, tab, newline and backslash in names are written as octal, `\040`. man 5 proc_pid_mountinfo. Chapter 02.
public import Linux

/// A mount, read from mountinfo.
public struct MountInfo: Sendable, Equatable {
    /// Unique as long as the mount lives.
    public let id: Int
    /// The mount on which this one lies (its own id at the top of the tree).
    public let parent: Int
    /// The device, as `major:minor`.
    public let device: String
    /// Which directory of the file system is mounted: `/` unless it is a bind mount of a part.
    public let root: String
    /// Where it lies, as seen from the reader's root.
    public let mountPoint: String
    /// Options of the mount: `ro`, `nosuid`, `relatime`, …
    public let options: [String]
    /// Propagation words: `shared:1`, `master:2`, `unbindable`; empty means private.
    public let propagation: [String]
    /// The file system's type, such as `ext4` or `overlay`.
    public let type: String
    /// What was mounted, such as `/dev/vda`; a word without meaning where the kind has none.
    public let source: String
    /// Options of the file system itself, such as `size=64k` or `lowerdir=…`.
    public let superOptions: [String]

    /// Whether mounts beneath it reach other namespaces.
    public var isShared: Bool { propagation.contains { $0.hasPrefix("shared:") } }
    /// Whether mounts made elsewhere reach it.
    public var isSlave: Bool { propagation.contains { $0.hasPrefix("master:") } }
    /// Whether this mount, or its file system, is read-only.
    public var isReadOnly: Bool { options.contains("ro") || superOptions.contains("ro") }

    /// Reads one line; nil for what is none.
    public init?(line: Substring) {
        let fields = line.split(separator: " ").map(String.init)
        guard let hyphen = fields.dropFirst(6).firstIndex(of: "-"), fields.count >= hyphen + 3,
            let id = Int(fields[0]), let parent = Int(fields[1])
        else { return nil }
        (self.id, self.parent, device) = (id, parent, fields[2])
        (root, mountPoint) = (unescape(fields[3]), unescape(fields[4]))
        options = fields[5].split(separator: ",").map(String.init)
        propagation = Array(fields[6..<hyphen])
        (type, source) = (fields[hyphen + 1], unescape(fields[hyphen + 2]))
        superOptions = fields.count > hyphen + 3 ? unescape(fields[hyphen + 3]).split(separator: ",").map(String.init) : []
    }

    /// Reads the text of a mountinfo file; lines that are none are left out.
    public static func parse(_ text: String) -> [MountInfo] {
        text.split(separator: "\n").compactMap { MountInfo(line: $0) }
    }

    /// All mounts that a process sees, in the kernel's order: what lies on top comes later.
    /// - Parameter process: nil for ourselves
    public static func read(of process: ProcessID? = nil) throws(KernelError) -> [MountInfo] {
        parse(try readText(FilePath("/proc/\(process.map { "\($0.rawValue)" } ?? "self")/mountinfo")))
    }
}

/// Turns `\040` and its like back into the bytes that they stand for.
func unescape(_ field: String) -> String {
    guard field.utf8.contains(UInt8(ascii: "\\")) else { return field }
    var bytes: [UInt8] = [], rest = Array(field.utf8)[...]
    while let byte = rest.popFirst() {
        let digits = rest.prefix(3)
        if byte == UInt8(ascii: "\\"), digits.count == 3, let code = UInt8(String(decoding: digits, as: UTF8.self), radix: 8) {
            bytes.append(code)
            rest = rest.dropFirst(3)
        } else {
            bytes.append(byte)
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}
