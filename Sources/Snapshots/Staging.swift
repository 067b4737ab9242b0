// How a layer comes: intent, act, confirm. A row says what is about to happen, then it happens on disk, then the row says that it did.
//
//      stage      row 'unpacking'; staging/18/layer is filled. Needs no parent, so that all layers of a pull can be unpacked at once.
//      commit     in chain order: takes from the layers below what it only implied (slipway-tree settle), moves to layers/18, is synced,
//                 row 'ready'
//      discard    instead of commit
//
// Two may stage the same layer, and race to commit it: the row that is ready first is the layer, the other one goes. A crash anywhere leaves
// a row that is not ready, or a directory without a row; both are collected when the store is opened next. Chapter 07.

public import Digests
public import Linux
import Metadata
import Trees

/// A layer that was unpacked and is not yet part of any chain. To be given to `commit` or `discard`; what is forgotten stays until the store is
/// opened next.
public struct StagedLayer: Sendable {
    /// The digest of its uncompressed tar, for comparison with what the image's configuration promises.
    public let diffID: Digest
    /// Bytes of its files.
    public let sizeBytes: Int64
    /// What was left out, and why: attributes that only this machine's kernel may set.
    public let leftOut: [String]

    let number: Int
    let unpacked: Unpacked
    /// When its last byte was written: a sync that began later covers it. Monotonic nanoseconds.
    let stagedAt: UInt64
}

extension SnapshotStore {
    /// Unpacks a layer beside the others, visible to nobody. May run on several threads at once.
    ///
    /// How far it has come can be asked for on another thread: `TreeHelper.bytesRead(of: blob)` against the blob's size.
    /// - Parameter blob: the layer, open for reading at its start; compressed or not. Its position moves.
    /// - Throws: `.trees` where the layer is hostile, damaged or too big, or the disk full: nothing of it stays.
    public func stage(_ blob: FileDescriptor) throws(SnapshotsError) -> StagedLayer {
        let number = try stored { () throws(MetadataError) in
            try metadata.write { (transaction) throws(MetadataError) in
                try transaction.run("INSERT INTO layers (state) VALUES ('unpacking')")
                return transaction.lastKey
            }
        }
        do throws(SnapshotsError) {
            try kernel { () throws(KernelError) in
                try makeDirectory(stagingPath(number), mode: 0o700)
                for name in ["layer", "work", "place"] { try makeDirectory(stagingPath(number).appending(name), mode: 0o755) }
            }
            let unpacked = try tree { () throws(TreesError) in try helper.unpack(blob, into: stagingPath(number).appending("layer")) }
            return StagedLayer(
                diffID: unpacked.diffID, sizeBytes: unpacked.bytes, leftOut: unpacked.leftOut, number: number, unpacked: unpacked,
                stagedAt: monotonicNanoseconds())
        } catch {
            discard(number)
            throw error
        }
    }

    /// Makes a staged layer part of a chain, durably. If the same chain was there already, or comes to be meanwhile, that one is kept.
    ///
    /// Whatever happens, `staged` is used up.
    /// - Parameters:
    ///   - parent: the layers below, committed before; nil for the lowest
    ///   - lease: holds the layer until `release`; leases do not outlive the process
    /// - Throws: `.unknownChain` where the parent is missing; `.trees(.refused)` for a hard link to what is nowhere.
    public func commit(_ staged: StagedLayer, onto parent: ChainID?, lease: String) throws(SnapshotsError) -> Layer {
        defer { discard(staged) }
        let chain = ChainID(diffID: staged.diffID, onto: parent)
        if let there = try hold(chain, lease: lease) { return there }
        let below = try parent.map { (parent) throws(SnapshotsError) in try standOn(parent, staged.number) } ?? []
        let (copiedBytes, settledAt) = try settle(staged, onto: below)
        try move(staged, settledAt: settledAt)
        return try confirm(staged.number, Layer(chain: chain, diffID: staged.diffID, sizeBytes: staged.sizeBytes + copiedBytes), lease)
    }

    /// Removes a staged layer. One that was committed or discarded before is no error.
    public func discard(_ staged: StagedLayer) { discard(staged.number) }

    /// Holds a layer that is there already; nil where it is not.
    /// - Parameter lease: as for `commit`
    public func hold(_ chain: ChainID, lease: String) throws(SnapshotsError) -> Layer? {
        try stored { () throws(MetadataError) in
            try metadata.write { (transaction) throws(MetadataError) in
                guard let layer = try ready(chain, transaction) else { return nil }
                try hold(chain, by: "lease:\(lease)", in: transaction)
                return layer
            }
        }
    }

