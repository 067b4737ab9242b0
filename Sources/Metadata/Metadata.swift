// The engine's memory: what was asked for, in one SQLite file. What really runs is read from shims and the kernel, never from here.
//
// Write-ahead log with `synchronous=FULL`: a transaction that has returned survives a power cut (0.23 ms on ext4), and a copy of the file and
// its log taken in mid-write opens as of the last commit. One connection behind a lock: SQLite admits one writer anyway, and a read takes
// microseconds. Stores take a `Transaction`, so that a change over several of them is all or nothing. sqlite.org/wal.html; chapter 07.

import CSQLite
public import Linux
import Synchronization

/// An open database. Safe to use from several threads; each transaction runs alone.
public final class Metadata: Sendable {
    private let turn = Mutex(())
    private let connection: Connection

    /// Opens or creates the database at `path` and brings every schema up to date, in the order of `schemas`.
    ///
    /// - Parameters:
    ///   - path: the file; its directory must exist. `-wal` and `-shm` files appear beside it.
    ///   - schemas: all the tables that this program uses.
    ///   - readOnly: only read, for programs that do not own the data root; nothing is created or migrated.
    /// - Throws: `.tooNew` where a later program has migrated the file, `.corrupt` where it is no database, `.diskFull`, `.busy`, `.failed`.
    public init(path: FilePath, schemas: [Schema], readOnly: Bool = false) throws(MetadataError) {
        connection = try Connection(path: path, readOnly: readOnly)
        try connection.configure(readOnly: readOnly)
        if !readOnly { try migrate(connection, schemas) }
    }

    /// Runs `body` on one consistent state of the database. `body` only reads, and begins no transaction of its own.
    public func read<Result: Sendable>(_ body: (Transaction) throws(MetadataError) -> Result) throws(MetadataError) -> Result {
        try turn.withLock { (_) throws(MetadataError) in try connection.transaction("BEGIN", body) }
    }

    /// Runs `body` and commits what it wrote, durably; rolls all of it back where `body` or the commit throws.
    @discardableResult
    public func write<Result: Sendable>(_ body: (Transaction) throws(MetadataError) -> Result) throws(MetadataError) -> Result {
        try turn.withLock { (_) throws(MetadataError) in try connection.transaction("BEGIN IMMEDIATE", body) }
    }

    /// What a pragma says, such as `synchronous` (2 = FULL) or `journal_mode` (`wal`): for tests and `slip-doctor`.
    public func pragma(_ name: String) throws(MetadataError) -> String {
        try read { (transaction) throws(MetadataError) in
            try transaction.first("PRAGMA \(name)") { (row) throws(MetadataError) in try row.text(at: 0) } ?? ""
        }
    }
}

/// The tables of one store and how they came to be.
public struct Schema: Sendable {
    /// The store, as the `schemas` table records it.
    public let store: String

    /// SQL scripts, oldest first. A published one never changes: what must change is appended.
    public let migrations: [String]

    public init(store: String, migrations: [String]) {
        self.store = store
        self.migrations = migrations
    }
}

/// Runs the migrations that the file has not seen, each in a transaction together with its version number.
private func migrate(_ connection: Connection, _ schemas: [Schema]) throws(MetadataError) {
    try connection.transaction("BEGIN IMMEDIATE") { (transaction) throws(MetadataError) in
        _ = try transaction.run("CREATE TABLE IF NOT EXISTS schemas (store TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT")
    }
    for schema in schemas {
        try connection.transaction("BEGIN IMMEDIATE") { (transaction) throws(MetadataError) in
            let version = try transaction.first("SELECT version FROM schemas WHERE store = ?", schema.store) { (row) throws(MetadataError) in
                try row.int("version")
            }
            let found = version ?? 0
            guard found <= schema.migrations.count else {
                throw MetadataError.tooNew(store: schema.store, found: found, known: schema.migrations.count)
            }
            for script in schema.migrations[found...] { try connection.execute(script) }
            _ = try transaction.run(
                "INSERT INTO schemas VALUES (?, ?) ON CONFLICT (store) DO UPDATE SET version = excluded.version", schema.store, schema.migrations.count)
        }
    }
}
