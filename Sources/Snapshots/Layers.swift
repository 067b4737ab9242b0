// Who holds a layer, what lies below it, and how it goes. A layer stays for as long as someone holds it, a container's overlay stands on it, or
// another layer lies on it; how it comes is in Staging.swift. Chapter 07.

public import Linux
public import Metadata

extension SnapshotStore {
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
