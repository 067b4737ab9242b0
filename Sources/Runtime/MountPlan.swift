// The mounts of a container, sorted before anything is mounted: what is bound from the host must be taken while the host is in sight, what is a
// file system of its own is made inside. Options are understood here, so that a bad one is an error of the spec. Chapter 06.

import Explain
import Linux
import Mounts
import OCI

/// One mount, understood.
struct PlannedMount: Sendable {
    /// Where inside, absolute.
    let target: FilePath
    let kind: Kind
    let options: MountOptions

    enum Kind: Sendable, Equatable {
        /// A file system of its own.
        case fileSystem(type: String, source: String)
        /// A part of the host's tree. Where `below` is said, what lies beneath that directory may be in a container's reach (a volume's subpath),
        /// and the rest of the way is walked through no link.
        case bind(source: FilePath, below: FilePath? = nil)
        /// The container's own cgroup, in every hierarchy.
        case cgroup
    }

    init(_ mount: OCI.Mount, bundle: FilePath) throws(StepError) {
        let name = "mounts \(mount.destination)"
        guard mount.destination.hasPrefix("/") else { throw .refused(what: name, why: "the destination must be an absolute path") }
        target = FilePath(mount.destination).lexicallyNormalized()
        guard target != "/" else { throw .refused(what: name, why: "the root is what linux.root says") }
        let anchor = (mount.options ?? []).last { $0.hasPrefix(anchorWord) }.map { FilePath(String($0.dropFirst(anchorWord.count))) }
        options = MountOptions.parse((mount.options ?? []).filter { !unknownToKernels.contains($0) && !$0.hasPrefix("x-") })
        switch mount.type {
        case "cgroup", "cgroup2": kind = .cgroup
        case let type where options.bind || type == "bind":
            guard let source = mount.source, !source.isEmpty else { throw .refused(what: name, why: "a bind mount needs a source") }
            guard options.data.isEmpty else { throw .refused(what: name, why: "unknown option \(options.data[0]) of a bind mount") }
            let path = bundle.pushing(FilePath(source))
            guard anchor.map({ path.starts(with: $0) }) != false else { throw .refused(what: name, why: "the source is not below \(anchorWord)") }
            kind = .bind(source: path, below: anchor)
        case let type?: kind = .fileSystem(type: type, source: mount.source ?? type)
        case nil: throw .refused(what: name, why: "the type is missing")
        }
    }
}

/// An option of ours: `x-` is left to whoever makes mounts (man 8 mount).
private let anchorWord = "x-slipway.below="

/// Words for other programs than the kernel, which runtimes are expected to swallow.
private let unknownToKernels: Set = ["nofail", "auto", "noauto", "user", "nouser", "users", "_netdev", "z", "Z"]

/// The root's propagation as the spec names it: `rslave`, `private`, …
func rootPropagation(_ word: String?) throws(StepError) -> MountOptions.PropagationChange {
    let word = word.flatMap { $0.isEmpty ? nil : $0 } ?? "rslave"
    guard let propagation = MountOptions.parse([word]).propagation.first else { throw .refused(what: "linux.rootfsPropagation \(word)", why: "unknown") }
    return propagation
}
