// A message to the kernel, and what comes back. Several stand one after the other in a datagram, each at a multiple of 4:
//
//       0                 4        6        8                 12                16
//      ┌─────────────────┬────────┬────────┬─────────────────┬─────────────────┬─────────────────┬────────────┐
//      │ length, whole   │ type   │ flags  │ sequence        │ port            │ fixed header    │ attributes │
//      └─────────────────┴────────┴────────┴─────────────────┴─────────────────┴─────────────────┴────────────┘
//
// The sequence number is ours: answers carry it, which is how they are told apart. man 7 netlink (struct nlmsghdr). Chapter 09.

/// What a message asks for besides its type. man 7 netlink.
public struct MessageFlags: OptionSet, Sendable, Hashable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }
    /// `NLM_F_REQUEST`: in every message to the kernel
    public static let request = MessageFlags(rawValue: 0x1)
    /// `NLM_F_MULTI`: more follow, up to `NLMSG_DONE`
    public static let multi = MessageFlags(rawValue: 0x2)
    /// `NLM_F_ACK`: answer also if all went well
    public static let acknowledge = MessageFlags(rawValue: 0x4)
    /// `NLM_F_DUMP_INTR`: the list changed while it was listed
    public static let interrupted = MessageFlags(rawValue: 0x10)
    /// `NLM_F_DUMP` of a get request: all of them
    public static let dump = MessageFlags(rawValue: 0x300)
    /// `NLM_F_REPLACE` of a new request: change what is there
    public static let replace = MessageFlags(rawValue: 0x100)
    /// `NLM_F_EXCL` of a new request: refuse if it is there
    public static let exclusive = MessageFlags(rawValue: 0x200)
    /// `NLM_F_CREATE` of a new request: make it if it is not there
    public static let create = MessageFlags(rawValue: 0x400)
    /// `NLM_F_CAPPED` of an error: our message is not quoted in full
    public static let capped = MessageFlags(rawValue: 0x100)
    /// `NLM_F_ACK_TLVS` of an error: attributes with the kernel's words follow
    public static let words = MessageFlags(rawValue: 0x200)
}

/// A request, not yet numbered.
public struct Message: Sendable, Equatable {
    /// What is asked for.
    public var type: MessageType
    /// In which way.
    public var flags: MessageFlags
    /// The fixed header of the type: `ifinfomsg`, `ifaddrmsg`, `rtmsg` or `ndmsg`.
    public var header: [UInt8]
    /// What is said about it.
    public var attributes: [Attribute]
    /// On what, in words, for errors and explanations: `bridge slipway0`.
    public var subject: String

    /// A message; `.request` is added to its flags.
    public init(_ type: MessageType, _ flags: MessageFlags = [], header: [UInt8], _ attributes: [Attribute] = [], subject: String) {
        (self.type, self.flags, self.header, self.attributes, self.subject) = (type, flags.union(.request), header, attributes, subject)
    }

    /// The bytes that go to the kernel.
    public func bytes(sequence: UInt32) -> [UInt8] {
        let body = aligned(header) + encode(attributes)
        return hostBytes(UInt32(16 + body.count)) + hostBytes(type.rawValue) + hostBytes(flags.rawValue) + hostBytes(sequence) + hostBytes(UInt32(0)) + body
    }

    /// `RTM_NEWLINK bridge slipway0`
    public var words: String { "\(type.name) \(subject)" }
}

/// The types that rtnetlink knows and we use. man 7 rtnetlink.
public struct MessageType: RawRepresentable, Sendable, Hashable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }
    private init(_ rawValue: UInt16) { self.rawValue = rawValue }
    /// An acknowledgement or a refusal; the end of a list
    public static let error = MessageType(2), done = MessageType(3)
    /// `RTM_NEWLINK` and its like: made or described; removed; asked for; changed
    public static let newLink = MessageType(16), deleteLink = MessageType(17), getLink = MessageType(18), setLink = MessageType(19)
    /// `RTM_NEWADDR` and its like
    public static let newAddress = MessageType(20), deleteAddress = MessageType(21), getAddress = MessageType(22)
    /// `RTM_NEWROUTE` and its like
    public static let newRoute = MessageType(24), deleteRoute = MessageType(25), getRoute = MessageType(26)
    /// `RTM_NEWNEIGH` and its like
    public static let newNeighbour = MessageType(28), deleteNeighbour = MessageType(29), getNeighbour = MessageType(30)

    /// The manual's name, such as `RTM_NEWLINK`.
    public var name: String { MessageType.names[self] ?? "type \(rawValue)" }

    private static let names: [MessageType: String] = [
        .error: "NLMSG_ERROR", .done: "NLMSG_DONE", .newLink: "RTM_NEWLINK", .deleteLink: "RTM_DELLINK", .getLink: "RTM_GETLINK", .setLink: "RTM_SETLINK",
        .newAddress: "RTM_NEWADDR", .deleteAddress: "RTM_DELADDR", .getAddress: "RTM_GETADDR", .newRoute: "RTM_NEWROUTE", .deleteRoute: "RTM_DELROUTE",
        .getRoute: "RTM_GETROUTE", .newNeighbour: "RTM_NEWNEIGH", .deleteNeighbour: "RTM_DELNEIGH", .getNeighbour: "RTM_GETNEIGH"
    ]
}

/// Bytes with zeros up to the next multiple of 4.
func aligned(_ bytes: [UInt8]) -> [UInt8] { bytes + [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4) }
