// What we may do with a path, asked of the kernel with our effective ids: read-only mounts and capabilities count too. An answer is old as
// soon as it is given, so ask it to choose a way or a message, never in place of handling an error. man 2 faccessat. Chapter 00.
import Glibc

/// What to ask about: man 2 access.
public struct AccessKinds: OptionSet, Sendable {
    public let rawValue: CInt
    public init(rawValue: CInt) { self.rawValue = rawValue }
    /// `R_OK`
    public static let read = AccessKinds(rawValue: R_OK)
    /// `W_OK`
    public static let write = AccessKinds(rawValue: W_OK)
    /// `X_OK`: execute a file, or search a directory
    public static let execute = AccessKinds(rawValue: X_OK)
}

/// Asks whether we may do this with a path. man 2 faccessat, `AT_EACCESS`.
/// - Throws: EACCES, EROFS or what else stands against it.
public func checkAccess(_ path: FilePath, _ kinds: AccessKinds) throws(KernelError) {
    try call("faccessat", "\(path)") { unsafe path.cString { unsafe faccessat(AT_FDCWD, $0, kinds.rawValue, AT_EACCESS) } }
}

/// Whether we may do this with a path.
public func canAccess(_ path: FilePath, _ kinds: AccessKinds) -> Bool {
    do throws(KernelError) {
        try checkAccess(path, kinds)
        return true
    } catch { return false }  // the question was whether, not why
}
