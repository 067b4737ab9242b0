// What the daemon and slipway-tree say to each other. The helper is started for one task and ends with it, so there is no protocol to keep
// in step: the request is the command line, the reply one line of JSON.
//
//      slipway-tree unpack '{"directory":"/…","limits":{…}}'         3 = the layer, 4 = the reply
//      {"unpacked":{"diffID":"sha256:…",…}}   or   {"failed":{"kind":"refused","entry":"a/b","text":"…"}}
//
// Chapter 07.

import Archive
import FoundationEssentials
public import Linux

/// What slipway-tree can be asked to do.
public enum TreeTask: String, Sendable, CaseIterable {
    /// Apply a layer to an empty directory. The others belong to later chapters' commands and are refused.
    case unpack, pack, diff, copy, size
}

/// Numbers of the descriptors that the helper finds open.
enum Number {
    static let layer: CInt = 3, reply: CInt = 4
}

/// What `unpack` needs to know.
struct UnpackRequest: Codable {
    /// An empty directory, by its full path.
    var directory: String
    var limits: UnpackLimits
}

/// Why a task failed.
public enum TreesError: Error, Equatable, CustomStringConvertible {
    /// The kernel refused, in the daemon or in the helper. `entry` is the archive's entry under way, or empty.
    case kernel(entry: String, KernelError)
    /// The layer would reach outside of its directory or cannot mean anything.
    case refused(entry: String, why: String)
    /// The layer is bigger than it may be.
    case limit(entry: String, what: String)
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
        case .damaged(let text): "unpack: not a readable archive: \(text)"
        case .notYet(let task): "slipway-tree \(task): not yet"
        case .died(let how): "slipway-tree: \(how)"
        }
    }
}

extension TreesError {
    init(_ error: ArchiveError) {
        switch error {
        case .kernel(let entry, let error): self = .kernel(entry: entry, error)
        case .refused(let entry, let why): self = .refused(entry: entry, why: why)
        case .limit(let entry, let what): self = .limit(entry: entry, what: what)
        case .damaged(let text): self = .damaged(text)
        }
    }
}

/// The helper's one line.
struct Reply: Codable {
    var unpacked: Unpacked?
    var failed: Failure?

    /// An error in a form that travels.
    struct Failure: Codable {
        var kind: String, entry: String, text: String
        var errno: CInt?
        var call: String?
    }

    init(unpacked: Unpacked) { self.unpacked = unpacked }

    init(failed error: TreesError) {
        failed =
            switch error {
            case .kernel(let entry, let error): Failure(kind: "kernel", entry: entry, text: error.subject, errno: error.errno, call: error.call)
            case .refused(let entry, let why): Failure(kind: "refused", entry: entry, text: why)
            case .limit(let entry, let what): Failure(kind: "limit", entry: entry, text: what)
            case .damaged(let text): Failure(kind: "damaged", entry: "", text: text)
            case .notYet(let task): Failure(kind: "notYet", entry: "", text: task)
            case .died(let how): Failure(kind: "died", entry: "", text: how)
            }
    }

    /// What the reply means to the one who asked.
    func result() throws(TreesError) -> Unpacked {
        if let unpacked { return unpacked }
        guard let failed else { throw .died("an empty answer") }
        switch failed.kind {
        case "kernel": throw .kernel(entry: failed.entry, KernelError(call: failed.call ?? "", subject: failed.text, errno: failed.errno ?? 0))
        case "refused": throw .refused(entry: failed.entry, why: failed.text)
        case "limit": throw .limit(entry: failed.entry, what: failed.text)
        case "damaged": throw .damaged(failed.text)
        case "notYet": throw .notYet(failed.text)
        default: throw .died(failed.text)
        }
    }
}

/// Encodes one value as a line of JSON. Our own values always encode.
func line(_ value: some Encodable) -> [UInt8] {
    do { return Array(try JSONEncoder().encode(value)) + [UInt8(ascii: "\n")] } catch { preconditionFailure("cannot encode a message: \(error)") }
}

/// Decodes what the other side said.
func decode<Value: Decodable>(_ type: Value.Type, _ bytes: [UInt8]) throws(TreesError) -> Value {
    do { return try JSONDecoder().decode(type, from: Data(bytes)) } catch { throw .died("an answer that cannot be read") }
}