    /// Unpacks a layer onto others: `stage` and `commit` in one.
    public func unpack(_ blob: FileDescriptor, onto parent: ChainID?, lease: String) throws(SnapshotsError) -> Layer {
        if let parent { _ = try layers(of: parent) }
        return try commit(try stage(blob), onto: parent, lease: lease)
    }

    // MARK: The steps of a commit

    /// Names the parent in the row, from when on no sweep removes it, and returns its directories.
    private func standOn(_ parent: ChainID, _ number: Int) throws(SnapshotsError) -> [FilePath] {
        try stored { () throws(MetadataError) in
            _ = try metadata.write { (transaction) throws(MetadataError) in
                try transaction.run("UPDATE layers SET parent = ? WHERE number = ?", parent.description, number)
            }
        }
        return try layers(of: parent)
    }

    /// Returns how many bytes were copied up, and when the last change was made.
    private func settle(_ staged: StagedLayer, onto below: [FilePath]) throws(SnapshotsError) -> (copiedBytes: Int64, settledAt: UInt64) {
        let links = staged.unpacked.links, implied = staged.unpacked.implied
        if let link = links.first, below.isEmpty {
            throw .trees(.refused(entry: "\(link.name)", why: "a hard link to \(link.target), which is no earlier entry of this layer"))
        }
        guard let parent = below.first, !links.isEmpty || !implied.isEmpty else { return (0, staged.stagedAt) }
        let staging = stagingPath(staged.number)
        if links.isEmpty, implied == [TreePath("")] {
            // Most layers imply just their root. Both roots' paths are ours, so this needs no helper, and one fsync instead of another sync.
            try kernel { () throws(KernelError) in
                try copyAttributes(of: parent, to: staging.appending("layer"))
                try synchronizeDirectory(staging.appending("layer"))
            }
            return (0, staged.stagedAt)
        }
        let settled = try tree { () throws(TreesError) in
            try helper.settle(
                layer: staging.appending("layer"), onto: below, work: staging.appending("work"), place: staging.appending("place"), implied: implied,
                links: links)
        }
        return (settled.copiedBytes, monotonicNanoseconds())
    }

    /// Moves the layer to where it stays: first its files are made durable, then its name.
    private func move(_ staged: StagedLayer, settledAt: UInt64) throws(SnapshotsError) {
        try kernel { () throws(KernelError) in
            try sync.cover(settledAt)
            try rename(stagingPath(staged.number).appending("layer"), to: layerPath(staged.number))
            try synchronizeDirectory(root.appending("layers"))
        }
    }

    /// Makes the layer known, unless another committed the same meanwhile; then ours goes, by `discard`.
    private func confirm(_ number: Int, _ layer: Layer, _ lease: String) throws(SnapshotsError) -> Layer {
        try stored { () throws(MetadataError) in
            try metadata.write { (transaction) throws(MetadataError) in
                try hold(layer.chain, by: "lease:\(lease)", in: transaction)
                if let there = try ready(layer.chain, transaction) { return there }
                try transaction.run(
                    "UPDATE layers SET state = 'ready', chain = ?, diff = ?, size = ? WHERE number = ?", layer.chain.description, layer.diffID.description,
                    layer.sizeBytes, number)
                return layer
            }
        }
    }

    private func ready(_ chain: ChainID, _ transaction: Transaction) throws(MetadataError) -> Layer? {
        try transaction.first("SELECT diff, size FROM layers WHERE chain = ? AND state = 'ready'", chain.description) { (row) throws(MetadataError) in
            guard let diffID = Digest(try row.text("diff")) else { throw MetadataError.corrupt("layer \(chain) has no DiffID") }
            return Layer(chain: chain, diffID: diffID, sizeBytes: Int64(try row.int("size")))
        }
    }

    /// Removes what a layer that will not be committed has on disk, then its row. A committed one is left alone.
    private func discard(_ number: Int) {
        // What cannot be removed now is collected when the store is opened next; whoever calls has an error to tell that matters more.
        try? remove(number)  // as said
    }

    private func remove(_ number: Int) throws(SnapshotsError) {
        let isOurs = try stored { () throws(MetadataError) in
            try metadata.read { (transaction) throws(MetadataError) in
                try transaction.exists("SELECT 1 FROM layers WHERE number = ? AND state = 'unpacking'", number)
            }
        }
        try discard(stagingPath(number))
        guard isOurs else { return }
        try discard(layerPath(number))
        try forget(number)
    }
}
