// Who is who between a user namespace and its parent. A line `0 100000 65536` of /proc/PID/uid_map says: 0…65535 in there are
// 100000…165535 out here. Root in a container can thereby be nobody on the host. A map is written once, in one write, by a process with
// CAP_SETUID over the *parent* namespace; without it, only a single line for oneself is allowed, and for groups only after setgroups(2)
// has been given up, or a process could drop a group that forbids it something. man 7 user_namespaces. Chapter 03.
public import Linux

/// One line of a map: a range of ids in the namespace, and where it begins outside.
public struct IDMap: Sendable, Equatable, Codable, CustomStringConvertible {
    /// First id inside the namespace.
    public let inside: UInt32
    /// First id outside, as the parent namespace counts.
    public let outside: UInt32
    /// How many ids, at least one.
    public let count: UInt32

    /// Maps `count` ids from `inside` on to those from `outside` on.
    public init(inside: UInt32, outside: UInt32, count: UInt32) {
        (self.inside, self.outside, self.count) = (inside, outside, count)
    }

    /// Reads `inside:outside:count`, as the tools take it.
    public init(parsing text: String) throws(NamespacesError) {
        let fields = text.split(separator: ":", omittingEmptySubsequences: false).map { UInt32($0) }
        guard fields.count == 3, let inside = fields[0], let outside = fields[1], let count = fields[2] else {
            throw .badMap(text, why: "wanted three numbers, INSIDE:OUTSIDE:COUNT")
        }
        guard count > 0, count <= UInt32.max - inside, count <= UInt32.max - outside else {
            throw .badMap(text, why: "a range is empty or goes beyond the last id")
        }
        self.init(inside: inside, outside: outside, count: count)
    }

    /// Reads the text of a uid_map or gid_map file; what is no line of three numbers is left out.
    public static func parse(_ text: String) -> [IDMap] {
        text.split(separator: "\n").compactMap { line in
            let fields = line.split(whereSeparator: \.isWhitespace).compactMap { UInt32($0) }
            return fields.count == 3 ? IDMap(inside: fields[0], outside: fields[1], count: fields[2]) : nil
        }
    }

    /// The line as the kernel takes it.
    public var description: String { "\(inside) \(outside) \(count)" }

    /// What `id`, counted inside, is outside; nil where this line does not map it.
    public func outside(of id: UInt32) -> UInt32? {
        id >= inside && id - inside < count ? outside + (id - inside) : nil
    }
}

/// Gives a process's new user namespace its maps, from outside. Groups come first: once users are mapped, the process is somebody.
/// - Parameter denySetgroups: gives up setgroups(2) in there, which the kernel wants of writers without CAP_SETGID
public func writeMaps(users: [IDMap], groups: [IDMap], of process: ProcessID, denySetgroups: Bool) throws(KernelError) {
    let folder = "/proc/\(process.rawValue)"
    if denySetgroups { try writeControl(FilePath("\(folder)/setgroups"), "deny") }
    try writeControl(FilePath("\(folder)/gid_map"), lines(groups))
    try writeControl(FilePath("\(folder)/uid_map"), lines(users))
}

/// The whole of a map file: a line for each range.
private func lines(_ maps: [IDMap]) -> String {
    maps.map { "\($0)\n" }.joined()
}
