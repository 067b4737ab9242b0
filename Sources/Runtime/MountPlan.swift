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
        /// A part of the host's tree.
        case bind(source: FilePath)
        /// The container's own cgroup, in every hierarchy.
        case cgroup
    }

    init(_ mount: OCI.Mount, bundle: FilePath) throws(StepError) {
        let name = "mounts \(mount.destination)"
        guard mount.destination.hasPrefix("/") else { throw .refused(what: name, why: "the destination must be an absolute path") }
        target = FilePath(mount.destination).lexicallyNormalized()
        guard target != "/" else { throw .refused(what: name, why: "the root is what linux.root says") }
        options = MountOptions.parse((mount.options ?? []).filter { !unknownToKernels.contains($0) })
        switch mount.type {
        case "cgroup", "cgroup2": kind = .cgroup
        case let type where options.bind || type == "bind":
            guard let source = mount.source, !source.isEmpty else { throw .refused(what: name, why: "a bind mount needs a source") }
            guard options.data.isEmpty else { throw .refused(what: name, why: "unknown option \(options.data[0]) of a bind mount") }
            kind = .bind(source: bundle.pushing(FilePath(source)))
        case let type?: kind = .fileSystem(type: type, source: mount.source ?? type)
        case nil: throw .refused(what: name, why: "the type is missing")
        }
    }
}

/// Words for other programs than the kernel, which runtimes are expected to swallow.
private let unknownToKernels: Set = ["nofail", "auto", "noauto", "user", "nouser", "users", "_netdev", "z", "Z"]

/// The root's propagation as the spec names it: `rslave`, `private`, …
func rootPropagation(_ word: String?) throws(StepError) -> MountOptions.PropagationChange {
    let word = word.flatMap { $0.isEmpty ? nil : $0 } ?? "rslave"
    guard let propagation = MountOptions.parse([word]).propagation.first else { throw .refused(what: "linux.rootfsPropagation \(word)", why: "unknown") }
    return propagation
}
