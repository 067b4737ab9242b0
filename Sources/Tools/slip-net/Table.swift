// Lists as people and programs read them: a table with a head, or JSON with the same words.
import JSON

/// A list with named columns.
struct Table {
    /// Heads of the columns; in JSON the names of the members.
    let columns: [(head: String, name: String)]
    /// A line each; nil is a value that is not there.
    var rows: [[String?]] = []
    /// Columns that hold numbers, in JSON without quotes.
    var numbers: Set<String> = []

    init(_ columns: (head: String, name: String)..., numbers: Set<String> = []) { (self.columns, self.numbers) = (columns, numbers) }

    /// Prints it.
    func print(json: Bool) {
        if json { return Swift.print(value.text(indent: 2)) }
        let lines = [columns.map(\.head)] + rows.map { $0.map { $0 ?? "-" } }
        let widths = columns.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        for line in lines {
            let cells = zip(line, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            Swift.print(String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed()).harmless)
        }
    }

    private var value: JSONValue {
        .array(
            rows.map { row in
                .object(
                    zip(columns, row).map { column, cell in
                        .init(name: column.name, value: cell.map { numbers.contains(column.name) ? .number($0) : .string($0) } ?? .null)
                    })
            })
    }
}

extension String {
    /// Aliases are whatever somebody wrote; control characters would draw on the terminal.
    var harmless: String { String(unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7f ? "?" : Character($0) }) }
}
