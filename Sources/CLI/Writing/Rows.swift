// Lists: a table of Docker's columns, ids alone, or a template for each row. `table TEMPLATE` prints a heading of the fields' names first.
// docs.docker.com/engine/cli/formatting · chapter 13

internal import JSON

/// A list to print.
struct Rows {
    /// Placeholders and headings, in the order of the table.
    let columns: [(field: String, heading: String)]
    /// Headings of placeholders that the plain table doesn't show.
    let others: [String: String]
    /// Each row as an object of texts.
    let values: [JSONValue]

    /// The text for a `--format`; nil means the plain table.
    func text(format: String?) throws(Failure) -> String {
        guard let format, format != "table" else {
            return Table.text([columns.map(\.heading)] + values.map { row in columns.map { row[$0.field]?.string ?? "" } })
        }
        if format == "json" || format == "{{json .}}" { return values.map { Self.escaped($0.text()) + "\n" }.joined() }
        do throws(TemplateError) {
            guard format.hasPrefix("table ") else {
                let template = try Template(Self.unescaped(format))
                var all = ""
                for row in values { all += try template.text(for: row) + "\n" }
                return all
            }
            let template = try Template(Self.unescaped(String(format.dropFirst(6))))
            var rows = [try cells(template, headings)]
            for row in values { rows.append(try cells(template, row)) }
            return Table.text(rows)
        } catch { throw Failure("\(error)") }
    }

    private func cells(_ template: Template, _ row: JSONValue) throws(TemplateError) -> [String] {
        try template.text(for: row).split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    }

    private var headings: JSONValue {
        .object(columns.map { .text($0.field, $0.heading) } + others.sorted { $0.key < $1.key }.map { .text($0.key, $0.value) })
    }

    /// Whole rows have `<`, `>` and `&` as Go's encoder writes them, for web pages' sake.
    private static func escaped(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { all, scalar in
            switch scalar {
            case "<": all += "\\u003c"
            case ">": all += "\\u003e"
            case "&": all += "\\u0026"
            default: all.unicodeScalars.append(scalar)
            }
        }
    }

    /// A backslash and `t` or `n`, as a shell passes them.
    static func unescaped(_ text: String) -> String {
        text.split(separator: "\\t", omittingEmptySubsequences: false).joined(separator: "\t").split(separator: "\\n", omittingEmptySubsequences: false).joined(
            separator: "\n")
    }
}
