// What opening the store does about an earlier process that was killed: rows without a finished directory, directories without a row, and
// leases, which belong to that process, all go. Runs before anything else uses the store.

import Linux
import Metadata

extension SnapshotStore {
    func recover() throws(SnapshotsError) {
        let unfinished = try stored { () throws(MetadataError) in
            try metadata.write { (transaction) throws(MetadataError) in
                try transaction.run("DELETE FROM holds WHERE holder LIKE 'lease:%'")
                return try transaction.rows("SELECT number FROM layers WHERE state <> 'ready'") { (row) throws(MetadataError) in try row.int("number") }
            }
        }
        try kernel { () throws(KernelError) in
            for folder in ["staging", "trash"] {
                for name in try entries(root.appending(folder)) { try removeTree(root.appending(folder).appending(name)) }
            }
        }
        for number in unfinished {
            try discard(layerPath(number))
            try forget(number)
        }
        try removeStrangers(in: "layers", known: "SELECT number FROM layers")
        try removeStrangers(in: "containers", known: "SELECT number FROM overlays")
        try sweep()
    }

    /// Removes the directories of `folder` that no row knows.
    private func removeStrangers(in folder: String, known query: String) throws(SnapshotsError) {
        let known = try stored { () throws(MetadataError) in
            try metadata.read { (transaction) throws(MetadataError) in
                Set(try transaction.rows(query) { (row) throws(MetadataError) in String(try row.int("number")) })
            }
        }
        let there = try kernel { () throws(KernelError) in try entries(root.appending(folder)) }
        for name in there where !known.contains(name) { try discard(root.appending(folder).appending(name)) }
    }
}
