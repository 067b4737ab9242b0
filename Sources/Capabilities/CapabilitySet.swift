// A set of capabilities is a 64-bit mask, as the kernel keeps it and as /proc/PID/status prints it in hexadecimal.
// man 7 capabilities, man 5 proc_pid_status · chapter 05

/// A set of capabilities: bit n stands for capability number n.
public struct CapabilitySet: OptionSet, Hashable, Sendable, CustomStringConvertible {
    public var rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// The set of just these.
    public init(_ members: some Sequence<Capability>) {
        rawValue = members.reduce(0) { $0 | 1 << UInt64($1.rawValue) }
    }

    /// The set that an OCI list names, each in full: `CAP_CHOWN`.
    ///
    /// - Throws: `CapabilityError.unknown` with the first name that is none; nothing is dropped silently.
    public init(names: some Sequence<String>) throws(CapabilityError) {
        var members: [Capability] = []
        for name in names {
            guard let capability = Capability(name: name) else { throw .unknown(name) }
            members.append(capability)
        }
        self.init(members)
    }

    /// Members in the kernel's order.
    public var members: [Capability] {
        (UInt8(0)..<64).compactMap { rawValue >> UInt64($0) & 1 == 1 ? Capability(rawValue: $0) : nil }
    }

    /// Names in the kernel's order, as an OCI list wants them.
    public var names: [String] { members.map(\.description) }

    /// Sixteen hexadecimal digits, as `/proc/PID/status` shows a set.
    public var hexadecimal: String {
        let digits = String(rawValue, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// `CAP_CHOWN,CAP_KILL`, or `none`.
    public var description: String { isEmpty ? "none" : names.joined(separator: ",") }

    /// Whether `capability` is a member.
    public func contains(_ capability: Capability) -> Bool { rawValue >> UInt64(capability.rawValue) & 1 == 1 }

    /// Every capability that has a name in our table.
    public static let known = CapabilitySet(Capability.known)
}

/// What can be wrong with a request for capabilities, in the words that Docker's clients know.
public enum CapabilityError: Error, Hashable, CustomStringConvertible {
    /// No capability has this name.
    case unknown(String)
    /// It has a name, but this kernel lacks it or we don't hold it ourselves.
    case unavailable(String)

    public var description: String {
        switch self {
        case .unknown(let name): "unknown capability: \"\(name)\""
        case .unavailable(let name): "capability not supported on your kernel or not available in the current environment: \"\(name)\""
        }
    }
}
