// Archive's values as those that travel to the daemon, which does not link Archive and its C library. Chapter 07.

import Archive
import Linux
import Trees

extension Trees.Unpacked {
    /// What Archive reports, in the form that travels.
    init(_ unpacked: Archive.Unpacked) {
        self.init(
            diffID: unpacked.diffID, bytes: unpacked.bytes, entries: unpacked.entries, implied: unpacked.implied.map { TreePath($0) },
            links: unpacked.links.map { LayerLink(name: TreePath($0.name), target: TreePath($0.target)) }, leftOut: unpacked.leftOut)
    }
}

extension Trees.Packed {
    /// What Archive reports, in the form that travels.
    init(_ packed: Archive.Packed) {
        self.init(digest: packed.digest, bytes: packed.bytes, entries: packed.entries, leftOut: packed.leftOut)
    }
}

extension Archive.PackForm {
    /// The form that was asked for.
    init(_ form: Trees.PackForm) {
        switch form {
        case .layer: self = .layer
        case .plain: self = .plain
        }
    }
}

extension TreesError {
    /// The same error, case by case.
    init(_ error: ArchiveError) {
        switch error {
        case .kernel(let entry, let error): self = .kernel(entry: entry, error)
        case .refused(let entry, let why): self = .refused(entry: entry, why: why)
        case .limit(let entry, let what): self = .limit(entry: entry, what: what)
        case .damaged(let text): self = .damaged(text)
        }
    }
}
