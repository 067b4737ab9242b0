// The kernel's reasons that the shim and its readers act upon, by what they mean to them. man 3 errno. Chapter 11.
public import Linux

/// The few reasons of the kernel's that the shim and its readers act upon.
public enum Reason: Sendable {
    /// Nothing to read, or no room to write, at present: EAGAIN.
    case later
    /// The other end has closed: EPIPE, ECONNRESET, EIO of a terminal.
    case gone
    /// Nothing has that name: ENOENT.
    case missing
}

extension KernelError {
    /// Whether the error has this reason.
    public func means(_ reason: Reason) -> Bool {
        switch reason {
        case .later: errno == Errno.wouldBlock.rawValue
        case .gone: [.brokenPipe, .connectionReset, .ioError].contains(Errno(rawValue: errno))
        case .missing: errno == Errno.noSuchFileOrDirectory.rawValue
        }
    }
}
