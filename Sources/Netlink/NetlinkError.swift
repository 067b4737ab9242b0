// What can go wrong between us and the kernel's network code. Since Linux 4.12 the kernel adds a sentence to its number, the extended
// acknowledgement: that sentence is the better half of the error, and it is shown. man 7 netlink (NETLINK_EXT_ACK). Chapter 09.
public import Linux

/// Why a request could not be carried out.
public enum NetlinkError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The socket failed.
    case kernel(KernelError)
    /// The kernel understood and refused.
    /// - request: what was asked for, such as `RTM_NEWLINK bridge slipway0`
    /// - errno: the kernel's reason, man 3 errno
    /// - words: the kernel's own sentence, empty where it gave none
    case refused(request: String, errno: CInt, words: String)
    /// An answer that is no message, or not the one that belongs there.
    case malformed(String)
    /// What was listed changed while it was listed, again and again. `NLM_F_DUMP_INTR`.
    case interrupted(request: String)

    /// The kernel's number, where it gave one.
    public var errno: CInt? {
        switch self {
        case .kernel(let error): error.errno
        case .refused(_, let errno, _): errno
        case .malformed, .interrupted: nil
        }
    }

    /// `call subject: reason`, with the kernel's sentence in brackets.
    public var description: String {
        switch self {
        case .kernel(let error): error.description
        case .refused(let request, let errno, let words):
            "\(request): \(KernelError(call: "", subject: "", errno: errno).reason)" + (words.isEmpty ? "" : " (\(words))")
        case .malformed(let what): "netlink: \(what)"
        case .interrupted(let request): "\(request): the list kept changing while it was read"
        }
    }
}
