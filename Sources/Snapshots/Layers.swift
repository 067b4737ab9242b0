// How layers come and go. Intent, act, confirm: a row says what is about to happen, then it happens on disk, then the row says that it did.
// A layer stays for as long as someone holds it, a container's overlay stands on it, or another layer lies on it.

import Archive
import Digests
public import Linux
public import Metadata
import Trees

extension SnapshotStore {
    /// Unpacks a layer. If the same chain was there already, that one is kept and the new directory removed.
    ///
    /// - Parameters:
    ///   - blob: the layer, open for reading at its start; compressed or not
    ///   - parent: the layers below; nil for the lowest
    ///   - lease: holds the layer until `release`; leases do not outlive the process
    /// - Throws: `.trees` where the layer is hostile, damaged or too big: nothing of it stays.
    public func unpack(_ blob: FileDescriptor, onto parent: ChainID?, lease: String) throws(SnapshotsError) -> Layer {
        if let parent { _ = try layers(of: parent) }
        let number = try stored { () throws(MetadataError) in
            try metadata.write { (transaction) throws(MetadataError) in
                try transaction.run("INSERT INTO layers (state, parent) VALUES ('unpacking', ?)", parent?.description)
                return transaction.lastKey
            }
        }
        do throws(SnapshotsError) {
            let layer = try fill(number, from: blob, onto: parent)
            try confirm(number, layer, parent, lease)
            return layer
        } catch {
            // What cannot be removed now is collected when the store is opened next; the first error is the one to tell.
            try? discard(stagingPath(number))  // as said
            try? discard(layerPath(number))  // as said
            try? forget(number)  // as said
            throw error
        }
    }

    private func fill(_ number: Int, from blob: FileDescriptor, onto parent: ChainID?) throws(SnapshotsError) -> Layer {
        let staging = stagingPath(number)
        try kernel { () throws(KernelError) in try makeDirectory(staging, mode: 0o755) }
        let unpacked: Unpacked
        do throws(TreesError) { unpacked = try helper.unpack(blob, into: staging) } catch { throw .trees(error) }
        try kernel { () throws(KernelError) in
            try rename(staging, to: layerPath(number))
            try synchronizeDirectory(root.appending("layers"))
        }
        return Layer(chain: ChainID(diffID: unpacked.diffID, onto: parent), diffID: unpacked.diffID, sizeBytes: unpacked.bytes)
    }

    /// Makes the layer known, unless another unpacked the same meanwhile; then ours goes.
    private func confirm(_ number: Int, _ layer: Layer, _ parent: ChainID?, _ lease: String) throws(SnapshotsError) {
        let isNew = try stored { () throws(MetadataError) in
            try metadata.write { (transaction) throws(MetadataError) in
                try hold(layer.chain, by: "lease:\(lease)", in: transaction)
                if try transaction.exists("SELECT 1 FROM layers WHERE chain = ? AND state = 'ready'", layer.chain.description) {
                    try transaction.run("UPDATE layers SET state = 'removing' WHERE number = ?", number)
                    return false
                }
                try transaction.run(
                    "UPDATE layers SET state = 'ready', chain = ?, diff = ?, size = ? WHERE number = ?", layer.chain.description, layer.diffID.description,
                    layer.sizeBytes, number)
                return true
            }
        }
        guard !isNew else { return }
        try discard(layerPath(number))
        try forget(number)
    }

    /// Keeps a chain from being removed. Part of the caller's transaction, so that a holder and what it holds appear together.
    public func hold(_ chain: ChainID, by holder: String, in transaction: Transaction) throws(MetadataError) {
        try transaction.run("INSERT INTO holds VALUES (?, ?) ON CONFLICT DO NOTHING", chain.description, holder)
    }

    /// Ends everything that `holder` holds; `sweep` then removes what nobody else does.
    public func release(_ holder: String, in transaction: Transaction) throws(MetadataError) {
        try transaction.run("DELETE FROM holds WHERE holder = ?", holder)
    }

    /// Removes layers that nobody holds, topmost first.
    public func sweep() throws(SnapshotsError) {
        while true {
            let unheld = try stored { () throws(MetadataError) in
                try metadata.write { (transaction) throws(MetadataError) in try markUnheld(transaction) }
            }
            guard !unheld.isEmpty else { return }
            for number in unheld {
                try discard(layerPath(number))
                try forget(number)
            }
        }
    }

    private func markUnheld(_ transaction: Transaction) throws(MetadataError) -> [Int] {
        let unheld = """
            state = 'ready' AND NOT EXISTS (SELECT 1 FROM holds WHERE holds.chain = layers.chain)
            AND NOT EXISTS (SELECT 1 FROM overlays WHERE overlays.chain = layers.chain)
            AND NOT EXISTS (SELECT 1 FROM layers AS upper WHERE upper.parent = layers.chain)
            """
        let numbers = try transaction.rows("SELECT number FROM layers WHERE \(unheld)") { (row) throws(MetadataError) in try row.int("number") }
        for number in numbers { try transaction.run("UPDATE layers SET state = 'removing' WHERE number = ?", number) }
        return numbers
    }

    /// The directories of a chain, the topmost first.
    /// - Throws: `.unknownChain` where a layer is missing.
    public func layers(of chain: ChainID) throws(SnapshotsError) -> [FilePath] {
        try stack(of: chain).map { layerPath($0.number) }
    }

    private func stack(of chain: ChainID) throws(SnapshotsError) -> [(number: Int, sizeBytes: Int64, isLowest: Bool)] {
        let found = try stored { () throws(MetadataError) in
            try metadata.read { (transaction) throws(MetadataError) in
                try transaction.rows(
                    """
                    WITH RECURSIVE stack (number, parent, size, depth) AS (
                        SELECT number, parent, size, 0 FROM layers WHERE chain = ? AND state = 'ready'
                        UNION ALL SELECT layers.number, layers.parent, layers.size, depth + 1
                            FROM layers JOIN stack ON layers.chain = stack.parent WHERE state = 'ready')
                    SELECT * FROM stack ORDER BY depth
                    """, chain.description
                ) { (row) throws(MetadataError) in
                    (number: try row.int("number"), sizeBytes: Int64(try row.int("size")), isLowest: row.isNull("parent"))
                }
            }
        }
        guard found.last?.isLowest == true else { throw .unknownChain(chain) }
        return found
    }

    /// Bytes of the files of all layers of a chain.
    public func sizeBytes(of chain: ChainID) throws(SnapshotsError) -> Int64 {
        try stack(of: chain).reduce(0) { $0 + $1.sizeBytes }
    }

    func forget(_ number: Int) throws(SnapshotsError) {
        try stored { () throws(MetadataError) in
            _ = try metadata.write { (transaction) throws(MetadataError) in try transaction.run("DELETE FROM layers WHERE number = ?", number) }
        }
    }
}
