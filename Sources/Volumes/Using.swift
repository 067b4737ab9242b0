// Which containers have which volumes. A volume that a container has cannot be removed, whether the container runs or not; a container that is
// removed lets go of its volumes, and takes those along that nobody named, if that was asked for. The claim and the volume's row are one
// transaction, so no removal comes between finding a volume and holding it. Chapter 10.

import Linux
public import Metadata
import Synchronization

extension VolumeStore {
    /// Gives a container a volume, made if need be.
    /// - Returns: the volume; it stays until the container lets go of it.
    /// - Throws: as `create`
    public func claim(_ wish: VolumeWish, for use: VolumeUse) throws(VolumesError) -> Volume {
        let (name, wish) = wish.named()
        try check(name, wish)
        return try turn.withLock { (_) throws(VolumesError) in try make(name, wish, user: use) }
    }

    /// The ids of the containers that have a volume.
    public func users(of name: String) throws(VolumesError) -> [String] {
        try stored { () throws(MetadataError) in try metadata.read { (transaction) throws(MetadataError) in try transaction.users(of: name) } }
    }

    /// The ids of the containers that have each volume that has any.
    public func allUsers() throws(VolumesError) -> [String: [String]] {
        try stored { () throws(MetadataError) in try metadata.read { (transaction) throws(MetadataError) in try transaction.users() } }
    }

    /// Notes that a container's run begins or ends with its volumes: a volume in memory serves one run at a time.
    /// - Parameter isForgotten: whether the container goes after its run (`--rm`), and its unnamed volumes with it
    /// - Throws: `.spoilt` where a volume in memory is in another container's run.
    public func setMounted(_ isMounted: Bool, by container: String, isForgotten: Bool) throws(VolumesError) {
        let taken = try stored { () throws(MetadataError) in
            try metadata.write { (transaction) throws(MetadataError) in
                let taken = isMounted ? try transaction.memoryVolumeInUse(besides: container) : nil
                if taken == nil { try transaction.setMounted(isMounted, by: container, isForgotten: isForgotten) }
                return taken
            }
        }
        guard let (name, other) = taken else { return }
        throw .spoilt(
            name, path: mountpoint(of: name), why: "its files are in the memory of container \(other), and this engine shares no such volume between runs")
    }

    /// Lets go of all that a container has, and removes those volumes that nobody named to it and that nobody else has.
    /// - Parameter withAnonymous: false keeps those too
    /// - Returns: the names of the volumes that were removed.
    public func release(container: String, withAnonymous: Bool) throws(VolumesError) -> [String] {
        try release(container, "anonymous", withAnonymous)
    }

    /// After a start of the engine: containers that are no more let go.
    /// - Returns: the names of the volumes that were removed.
    public func keepOnly(containers: Set<String>, running: Set<String>) throws(VolumesError) -> [String] {
        let known = try stored { () throws(MetadataError) in
            try metadata.write { (transaction) throws(MetadataError) in
                let all = try transaction.rows("SELECT DISTINCT container FROM volume_users") { (row) throws(MetadataError) in try row.text("container") }
                for container in all { try transaction.run("UPDATE volume_users SET mounted = ? WHERE container = ?", running.contains(container), container) }
                return all
            }
        }
        var removed: [String] = []
        for container in known where !containers.contains(container) { removed += try release(container, "goes", true) }
        return removed
    }

    private func release(_ container: String, _ mark: String, _ removes: Bool) throws(VolumesError) -> [String] {
        let gone = try turn.withLock { (_) throws(VolumesError) in
            let gone = try stored { () throws(MetadataError) in
                try metadata.write { (transaction) throws(MetadataError) in try transaction.releaseAll(of: container, removing: removes ? mark : nil) }
            }
            for name in gone { try moveToTrash(name) }
            return gone
        }
        if !gone.isEmpty { try emptyTrash() }
        return gone
    }
}

extension Transaction {
    /// Says, in the transaction in which a container's removal begins, that its unnamed volumes go with it: so they do also after a crash.
    public func unnamedVolumesGo(with container: String) throws(MetadataError) {
        try run("UPDATE volume_users SET goes = anonymous WHERE container = ?", container)
    }

    fileprivate func setMounted(_ isMounted: Bool, by container: String, isForgotten: Bool) throws(MetadataError) {
        try run("UPDATE volume_users SET mounted = ? WHERE container = ?", isMounted, container)
        if isMounted, !isForgotten { try run("UPDATE volume_users SET goes = 0 WHERE container = ?", container) }
    }

    fileprivate func memoryVolumeInUse(besides container: String) throws(MetadataError) -> (name: String, container: String)? {
        try first(
            """
            SELECT volume, container FROM volume_users JOIN volumes ON volume = name
            WHERE mounted = 1 AND container <> ?1 AND json_extract(options, '$.type') = 'tmpfs'
                AND volume IN (SELECT volume FROM volume_users WHERE container = ?1)
            """, container
        ) { (row) throws(MetadataError) in (name: try row.text("volume"), container: try row.text("container")) }
    }

    /// - Parameter mark: the column that says which go; nil for none
    fileprivate func releaseAll(of container: String, removing mark: String?) throws(MetadataError) -> [String] {
        let marked = try rows("SELECT volume FROM volume_users WHERE container = ? AND \(mark ?? "0") = 1", container) { (row) throws(MetadataError) in
            try row.text("volume")
        }
        try run("DELETE FROM volume_users WHERE container = ?", container)
        var gone: [String] = []
        for name in marked where try users(of: name).isEmpty {
            if try run("UPDATE volumes SET stage = 'removing' WHERE name = ?", name) > 0 { gone.append(name) }
        }
        return gone
    }
}
