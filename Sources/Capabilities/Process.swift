// The five sets of a process, and how to take them on. Each set has its say at another moment: *bounding* limits what execve may
// ever grant; *permitted* is what the process may turn on, *effective* what is on; *inheritable* and *ambient* are what survives an
// execve of a user other than root. The order of the changes is the kernel's:
//
//   1 bounding      while CAP_SETPCAP is still effective
//   2 the user      from root to another, keeping permitted (PR_SET_KEEPCAPS), for otherwise all would be lost on the way
//   3 capset        effective, permitted, inheritable in one call
//   4 ambient       last: it may only hold what is permitted and inheritable by now
//
// man 7 capabilities, man 2 capset, prctl · chapter 05

public import Linux

/// The five capability sets of a process.
public struct CapabilitySets: Hashable, Sendable {
    public var bounding: CapabilitySet, effective: CapabilitySet, permitted: CapabilitySet, inheritable: CapabilitySet, ambient: CapabilitySet

    public init(
        bounding: CapabilitySet = [], effective: CapabilitySet = [], permitted: CapabilitySet = [], inheritable: CapabilitySet = [], ambient: CapabilitySet = []
    ) {
        (self.bounding, self.effective, self.permitted) = (bounding, effective, permitted)
        (self.inheritable, self.ambient) = (inheritable, ambient)
    }

    /// What Docker gives: `granted` as bounding, permitted and effective; nothing that a user other than root would inherit.
    public init(granting granted: CapabilitySet) {
        self.init(bounding: granted, effective: granted, permitted: granted)
    }

    /// Docker's default for a container.
    public static let dockerDefault = CapabilitySets(granting: .dockerDefault)

    /// Takes these sets on, for this thread; between bounding and the rest, `becomeUser` changes groups, group and user.
    ///
    /// - Throws: EPERM where a set asks for more than the process has; nothing is left out silently.
    public func apply(becomingUser becomeUser: () throws(KernelError) -> Void = {}) throws(KernelError) {
        try limitBounding()
        try setKeepCapabilities(true)
        try becomeUser()
        try setKeepCapabilities(false)
        try applyOwn()
    }

    /// Step 1: takes every capability that isn't in `bounding` out of the bounding set, those without a name too; taking one that is
    /// not there is no error. Needs CAP_SETPCAP.
    public func limitBounding() throws(KernelError) {
        for number in 0..<64 where bounding.rawValue >> UInt64(number) & 1 == 0 {
            do throws(KernelError) {
                try dropBoundingCapability(number)
            } catch {
                guard error.errno == invalid else { throw error }
                return  // this kernel's capabilities end here
            }
        }
    }

    /// Steps 3 and 4: effective, permitted and inheritable, then ambient.
    public func applyOwn() throws(KernelError) {
        try setCapabilities(CapabilityWords(effective: effective.rawValue, permitted: permitted.rawValue, inheritable: inheritable.rawValue))
        try clearAmbientCapabilities()
        for capability in ambient.members { try raiseAmbientCapability(Int(capability.rawValue)) }
    }

    /// The sets of a process, read from the text of its `/proc/PID/status`; nil if a line is missing or no number.
    public init?(status text: String) {
        var found: [Substring: CapabilitySet] = [:]
        for line in text.split(separator: "\n") where line.hasPrefix("Cap") {
            let parts = line.split(whereSeparator: { $0 == ":" || $0 == "\t" || $0 == " " })
            guard parts.count == 2, let bits = UInt64(parts[1], radix: 16) else { return nil }
            found[parts[0]] = CapabilitySet(rawValue: bits)
        }
        guard let bounding = found["CapBnd"], let effective = found["CapEff"], let permitted = found["CapPrm"], let inheritable = found["CapInh"],
            let ambient = found["CapAmb"]
        else { return nil }
        self.init(bounding: bounding, effective: effective, permitted: permitted, inheritable: inheritable, ambient: ambient)
    }

    /// The sets of a running process, nil for this one; nil if /proc tells no sets (it is no Linux that we know).
    ///
    /// - Throws: ENOENT or ESRCH if the process has gone.
    public static func of(_ process: ProcessID? = nil) throws(KernelError) -> CapabilitySets? {
        CapabilitySets(status: try readText(FilePath("/proc/\(process.map { "\($0.rawValue)" } ?? "thread-self")/status")))
    }
}

extension CapabilitySet {
    /// What this process's bounding set holds: one question per capability, until the kernel knows no more.
    public static func bounding() throws(KernelError) -> CapabilitySet {
        var members: [Capability] = []
        for number in 0..<64 {
            guard let there = try knownBounding(number) else { break }
            if there, let capability = Capability(rawValue: UInt8(number)) { members.append(capability) }
        }
        return CapabilitySet(members)
    }

    /// What can be given to a container here: the capabilities in our bounding set that have a name.
    public static func available() throws(KernelError) -> CapabilitySet { try bounding().intersection(.known) }
}

/// EINVAL: what the kernel says to the number of a capability that it doesn't have.
private let invalid: Int32 = 22

/// Whether the bounding set holds `number`; nil if the kernel knows no such capability.
private func knownBounding(_ number: Int) throws(KernelError) -> Bool? {
    do throws(KernelError) {
        return try hasBoundingCapability(number)
    } catch {
        guard error.errno == invalid else { throw error }
        return nil
    }
}
