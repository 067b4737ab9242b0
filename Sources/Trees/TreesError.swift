// Why a task on a tree failed, in the daemon or in the helper: one type, whose helper's half travels as JSON. Chapter 07.

public import Linux

/// Why a task failed.
public enum TreesError: Error, Equatable, CustomStringConvertible {
    /// The kernel refused, in the daemon or in the helper; a full disk, for example. `entry` is the archive's entry under way, or empty.
    case kernel(entry: String, KernelError)
    /// The layer would reach outside of its directory or cannot mean anything.
    case refused(entry: String, why: String)
    /// The layer is bigger than it may be.
    case limit(entry: String, what: String)
    /// A path of a container that was asked for is not what it should be.
    case path(String, PathFault)
    /// The bytes are no archive that we read.
    case damaged(String)
    /// This task is not built yet.
    case notYet(String)
    /// The helper ended without an answer, by a signal or a fault of ours.
    case died(String)

    public var description: String {
        switch self {
        case .kernel("", let error): "tree: \(error)"
        case .kernel(let entry, let error): "unpack \(entry): \(error)"
        case .refused(let entry, let why): "unpack \(entry): refused: \(why)"
        case .limit(let entry, let what): "unpack \(entry): more than \(what)"
        case .path(let path, .missing): "\(path): nothing is there"
        case .path(let path, .noDirectory): "\(path): no directory"
        case .path(let path, .readOnlyRoot): "\(path): the container's root is read-only"
        case .path(let path, .readOnlyVolume): "\(path): the volume is read-only"
        case .damaged(let text): "unpack: not a readable archive: \(text)"
        case .notYet(let task): "slipway-tree \(task): not yet"
        case .died(let how): "slipway-tree: \(how)"
        }
    }
}

/// An error in a form that travels.
package struct Failure: Codable {
    private var kind: String, entry: String, text: String
    private var errno: CInt?
    private var call: String?

    /// Writes an error down.
    package init(_ error: TreesError) {
        switch error {
        case .kernel(let entry, let error): (kind, self.entry, text, errno, call) = ("kernel", entry, error.subject, error.errno, error.call)
        case .refused(let entry, let why): (kind, self.entry, text) = ("refused", entry, why)
        case .limit(let entry, let what): (kind, self.entry, text) = ("limit", entry, what)
        case .path(let path, let fault): (kind, entry, text) = ("path", path, fault.rawValue)
        case .damaged(let text): (kind, entry, self.text) = ("damaged", "", text)
        case .notYet(let task): (kind, entry, text) = ("notYet", "", task)
        case .died(let how): (kind, entry, text) = ("died", "", how)
        }
    }

    /// The error again.
    package var error: TreesError {
        switch kind {
        case "kernel": .kernel(entry: entry, KernelError(call: call ?? "", subject: text, errno: errno ?? 0))
        case "refused": .refused(entry: entry, why: text)
        case "limit": .limit(entry: entry, what: text)
        case "path": .path(entry, PathFault(rawValue: text) ?? .missing)
        case "damaged": .damaged(text)
        case "notYet": .notYet(text)
        default: .died(text)
        }
    }
}

/// Runs kernel calls, wrapping their error.
package func kernel<Result: ~Copyable>(_ body: () throws(KernelError) -> Result) throws(TreesError) -> Result {
    do throws(KernelError) { return try body() } catch { throw .kernel(entry: "", error) }
}
