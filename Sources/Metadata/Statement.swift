// A prepared statement: bind values, step through rows. Values are bound by position and never pasted into the SQL.
// sqlite.org/c3ref/stmt.html.

import CSQLite

/// A value that a column can hold.
public enum Value: Sendable, Equatable {
    case null
    case integer(Int64)
    case text(String)
    case blob([UInt8])
}

/// What can be bound to a `?`.
public protocol Storable {
    /// The value as SQLite keeps it.
    var stored: Value { get }
}

extension String: Storable { public var stored: Value { .text(self) } }
extension Int: Storable { public var stored: Value { .integer(Int64(self)) } }
extension Int64: Storable { public var stored: Value { .integer(self) } }
extension Bool: Storable { public var stored: Value { .integer(self ? 1 : 0) } }
extension [UInt8]: Storable { public var stored: Value { .blob(self) } }
extension Optional: Storable where Wrapped: Storable { public var stored: Value { self?.stored ?? .null } }

/// Owns a `sqlite3_stmt *`.
@safe final class Statement {
    private let pointer: OpaquePointer
    private unowned let connection: Connection
    /// The names of the columns and where they stand, found once.
    private(set) lazy var columns: [String: Int32] = columnNames()

    init(_ pointer: OpaquePointer, of connection: Connection) {
        unsafe self.pointer = unsafe pointer
        self.connection = connection
    }

    deinit { unsafe sqlite3_finalize(pointer) }

    private func columnNames() -> [String: Int32] {
        var found: [String: Int32] = [:]
        for index in 0..<(unsafe sqlite3_column_count(pointer)) { found[unsafe String(cString: sqlite3_column_name(pointer, index))] = index }
        return found
    }

    /// Binds `values` to the question marks from the left. A wrong number of them is our bug.
    func bind(_ values: [any Storable]) throws(MetadataError) {
        precondition(values.count == Int(unsafe sqlite3_bind_parameter_count(pointer)), "wrong number of values for a statement")
        for (position, value) in values.enumerated() {
            let code = bind(value.stored, at: CInt(position + 1))
            guard code == SQLITE_OK else { throw connection.lastError(code) }
        }
    }

    private func bind(_ value: Value, at position: CInt) -> CInt {
        // SQLITE_TRANSIENT, which C writes as a cast of -1: SQLite copies the bytes before the call returns.
        let copied = unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        switch value {
        case .null: return unsafe sqlite3_bind_null(pointer, position)
        case .integer(let number): return unsafe sqlite3_bind_int64(pointer, position, number)
        case .text(let text): return unsafe sqlite3_bind_text64(pointer, position, text, UInt64(text.utf8.count), copied, UInt8(SQLITE_UTF8))
        case .blob(let bytes): return unsafe sqlite3_bind_blob64(pointer, position, bytes, UInt64(bytes.count), copied)
        }
    }

    /// Moves to the next row; false after the last.
    func step() throws(MetadataError) -> Bool {
        switch unsafe sqlite3_step(pointer) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw connection.lastError(code)
        }
    }

    /// Makes the statement ready for its next use and forgets the bound values.
    func reset() {
        unsafe sqlite3_reset(pointer)
        unsafe sqlite3_clear_bindings(pointer)
    }

    /// The value of the current row in `column`. Real numbers are not used in our schemas.
    func value(_ column: CInt) -> Value {
        switch unsafe sqlite3_column_type(pointer, column) {
        case SQLITE_INTEGER: return .integer(unsafe sqlite3_column_int64(pointer, column))
        case SQLITE_TEXT, SQLITE_FLOAT: return .text(String(decoding: bytes(column), as: UTF8.self))
        case SQLITE_BLOB: return .blob(bytes(column))
        default: return .null
        }
    }

    /// `sqlite3_column_blob` must come before `…_bytes`, for it may convert; it is nil for a blob of no bytes.
    private func bytes(_ column: CInt) -> [UInt8] {
        let start = unsafe sqlite3_column_blob(pointer, column)
        return unsafe Array(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(pointer, column))))
    }
}
