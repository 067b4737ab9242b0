// Tables as Docker prints them: columns three blanks apart and at least ten wide, the last one as long as it likes. Scripts cut these
// columns by place, so the widths are Docker's to the character (Go's text/tabwriter with 10, 1, 3). chapter 13

enum Table {
    /// Lines of cells, aligned; each line ends in a line break. `minimum`: how wide a column is at least.
    static func text(_ rows: [[String]], minimum: Int = 10) -> String {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in
            max(minimum, (rows.compactMap { column < $0.count - 1 ? $0[column].unicodeScalars.count : nil }.max() ?? 0) + 3)
        }
        return rows.map { row in
            row.enumerated().map { column, cell in
                column == row.count - 1 ? cell : cell + String(repeating: " ", count: max(0, widths[column] - cell.unicodeScalars.count))
            }.joined() + "\n"
        }.joined()
    }

    /// At most `length` characters, the last one `…` where something was cut off.
    static func shortened(_ text: String, to length: Int) -> String {
        text.count <= length ? text : String(text.prefix(length - 1)) + "…"
    }

    /// The first twelve digits of an id, without `sha256:`.
    static func shortID(_ id: String) -> String {
        String((id.hasPrefix("sha256:") ? id.dropFirst(7) : Substring(id)).prefix(12))
    }
}
