// One connection to SQLite: the only file, with `Statement.swift`, that holds its pointers. Statements are prepared once and kept, for parsing
// SQL costs more than running it here. Never shared between threads: `Metadata` holds it behind a lock. sqlite.org/c3ref/open.html.

import CSQLite
import Linux

/// Owns a `sqlite3 *` and its prepared statements; closes both at its end.
@safe final class Connection: @unchecked Sendable {
    private var database: OpaquePointer?
    private var statements: [String: Statement] = [:]

    init(path: FilePath, readOnly: Bool) throws(MetadataError) {
        let flags = (readOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let code = unsafe sqlite3_open_v2(path.string, &database, flags, nil)
        guard code == SQLITE_OK else {
            let error = lastError(code)
            unsafe sqlite3_close_v2(database)
            unsafe database = nil
            throw error
        }
    }

    deinit {
        statements.removeAll()
        unsafe sqlite3_close_v2(database)
    }

    /// Sets what holds for every connection. The journal mode is a property of the file, the rest of the connection.
    func configure(readOnly: Bool) throws(MetadataError) {
        unsafe sqlite3_busy_timeout(database, 5_000)
        if !readOnly { try execute("PRAGMA journal_mode = WAL") }
        try execute("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF")
    }

    /// Runs one or several statements without values or rows.
    func execute(_ script: String) throws(MetadataError) {
        let code = unsafe sqlite3_exec(database, script, nil, nil, nil)
        guard code == SQLITE_OK else { throw lastError(code) }
    }

    /// The prepared statement for `sql`, reset and with no values bound.
    func statement(_ sql: String) throws(MetadataError) -> Statement {
        if let known = statements[sql] { return known }
        var pointer: OpaquePointer?
        let code = unsafe sqlite3_prepare_v3(database, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &pointer, nil)
        guard code == SQLITE_OK, let prepared = unsafe pointer else { throw lastError(code) }
        let statement = unsafe Statement(prepared, of: self)
        statements[sql] = statement
        return statement
    }

    /// Rows that the last INSERT, UPDATE or DELETE touched, and the last automatic key.
    var changes: Int { unsafe Int(sqlite3_changes64(database)) }
    var lastKey: Int { unsafe Int(sqlite3_last_insert_rowid(database)) }

    /// Runs `body` between `begin` and COMMIT, or rolls back. SQLite may have rolled back by itself, on a full disk for example.
    func transaction<Result>(_ begin: String, _ body: (Transaction) throws(MetadataError) -> Result) throws(MetadataError) -> Result {
        try execute(begin)
        do throws(MetadataError) {
            let result = try body(Transaction(connection: self))
            try execute("COMMIT")
            return result
        } catch {
            if unsafe sqlite3_get_autocommit(database) == 0 { try execute("ROLLBACK") }
            throw error
        }
    }

    func lastError(_ code: CInt) -> MetadataError {
        MetadataError(code: code, unsafe String(cString: sqlite3_errmsg(database)))
    }
}
