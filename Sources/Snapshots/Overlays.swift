// A container's own directories. Made at `create`, so it must be quick: one transaction and some thirty kernel calls, and no fsync, for a
// container that a power cut takes with it is one that `create` never answered for, or whose writes were its own to sync.

import Digests
import Linux
import Metadata

extension SnapshotStore {
    /// Makes a container's upper, work and init directories on top of `chain`.
    ///
    /// - Parameters:
    ///   - container: its 64-digit id
    ///   - chain: the image's layers; nil for an empty root
    /// - Throws: `.unknownChain`; `.metadata(.constraint)` where the container has an overlay already.
    public func prepare(container: String, from chain: ChainID?) throws(SnapshotsError) -> OverlayMount {
        // The row comes first: from then on no sweep removes the layers beneath.
        let number = try stored { () throws(MetadataError) in
            try metadata.write { (transaction) throws(MetadataError) in
                try transaction.run("INSERT INTO overlays (container, chain) VALUES (?, ?)", container, chain?.description)
                return transaction.lastKey
            }
        }
        do throws(SnapshotsError) {
            let image = try chain.map { (chain) throws(SnapshotsError) in try layers(of: chain) } ?? []
            let path = containerPath(number)
            try kernel { () throws(KernelError) in
                try makeDirectory(path, mode: 0o700)
                try makeInitLayer(at: path.appending("init"), over: image)
                try makeDirectory(path.appending("upper"))
                try copyAttributes(of: path.appending("init"), to: path.appending("upper"))
                try makeDirectory(path.appending("work"), mode: 0o700)
            }
            return mount(number, image)
        } catch {
            try? removeContainer(container)  // `keepOnly` finds it otherwise; the first error is the one to tell
            throw error
        }
    }

    /// What to mount for a container that was prepared, in this process or an earlier one.
    public func overlay(of container: String) throws(SnapshotsError) -> OverlayMount {
        let row = try stored { () throws(MetadataError) in
            try metadata.read { (transaction) throws(MetadataError) in
                try transaction.first("SELECT number, chain FROM overlays WHERE container = ?", container) { (row) throws(MetadataError) in
                    (number: try row.int("number"), chain: try row.optionalText("chain"))
                }
            }
        }
        guard let row else { throw .unknownContainer(container) }
        let chain = row.chain.flatMap { Digest($0) }.map { ChainID($0) }
        return mount(row.number, try chain.map { (chain) throws(SnapshotsError) in try layers(of: chain) } ?? [])
    }

    /// Removes a container's directories, and layers that only it still needed. One that is not there is no error.
    public func removeContainer(_ container: String) throws(SnapshotsError) {
        let number = try stored { () throws(MetadataError) in
            try metadata.read { (transaction) throws(MetadataError) in
                try transaction.first("SELECT number FROM overlays WHERE container = ?", container) { (row) throws(MetadataError) in try row.int("number") }
            }
        }
        guard let number else { return }
        // The directory goes first: a crash between the two leaves a row, which the container's removal, asked again, finds.
        try discard(containerPath(number))
        try stored { () throws(MetadataError) in
            _ = try metadata.write { (transaction) throws(MetadataError) in try transaction.run("DELETE FROM overlays WHERE number = ?", number) }
        }
        try sweep()
    }

    /// Removes the overlays of containers that are not among `containers`: after a crash between `prepare` and the container's own record.
    public func keepOnly(containers: Set<String>) throws(SnapshotsError) {
        let known = try stored { () throws(MetadataError) in
            try metadata.read { (transaction) throws(MetadataError) in
                try transaction.rows("SELECT container FROM overlays") { (row) throws(MetadataError) in try row.text("container") }
            }
        }
        for container in known where !containers.contains(container) { try removeContainer(container) }
    }

    private func mount(_ number: Int, _ image: [FilePath]) -> OverlayMount {
        let path = containerPath(number)
        return OverlayMount(lower: [path.appending("init")] + image, upper: path.appending("upper"), work: path.appending("work"))
    }
}
