// Which devices a group may use. v1 has a controller for it: a list that starts with "everything", from which `devices.deny` and
// `devices.allow` take and to which they add, in the order given. v2 has a BPF program in its place, which Slipway does not have yet:
// `apply(devices)` then says so. cgroup-v1/devices.rst. Chapter 04.
public import Linux

/// A rule for devices, as OCI configurations give them.
public struct DeviceRule: Sendable, Equatable, CustomStringConvertible {
    /// Which kind.
    public enum Kind: String, Sendable, Codable { case all = "a", block = "b", character = "c" }

    /// Whether it gives or takes.
    public let allow: Bool
    /// The kind of device.
    public let kind: Kind
    /// The driver; nil for any.
    public let major: Int64?
    /// The device of that driver; nil for any.
    public let minor: Int64?
    /// What it is about: `r` read, `w` write, `m` make a node.
    public let access: String

    /// Describes a rule; everything about all devices unless told otherwise.
    public init(allow: Bool, _ kind: Kind = .all, major: Int64? = nil, minor: Int64? = nil, access: String = "rwm") {
        (self.allow, self.kind, self.access) = (allow, kind, access)
        (self.major, self.minor) = (major.flatMap { $0 < 0 ? nil : $0 }, minor.flatMap { $0 < 0 ? nil : $0 })
    }

    /// As the kernel takes it: `c 1:3 rwm`, or a lone `a` for everything.
    public var description: String {
        if kind == .all && major == nil && minor == nil { return "a" }
        return "\(kind.rawValue) \(major.map { "\($0)" } ?? "*"):\(minor.map { "\($0)" } ?? "*") \(access)"
    }
}

extension Cgroup {
    /// Writes device rules, in the order given.
    /// - Returns: what cannot be had here.
    @discardableResult
    public func apply(_ rules: [DeviceRule]) throws(KernelError) -> [Missing] {
        guard !rules.isEmpty else { return [] }
        guard let tree = hierarchies.tree(of: "devices"), tree.version == .v1 else {
            return [Missing(wanted: "device rules", reason: "no devices controller of cgroup v1")]
        }
        let directory = tree.directory(of: path)
        for rule in rules { try writeControl(directory.appending(rule.allow ? "devices.allow" : "devices.deny"), "\(rule)") }
        return []
    }
}
