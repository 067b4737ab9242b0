// The volumes of a data root: a row in the database and a directory each.
//
//      volumes/                    0701, ours; opened once, and every path below it is resolved beneath that descriptor
//          NAME/_data              what containers are shown
//          NAME/.slipway-filling   while the image's files are copied for the first use (Filling.swift)
//          .trash/N                what is on its way out
//
// Intent, act, confirm: a row says `making`, the directories are made, the row says `ready`; it says `removing`, the directory moves to the
// trash, the row goes, the trash is emptied. A crash anywhere leaves a row that is not `ready`, or trash, and the next start clears both.
// A directory without a row was put there by hand, or its database was lost: it may be somebody's only copy, so it becomes a volume instead
// of rubbish. Chapter 10.

public import Linux
public import Metadata
import Synchronization
public import Trees

/// The volumes of one data root. Safe to use from several threads; one process owns it at a time.
public final class VolumeStore: Sendable {
    /// The directory of all.
    public let root: FilePath
    let metadata: Metadata
    let helper: TreeHelper
    let folder: Descriptor
    /// Held while rows and directories change together: never while files are copied or removed.
    let turn = Mutex(())
    /// Volumes that are being filled.
    let filling = FillTurns()
    let nextTrash = Atomic<Int>(0)

    /// Opens or creates the store at `root` and repairs what an earlier process left unfinished.
    /// - Parameters:
    ///   - metadata: opened with `VolumeStore.schema` among its schemas
    ///   - helper: copies and counts
    /// - Throws: `.kernel`, `.metadata`
    public init(root: FilePath, metadata: Metadata, helper: TreeHelper) throws(VolumesError) {
        (self.root, self.metadata, self.helper) = (root, metadata, helper)
        folder = try kernel { () throws(KernelError) in
            try makeDirectories(root.appending(".trash"), mode: 0o701)
            return try open(root, [.readOnly, .directory])
        }
        try recover()
    }

    /// Volumes, and which containers have them. `anonymous`: for this container nobody named it. `goes`: it goes with the container, should that
    /// be found gone at the next start.
    public static let schema = Schema(
        store: "volumes",
        migrations: [
            """
            CREATE TABLE volumes (
                name TEXT PRIMARY KEY, stage TEXT NOT NULL CHECK (stage IN ('making', 'ready', 'filling', 'removing')), created INTEGER NOT NULL,
                labels TEXT NOT NULL, options TEXT NOT NULL) STRICT, WITHOUT ROWID;
            CREATE TABLE volume_users (
                volume TEXT NOT NULL REFERENCES volumes (name), container TEXT NOT NULL, anonymous INTEGER NOT NULL, goes INTEGER NOT NULL,
                mounted INTEGER NOT NULL DEFAULT 0,
                PRIMARY KEY (volume, container)) STRICT, WITHOUT ROWID;
            CREATE INDEX volume_users_by_container ON volume_users (container);
            """
        ])

    // MARK: Making

    /// Makes a volume; one of this name that is there already is the answer too, as with Docker.
    /// - Returns: the volume, durable, with an empty directory where it is new.
    /// - Throws: `.badName`, `.badOptions`, `.unbuilt`, `.noDriver`; `.kernel` where the disk is full, and then nothing of it stays.
    @discardableResult
    public func create(_ wish: VolumeWish) throws(VolumesError) -> Volume {
        let (name, wish) = wish.named()
        try check(name, wish)
        return try turn.withLock { (_) throws(VolumesError) in try make(name, wish, user: nil) }
    }

    func check(_ name: String, _ wish: VolumeWish) throws(VolumesError) {
        guard wish.driver.isEmpty || wish.driver == localDriver else { throw .noDriver(name, driver: wish.driver) }
        try checkVolumeName(name)
        _ = try DriverOptions(wish.options, of: name)
    }

    /// The volume, made if need be, and `user` among those who have it. Within `turn`.
    func make(_ name: String, _ wish: VolumeWish, user: VolumeUse?) throws(VolumesError) -> Volume {
        let volume = Volume(name: name, createdNanoseconds: nanoseconds(), labels: wish.labels, options: wish.options)
        let there = try stored { () throws(MetadataError) in
            try metadata.write { (transaction) throws(MetadataError) in
                let there = try transaction.volume(named: name)
                if there == nil { try transaction.insert(volume) }
                if let user { try transaction.insert(user, of: name) }
                return there
            }
        }
        if let there { return there }
        do throws(VolumesError) {
            try furnish(name)
            try setStage("ready", of: name)
        } catch {
            try? forget(name)  // the next start does it otherwise; the first error is the one to tell
            throw error
        }
        return volume
    }

    private func furnish(_ name: String) throws(VolumesError) {
        try kernel { () throws(KernelError) in
            try folder.borrow { (folder) throws(KernelError) in
                try makeDirectory(FilePath(name), mode: 0o701, at: folder)
                try makeDirectory(FilePath("\(name)/_data"), mode: 0o755, at: folder)
                try synchronize(folder)
            }
        }
    }

    // MARK: Looking

    /// All volumes, by name.
    public func list() throws(VolumesError) -> [Volume] {
        try stored { () throws(MetadataError) in try metadata.read { (transaction) throws(MetadataError) in try transaction.volumes() } }
    }

    /// All volumes and the containers that have them, for programs that look without owning the data root.
    /// - Parameter metadata: may be opened for reading only
    public static func look(in metadata: Metadata) throws(VolumesError) -> (volumes: [Volume], users: [String: [String]]) {
        try stored { () throws(MetadataError) in
            try metadata.read { (transaction) throws(MetadataError) in (volumes: try transaction.volumes(), users: try transaction.users()) }
        }
    }

    /// One volume.
    /// - Throws: `.notFound`
    public func volume(_ name: String) throws(VolumesError) -> Volume {
        let found = try stored { () throws(MetadataError) in
            try metadata.read { (transaction) throws(MetadataError) in try transaction.volume(named: name) }
        }
        guard let found else { throw .notFound(name) }
        return found
    }

    /// Where a volume's files are, or would be: what `inspect` shows as its mount point. Nothing is looked at.
    public func mountpoint(of name: String) -> FilePath { root.appending(name).appending("_data") }

    /// What a volume holds, counted by slipway-tree. May take long.
    public func usage(of volume: Volume) throws(VolumesError) -> Sized {
        guard case .directory = try volume.backing else { return Sized(bytes: 0, inodes: 0) }
        let place = try source(of: volume)
        return try tree { () throws(TreesError) in try helper.size(of: place) }
    }
}

/// Nanoseconds since 1970.
private func nanoseconds() -> Int64 {
    let now = wallClock()
    return now.seconds * 1_000_000_000 + now.nanoseconds
}
