// The calls that make and join namespaces, and those that name the host inside one. man 7 namespaces, man 2 unshare, setns. Chapter 03.
import CLinux
import Glibc

/// Which namespaces: the `CLONE_NEW` words of man 2 clone.
public struct NamespaceFlags: OptionSet, Sendable, Hashable {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    /// `CLONE_NEWNS`
    public static let mount = NamespaceFlags(rawValue: 0x0002_0000)
    /// `CLONE_NEWCGROUP`
    public static let cgroup = NamespaceFlags(rawValue: 0x0200_0000)
    /// `CLONE_NEWUTS`
    public static let uts = NamespaceFlags(rawValue: 0x0400_0000)
    /// `CLONE_NEWIPC`
    public static let ipc = NamespaceFlags(rawValue: 0x0800_0000)
    /// `CLONE_NEWUSER`
    public static let user = NamespaceFlags(rawValue: 0x1000_0000)
    /// `CLONE_NEWPID`
    public static let pid = NamespaceFlags(rawValue: 0x2000_0000)
    /// `CLONE_NEWNET`
    public static let network = NamespaceFlags(rawValue: 0x4000_0000)
    /// `CLONE_NEWTIME`, of unshare and setns only
    public static let time = NamespaceFlags(rawValue: 0x80)

    static let names: [(NamespaceFlags, String)] = [
        (.mount, "NEWNS"), (.cgroup, "NEWCGROUP"), (.uts, "NEWUTS"), (.ipc, "NEWIPC"), (.user, "NEWUSER"), (.pid, "NEWPID"), (.network, "NEWNET"),
        (.time, "NEWTIME")
    ]

    /// The manual's words without `CLONE_`, joined by bars.
    public var words: String { Self.names.filter { contains($0.0) }.map(\.1).joined(separator: "|") }
}

/// Moves this process into new namespaces (for `pid` and `time`: its later children). man 2 unshare.
public func unshare(_ namespaces: NamespaceFlags) throws(KernelError) {
    try call("unshare", namespaces.words) { slipway_unshare(namespaces.rawValue) }
}

/// Moves this process into an existing namespace (a descriptor of /proc/PID/ns/KIND), or into several of a process (a pidfd). man 2 setns.
public func setNamespace(_ descriptor: FileDescriptor, _ kinds: NamespaceFlags = [], subject: String? = nil) throws(KernelError) {
    try call("setns", "\(subject ?? "\(descriptor.rawValue)") \(kinds.words)") { slipway_setns(descriptor.rawValue, CInt(truncatingIfNeeded: kinds.rawValue)) }
}

/// Names the host in this UTS namespace. man 2 sethostname.
public func setHostname(_ name: String) throws(KernelError) {
    try call("sethostname", name) { unsafe Glibc.sethostname(name, name.utf8.count) }
}

/// Sets the NIS domain name in this UTS namespace. man 2 setdomainname.
public func setDomainname(_ name: String) throws(KernelError) {
    try call("setdomainname", name) { unsafe slipway_setdomainname(name, UInt64(name.utf8.count)) }
}

/// The kernel's release, machine and host name. man 2 uname.
public func systemName() -> (release: String, machine: String, host: String) {
    var raw = utsname()
    _ = unsafe uname(&raw)
    func text<Field>(_ field: Field) -> String {
        unsafe withUnsafeBytes(of: field) { bytes in unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) }
    }
    return (text(raw.release), text(raw.machine), text(raw.nodename))
}

/// Switches an interface of this network namespace on. man 7 netdevice, `SIOCSIFFLAGS`.
public func bringUp(interface name: String) throws(KernelError) {
    try call("ioctl", "SIOCSIFFLAGS \(name) up") { unsafe slipway_interface_up(name) }
}
