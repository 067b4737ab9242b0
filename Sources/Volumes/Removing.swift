// How a volume goes, and what the start of a store repairs. Chapter 10.

import Glibc
import Linux
import Metadata
import Synchronization
import Trees

extension VolumeStore {
    /// Removes a volume that nobody has.
    /// - Throws: `.notFound`; `.inUse` with the ids of the containers.
    public func remove(_ name: String) throws(VolumesError) {
        _ = try volume(name)
        try turn.withLock { (_) throws(VolumesError) in
            let users = try stored { () throws(MetadataError) in
                try metadata.write { (transaction) throws(MetadataError) in
                    let users = try transaction.users(of: name)
                    if users.isEmpty { try transaction.run("UPDATE volumes SET stage = 'removing' WHERE name = ?", name) }
                    return users
                }
            }
            guard users.isEmpty else { throw .inUse(name, by: users) }
            try moveToTrash(name)
        }
        try emptyTrash()
    }

    /// Removes the volumes that nobody has and for which `wanted` holds.
    /// - Returns: what was removed, and how many bytes their files had.
    public func prune(where wanted: (Volume) -> Bool) throws(VolumesError) -> (removed: [Volume], bytes: Int64) {
        let used = Set(try allUsers().keys)
        var removed: [Volume] = [], bytes: Int64 = 0
        for volume in try list() where !used.contains(volume.name) && wanted(volume) {
            // Counted before; a volume that is spoilt counts nothing, and goes as well.
            let held = (try? usage(of: volume).bytes) ?? 0  // as said
            do throws(VolumesError) {
                try remove(volume.name)
                removed.append(volume)
                bytes += held
            } catch .inUse, .notFound {
                continue  // somebody was quicker
            }
        }
        return (removed, bytes)
    }

    /// Moves a volume's directory out of sight, and forgets it. Within `turn`, its row being `removing`.
    func moveToTrash(_ name: String) throws(VolumesError) {
        let trash = FilePath(".trash/\(nextTrash.wrappingAdd(1, ordering: .relaxed).newValue)")
        try kernel { () throws(KernelError) in
            try folder.borrow { (folder) throws(KernelError) in
                do throws(KernelError) {
                    try rename(FilePath(name), to: trash, at: folder, targetAt: folder)
                } catch {
                    guard error.errno == ENOENT else { throw error }  // gone by hand: so much the better
                }
            }
        }
        try forgetRow(name)
    }

    /// Removes what lies in the trash. Others may be at it too.
    func emptyTrash() throws(VolumesError) {
        let trash = root.appending(".trash")
        try kernel { () throws(KernelError) in for name in try entries(trash) { try removeTree(trash.appending(name)) } }
    }

    /// A volume that did not come to be.
    func forget(_ name: String) throws(VolumesError) {
        try moveToTrash(name)
        try emptyTrash()
    }

    private func forgetRow(_ name: String) throws(VolumesError) {
        try stored { () throws(MetadataError) in
            _ = try metadata.write { (transaction) throws(MetadataError) in
                try transaction.run("DELETE FROM volume_users WHERE volume = ?", name)
                try transaction.run("DELETE FROM volumes WHERE name = ?", name)
            }
        }
    }

    func setStage(_ stage: String, of name: String) throws(VolumesError) {
        try stored { () throws(MetadataError) in
            _ = try metadata.write { (transaction) throws(MetadataError) in try transaction.run("UPDATE volumes SET stage = ? WHERE name = ?", stage, name) }
        }
    }

    // MARK: The start

    /// What an earlier process left: half-made and half-removed volumes go, half-done copies are thrown away or finished.
    func recover() throws(VolumesError) {
        nextTrash.store(Int(wallClock().seconds) << 20, ordering: .relaxed)  // above what an earlier process has used
        for name in try names(inStage: "'making', 'removing'") { try moveToTrash(name) }
        try emptyTrash()
        for name in try names(inStage: "'filling'") { try finishFilling(try volume(name)) }
        try adopt()
        // What a bind leads to is another's, and may be a server that does not answer: its next copy clears what the last one left.
        for volume in try list() { if case .directory = try volume.backing { try discardStaging(of: volume) } }
    }

    private func names(inStage stages: String) throws(VolumesError) -> [String] {
        try stored { () throws(MetadataError) in
            try metadata.read { (transaction) throws(MetadataError) in
                try transaction.rows("SELECT name FROM volumes WHERE stage IN (\(stages))") { (row) throws(MetadataError) in try row.text("name") }
            }
        }
    }

    /// Makes volumes of directories that look like some and have no row.
    private func adopt() throws(VolumesError) {
        let known = Set(try list().map(\.name))
        let names = try kernel { () throws(KernelError) in try folder.borrow { (folder) throws(KernelError) in try entries(folder) } }
        for name in names where !known.contains(name) && isVolume(name) {
            let found = try kernel { () throws(KernelError) in try status(root.appending(name), followLinks: false) }
            let volume = Volume(
                name: name, createdNanoseconds: found.modified.seconds * 1_000_000_000 + found.modified.nanoseconds, labels: [:], options: [:])
            try stored { () throws(MetadataError) in
                _ = try metadata.write { (transaction) throws(MetadataError) in try transaction.insert(volume, stage: "ready") }
            }
        }
    }

    private func isVolume(_ name: String) -> Bool {
        do throws(VolumesError) { try checkVolumeName(name) } catch { return false }
        do throws(VolumesError) { _ = try dataDirectory(of: name) } catch { return false }  // no such directory: not ours
        return true
    }
}
