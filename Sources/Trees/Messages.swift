// What the daemon and slipway-tree say to each other. The helper is started for one task and ends with it, so there is no protocol to keep
// in step: a request, an answer. The request is no argument of the command line, because a layer's names can be more than those may hold.
//
//      slipway-tree unpack         3 = the request, 4 = the answer, 5 = the layer, or where the tar goes
//      {"parent":4711,"task":{"unpack":{"directory":"/…","limits":{…}}}}
//      {"unpacked":{"diffID":"sha256:…",…}}   or   {"failed":{"kind":"refused","entry":"a/b","text":"…"}}
//
// Chapter 07.

import FoundationEssentials

/// What slipway-tree can be asked to do.
public enum TreeTask: String, Sendable, CaseIterable {
    /// Apply a layer to an empty directory.
    case unpack
    /// Give an unpacked layer what it takes from the layers below.
    case settle
    /// Make a tar of a directory.
    case pack
    /// Add up what a directory holds.
    case size
    /// Say what an overlay's upper directory changes.
    case diff
    /// Say what lies at a path of a container.
    case stat
    /// Make a tar of what lies at a path of a container.
    case archive
    /// Unpack a tar into a directory of a container.
    case extract
    /// Make a tar of a container's root.
    case export
    /// Make a tar of files of whoever asks, and unpack one among them: the command line's side of `cp`.
    case take, give
    /// Copy a directory of an image into an empty one.
    case copy
}

/// Numbers of the descriptors that the helper finds open.
package enum Number {
    /// The request, the answer, and the archive that is read or written.
    package static let request: CInt = 3, reply: CInt = 4, archive: CInt = 5
    /// The pidfd of a container's first process.
    package static let process: CInt = 6
}

/// What one process is to do.
package struct Request: Codable {
    /// Who asks, by process id: without it, nobody wants the result.
    package var parent: Int32
    /// What for.
    package var task: Task

    /// A task with what it needs to know. Paths are full ones.
    package enum Task: Codable {
        /// `directory` is empty.
        case unpack(directory: String, limits: UnpackLimits)
        /// See `Settling`.
        case settle(Settling)
        /// `directory` is only read.
        case pack(directory: String, form: PackForm)
        /// As above.
        case size(directory: String)
        /// See `TreeHelper.copy`.
        case copy(CopyRequest)
        /// See `TreeHelper.changes`.
        case diff(lower: [String], upper: String)
        /// See `TreeHelper.status`, `archive`, `extract`, `export`.
        case stat(ViewRequest, path: String), archive(ViewRequest, path: String), extract(ViewRequest, path: String, ExtractOptions), export(ViewRequest)
        /// `name` in `directory`, or the directory itself, called `title`.
        case take(directory: String, name: String?, title: String)
        /// Names that begin with `old`, `.` being any, shall begin with `new`; everything belongs to `user` and `group`.
        case give(directory: String, old: String?, new: String?, user: UInt32, group: UInt32)
    }

    /// Asks for `task`.
    package init(parent: Int32, task: Task) {
        (self.parent, self.task) = (parent, task)
    }
}

/// Where a container's tree is.
package enum ViewRequest: Codable {
    /// In the namespace of the process that the descriptor `Number.process` names.
    case running
    /// To be put together.
    case stopped(StoppedTree)

    package init(_ tree: ContainerTree) {
        switch tree {
        case .running: self = .running
        case .stopped(let parts): self = .stopped(parts)
        }
    }
}

/// A layer to settle on those below it.
package struct Settling: Codable {
    /// The unpacked layer, and beside it, on the same file system, two empty directories: one for overlayfs, one to mount on.
    package var layer: String, work: String, place: String
    /// The layers below, the topmost first.
    package var parents: [String]
    /// As `Unpacked` has them.
    package var implied: [TreePath], links: [LayerLink]
    /// `bytes` bounds what is copied up.
    package var limits: UnpackLimits
}

/// A line of the helper's: mostly the only one.
package struct Reply: Codable {
    /// One of these is there.
    package var unpacked: Unpacked?, settled: Settled?, packed: Packed?, sized: Sized?, copied: Copied?, failed: Failure?
    /// For those that reach into a container; `status` comes before anything else happens.
    package var status: TreeStatus?, extracted: Extracted?, changes: [TreeChange]?

    /// An answer without anything yet.
    package init() {}
}

/// Encodes one value as a line of JSON. Our own values always encode.
package func line(_ value: some Encodable) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    do { return Array(try encoder.encode(value)) + [UInt8(ascii: "\n")] } catch { preconditionFailure("cannot encode a message: \(error)") }
}

/// Decodes what the other side said.
package func decode<Value: Decodable>(_ type: Value.Type, _ bytes: [UInt8]) throws(TreesError) -> Value {
    do { return try JSONDecoder().decode(type, from: Data(bytes)) } catch { throw .died("a message that cannot be read") }
}
