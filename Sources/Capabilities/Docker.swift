// What Docker gives a container: fourteen capabilities, which `--cap-add` and `--cap-drop` change and `--privileged` replaces.
// The list is what a root process needs to look like root *inside* its own tree: change owners, bind port 80, chroot, make
// device nodes; nothing that reaches the machine. The rules of spelling are Docker's: any case, with or without `CAP_`, and `ALL`.
// chapter 05

extension CapabilitySet {
    /// Docker's default set, `00000000a80425fb` in `/proc/PID/status`.
    public static let dockerDefault = CapabilitySet(
        [
            "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID", "CAP_SETUID", "CAP_SETFCAP",
            "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL", "CAP_AUDIT_WRITE"
        ].compactMap { Capability(name: $0) })

    /// The set that `--cap-add`, `--cap-drop` and `--privileged` make of this one.
    ///
    /// `ALL` added means all but what is dropped; `ALL` dropped means only what is added; else drops go first, then additions,
    /// so a capability in both lists is there.
    /// - Parameters:
    ///   - add: names in Docker's spelling: `NET_ADMIN`, `cap_net_admin`, `ALL`.
    ///   - drop: the same.
    ///   - privileged: everything available, whatever the lists say.
    ///   - available: what this kernel and this process can give; asking for more is an error.
    /// - Throws: `CapabilityError`, worded as Docker's daemon does.
    public func adjusted(add: [String], drop: [String], privileged: Bool = false, available: CapabilitySet = .known) throws(CapabilityError) -> CapabilitySet {
        if privileged { return available }
        let dropped = try DockerList(drop, available: available), added = try DockerList(add, available: available)
        if added.all { return available.subtracting(dropped.named) }
        if dropped.all { return added.named }
        return subtracting(dropped.named).union(added.named)
    }

    /// The name that Docker makes of what a user typed: upper case, with `CAP_` in front; `ALL` stays.
    public static func normalized(_ name: String) -> String {
        let upper = name.uppercased()
        return upper == "ALL" || upper.hasPrefix("CAP_") ? upper : "CAP_" + upper
    }
}

/// A `--cap-add` or `--cap-drop` list, understood.
private struct DockerList {
    var named: CapabilitySet = [], all = false

    init(_ names: [String], available: CapabilitySet) throws(CapabilityError) {
        for name in names.map(CapabilitySet.normalized) {
            if name == "ALL" {
                all = true
                continue
            }
            guard let capability = Capability(name: name) else { throw .unknown(name) }
            guard available.contains(capability) else { throw .unavailable(name) }
            named.formUnion(CapabilitySet([capability]))
        }
    }
}
