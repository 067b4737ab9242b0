// What can go wrong with the database, sorted by what a caller can do about it. SQLite's own text is kept, for it names table and column.
// sqlite.org/rescode.html.

import CSQLite

/// Why the database refused.
public enum MetadataError: Error, Equatable, CustomStringConvertible {
    /// The disk is full, or writing failed otherwise; nothing of the transaction is kept.
    case diskFull(String)
    /// Another process kept the database locked for longer than the time-out.
    case busy(String)
    /// The file is damaged or no database at all.
    case corrupt(String)
    /// A uniqueness, foreign key or check rule of the schema was broken.
    case constraint(String)
    /// A later version of the program has changed the tables of `store`.
    case tooNew(store: String, found: Int, known: Int)
    /// Anything else, by SQLite's extended result code.
    case failed(code: Int, String)

    public var description: String {
        switch self {
        case .diskFull(let text): "database: disk full: \(text)"
        case .busy(let text): "database: in use by another process: \(text)"
        case .corrupt(let text): "database: damaged: \(text)"
        case .constraint(let text): "database: \(text)"
        case .tooNew(let store, let found, let known): "database: tables of \(store) have version \(found), this program knows \(known): use a newer program"
        case .failed(let code, let text): "database: \(text) (\(code))"
        }
    }

    /// Sorts an extended result code; its lowest byte is the primary one.
    init(code: CInt, _ text: String) {
        switch code & 0xff {
        case SQLITE_FULL: self = .diskFull(text)
        case SQLITE_BUSY, SQLITE_LOCKED: self = .busy(text)
        case SQLITE_CORRUPT, SQLITE_NOTADB: self = .corrupt(text)
        case SQLITE_CONSTRAINT: self = .constraint(text)
        default: self = .failed(code: Int(code), text)
        }
    }
}
