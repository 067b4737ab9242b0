// Unpacked layers by chain id, and for each container the directories that take what it writes.
//
//      layers/17/            an image layer's files as overlayfs wants them (whiteouts are 0/0 devices); never changed once it is here
//      containers/4/init     mount points for one container, so that the image's layers stay untouched
//      containers/4/upper    what the container changed: its diff
//      containers/4/work     overlayfs' own
//      staging/18/layer      a layer being unpacked; beside it `work` and `place` for settling it on others
//      trash/3/              what is being removed
//
// Short numeric names, because mount(2) takes 4,096 bytes of options for all layers. A layer appears by one rename after its files are synced,
// and the database says `ready` only after that; whatever else lies about after a crash is collected when the store is opened next. Chapter 07.

import Glibc
public import Linux
public import Metadata
import Synchronization
public import Trees

/// The directories that containers' root file systems are made of. Safe to use from several threads; one process owns it at a time.
public final class SnapshotStore: Sendable {
    let root: FilePath
    let metadata: Metadata
    let helper: TreeHelper
    let nextTrash = Atomic<Int>(0)
    let sync: SharedSync

    /// Opens or creates the store at `root` and removes what an earlier process left unfinished.
    ///
    /// - Parameters:
    ///   - metadata: opened with `SnapshotStore.schema` among its schemas
    ///   - helper: unpacks layers
    public init(root: FilePath, metadata: Metadata, helper: TreeHelper) throws(SnapshotsError) {
        (self.root, self.metadata, self.helper) = (root, metadata, helper)
        sync = try kernel { () throws(KernelError) in
            for name in ["layers", "containers", "staging", "trash"] { try makeDirectories(root.appending(name), mode: 0o700) }
            return try SharedSync(root)
        }
        try recover()
    }

    /// Layers and overlays, and who holds a layer: `image:<id>`, or `lease:<why>` while an image is being made.
    public static let schema = Schema(
        store: "snapshots",
        migrations: [
            """
            CREATE TABLE layers (
                number INTEGER PRIMARY KEY AUTOINCREMENT, state TEXT NOT NULL CHECK (state IN ('unpacking', 'ready', 'removing')),
                chain TEXT, parent TEXT, diff TEXT, size INTEGER NOT NULL DEFAULT 0) STRICT;
            CREATE UNIQUE INDEX layers_by_chain ON layers (chain) WHERE state = 'ready';
            CREATE INDEX layers_by_parent ON layers (parent);
            CREATE TABLE holds (chain TEXT NOT NULL, holder TEXT NOT NULL, PRIMARY KEY (chain, holder)) STRICT, WITHOUT ROWID;
            CREATE INDEX holds_by_holder ON holds (holder);
            CREATE TABLE overlays (number INTEGER PRIMARY KEY AUTOINCREMENT, container TEXT NOT NULL UNIQUE, chain TEXT) STRICT;
            CREATE INDEX overlays_by_chain ON overlays (chain);
            """
        ])

    /// How often the file system was synced for layers.
    package var syncs: Int { sync.count }

    func layerPath(_ number: Int) -> FilePath { root.appending("layers").appending("\(number)") }
    func stagingPath(_ number: Int) -> FilePath { root.appending("staging").appending("\(number)") }
    func containerPath(_ number: Int) -> FilePath { root.appending("containers").appending("\(number)") }

    /// Moves a tree out of sight at once and removes it afterwards, which may take long. One that is not there is no error.
    func discard(_ path: FilePath) throws(SnapshotsError) {
        let trash = root.appending("trash").appending("\(nextTrash.wrappingAdd(1, ordering: .relaxed).newValue)")
        try kernel { () throws(KernelError) in
            guard exists(path) else { return }
            do throws(KernelError) {
                try rename(path, to: trash)
            } catch {
                // A full disk may have no room for the new name; then it goes where it is.
                guard error.errno == ENOSPC else { throw error }
                return try removeTree(path)
            }
            try removeTree(trash)
        }
    }
}
