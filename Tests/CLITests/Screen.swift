// A terminal, as far as progress needs one: rows that scroll, a cursor that goes up and down, lines that wrap. What has scrolled off the top is kept,
// as a user's terminal keeps it. Resizing breaks the lines anew, as most terminals do. Chapter 13.

struct Screen {
    private(set) var rows: Int, columns: Int
    /// All that was ever on the screen; the last `rows` of them are visible. The flag says that a line goes on in the next.
    private var lines: [(text: [Character], goesOn: Bool)] = [([], false)]
    private var row = 0, column = 0

    init(rows: Int, columns: Int) { (self.rows, self.columns) = (rows, columns) }

    /// Everything, from the first line to the last with something on it, or to the cursor's; without blanks at the ends.
    var text: [String] {
        let last = max(row, lines.lastIndex { $0.text.contains { $0 != " " } } ?? 0)
        return lines[...last].map { String($0.text).trimmedAtEnd }
    }

    /// What a user sees now.
    var visible: [String] { Array(text.suffix(rows)) }

    private var top: Int { max(0, lines.count - rows) }

    mutating func feed(_ text: String) {
        var rest = text.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\n": (column, row) = (0, row + 1)
            case "\r": column = 0
            case "\u{1b}": command(&rest)
            default: put(Character(scalar))
            }
            while row >= lines.count { lines.append(([], false)) }
        }
    }

    private mutating func put(_ character: Character) {
        if column == columns {
            lines[row].goesOn = true
            (column, row) = (0, row + 1)
            if row == lines.count { lines.append(([], false)) }
        }
        while lines[row].text.count <= column { lines[row].text.append(" ") }
        lines[row].text[column] = character
        column += 1
    }

    private mutating func command(_ rest: inout Substring.UnicodeScalarView) {
        rest.removeFirst()  // [
        var number = 0
        while let scalar = rest.popFirst() {
            if let digit = Int(String(scalar)) {
                number = number * 10 + digit
                continue
            }
            switch scalar {
            case "A": row = max(top, row - max(1, number))
            case "B": row = min(lines.count - 1, row + max(1, number))
            case "K": lines[row] = ([], false)
            default: preconditionFailure("not known here: \(scalar)")
            }
            return
        }
    }

    /// Another size: logical lines are broken anew, the cursor stays with its line, and empty lines below it make room.
    mutating func resize(rows newRows: Int, columns newColumns: Int) {
        var all: [(text: [Character], goesOn: Bool)] = [], whole: [Character] = [], newRow = 0
        for (index, line) in lines.enumerated() {
            whole += line.text
            if line.goesOn { continue }
            if index == row { newRow = all.count }
            repeat {
                all.append((Array(whole.prefix(newColumns)), whole.count > newColumns))
                whole = Array(whole.dropFirst(newColumns))
            } while !whole.isEmpty
        }
        while all.count - 1 > newRow, all.last?.text.isEmpty == true { all.removeLast() }
        (lines, row, rows, columns) = (all, newRow, newRows, newColumns)
    }
}

extension String {
    fileprivate var trimmedAtEnd: String { String(reversed().drop { $0 == " " }.reversed()) }
}
