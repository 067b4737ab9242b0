// What a store sees of the database: SQL with values in, typed rows out. A row lives only inside the closure that reads it, as its
// statement goes on to the next one afterwards.

/// A transaction that has begun. Valid only inside the closure of `Metadata.read` or `Metadata.write`.
public struct Transaction {
    let connection: Connection

    /// Runs a statement that gives no rows.
    ///
    /// - Returns: how many rows it inserted, changed or deleted.
    /// - Throws: `.constraint` where the schema forbids it; `.diskFull` and the like.
    @discardableResult
    public func run(_ sql: String, _ values: any Storable...) throws(MetadataError) -> Int {
        let statement = try connection.statement(sql)
        defer { statement.reset() }
        try statement.bind(values)
        while try statement.step() {}
        return connection.changes
    }

    /// The key that the last INSERT of this connection made (`INTEGER PRIMARY KEY`).
    public var lastKey: Int { connection.lastKey }

    /// All rows of a query, each turned into a value by `decode`, in the order that the SQL says.
    public func rows<Element>(
        _ sql: String, _ values: any Storable..., decode: (Row) throws(MetadataError) -> Element
    ) throws(MetadataError) -> [Element] {
        try collect(sql, values, limit: Int.max, decode)
    }

    /// The first row of a query, or nil where there is none.
    public func first<Element>(
        _ sql: String, _ values: any Storable..., decode: (Row) throws(MetadataError) -> Element
    ) throws(MetadataError) -> Element? {
        try collect(sql, values, limit: 1, decode).first
    }

    /// Whether the query has a row.
    public func exists(_ sql: String, _ values: any Storable...) throws(MetadataError) -> Bool {
        try !collect(sql, values, limit: 1, { (_) throws(MetadataError) in true }).isEmpty
    }

    private func collect<Element>(
        _ sql: String, _ values: [any Storable], limit: Int, _ decode: (Row) throws(MetadataError) -> Element
    ) throws(MetadataError) -> [Element] {
        let statement = try connection.statement(sql)
        defer { statement.reset() }
        try statement.bind(values)
        var found: [Element] = []
        while found.count < limit, try statement.step() { found.append(try decode(Row(statement: statement))) }
        return found
    }
}

/// The current row of a query. A column that the SQL does not name is our bug and traps; one of another type is the file's fault.
public struct Row {
    let statement: Statement

    /// A text that cannot be NULL.
    public func text(_ column: String) throws(MetadataError) -> String { try text(at: index(column)) }

    /// A text, or nil for NULL.
    public func optionalText(_ column: String) throws(MetadataError) -> String? {
        isNull(column) ? nil : try text(column)
    }

    /// A whole number that cannot be NULL.
    public func int(_ column: String) throws(MetadataError) -> Int {
        guard case .integer(let number) = statement.value(index(column)) else { throw mismatch(column, "a number") }
        return Int(number)
    }

    /// A whole number, or nil for NULL.
    public func optionalInt(_ column: String) throws(MetadataError) -> Int? {
        isNull(column) ? nil : try int(column)
    }

    /// A truth value, kept as 0 or 1.
    public func bool(_ column: String) throws(MetadataError) -> Bool { try int(column) != 0 }

    /// Bytes; none for NULL.
    public func blob(_ column: String) throws(MetadataError) -> [UInt8] {
        switch statement.value(index(column)) {
        case .blob(let bytes): return bytes
        case .text(let text): return Array(text.utf8)
        case .null: return []
        case .integer: throw mismatch(column, "bytes")
        }
    }

    /// Whether the column is NULL in this row.
    public func isNull(_ column: String) -> Bool { statement.value(index(column)) == .null }

    func text(at column: CInt) throws(MetadataError) -> String {
        switch statement.value(column) {
        case .text(let text): return text
        case .integer(let number): return String(number)
        case .null, .blob: throw mismatch("\(column)", "text")
        }
    }

    private func index(_ column: String) -> CInt {
        guard let found = statement.columns[column] else { preconditionFailure("the query has no column \(column)") }
        return found
    }

    private func mismatch(_ column: String, _ wanted: String) -> MetadataError {
        .corrupt("column \(column) does not hold \(wanted)")
    }
}
