// A line for each layer, redrawn in place. It is a function from messages to what a terminal is to be sent, so that tests need no terminal. The
// cursor rests below the lines. A line that changes is drawn by going up to it, erasing it, writing it and coming down again: those are the
// bytes that Docker's client sends, too. Beyond it: a line never wraps, a window that changes is drawn anew, and where the lines are more than
// the window has rows, those that move are shown and the rest is counted; in the end all of them stand there. console_codes(4) · chapter 13

/// A terminal's size in characters.
struct Window: Equatable {
    var rows: Int, columns: Int
}

/// Draws progress.
struct ProgressBoard {
    /// The messages on the board, one for each ID, in the order of their first ones.
    private var messages: [ProgressMessage] = []
    /// Where in `messages` an ID is.
    private var places: [String: Int] = [:]
    /// What stands on the screen above the cursor.
    private var drawn: [String] = []
    private var window: Window?

    /// What to send for a message. Without a window, nothing moves: plain lines, and none for mere numbers.
    mutating func text(for message: ProgressMessage, window: Window?) -> String {
        if message.isAuxiliary || message.error != nil { return "" }
        guard let window else { return plain(message) }
        guard let progress = message.progress else { return finish() + plain(message) }
        guard !message.id.isEmpty else {
            // Progress of the whole, an import perhaps: this one line, again and again.
            return Terminal.eraseLine + "\r\(message.status) \(progress.text(columns: window.columns))\r"
        }
        if let place = places[message.id] {
            messages[place] = message
        } else {
            places[message.id] = messages.count
            messages.append(message)
        }
        return redraw(window)
    }

    /// The end of these lines: they stay as they are, and what comes now is written below. All of them, where the window had no room.
    mutating func finish() -> String {
        defer { (messages, places, drawn) = ([], [:], []) }
        guard let window, drawn.count < messages.count else { return "" }
        return erase(window) + messages.map { cut($0.line(columns: window.columns), window) + "\n" }.joined()
    }

    private func plain(_ message: ProgressMessage) -> String {
        if !message.stream.isEmpty { return message.stream }
        if let progress = message.progress, !progress.text(columns: 0).isEmpty { return "" }
        return message.line(columns: nil) + "\n"
    }

    private mutating func redraw(_ now: Window) -> String {
        var text = ""
        if let window, window != now {
            text = erase(now)
            drawn = []
        }
        window = now
        for (row, line) in visible(now).enumerated() {
            if row == drawn.count {
                text += "\n"
                drawn.append("")
            }
            guard drawn[row] != line else { continue }
            text += change(row, to: line)
        }
        return text
    }

    private mutating func change(_ row: Int, to line: String) -> String {
        let distance = drawn.count - row
        drawn[row] = line
        return Terminal.up(distance) + Terminal.eraseLine + "\r\(line)\r" + Terminal.down(distance)
    }

    /// Takes the lines away. Most terminals have broken lines anew that no longer fit into the window. Line by line, for a terminal that is told
    /// to erase all of its screen may keep it as history.
    private func erase(_ now: Window) -> String {
        let all = drawn.reduce(0) { $0 + max(1, ($1.count + now.columns - 1) / max(1, now.columns)) }, rows = min(all, max(1, now.rows - 1))
        return all == 0 ? "" : Terminal.up(rows) + "\r" + String(repeating: Terminal.eraseLine + "\n", count: rows) + Terminal.up(rows)
    }

    private func cut(_ line: String, _ window: Window) -> String { String(line.prefix(max(1, window.columns))) }
}

// MARK: More lines than rows

extension ProgressBoard {
    /// What to show: all lines, or, below each other in their order, those that matter most, and how many others there are.
    private func visible(_ window: Window) -> [String] {
        let room = max(1, window.rows - 1)
        guard messages.count > room else { return messages.map { cut($0.line(columns: window.columns), window) } }
        let ranked = messages.indices.sorted { (rank(messages[$0]), $0) < (rank(messages[$1]), $1) }
        let shown = ranked.prefix(room - 1).sorted(), hidden = ranked.dropFirst(room - 1)
        let finished = hidden.filter { rank(messages[$0]) == 2 }.count
        return shown.map { cut(messages[$0].line(columns: window.columns), window) } + [cut("… and \(hidden.count) more, \(finished) of them complete", window)]
    }

    /// 0 for what moves, 1 for what waits, 2 for what is over.
    private func rank(_ message: ProgressMessage) -> Int {
        if Self.ends.contains(where: { message.status.hasPrefix($0) }) { return 2 }
        return message.progress.map { $0.current > 0 || $0.total > 0 } ?? false ? 0 : 1
    }

    private static let ends = ["Pull complete", "Already exists", "Pushed", "Layer already exists", "Mounted from"]
}

/// What moves a cursor. man 4 console_codes.
enum Terminal {
    static let eraseLine = "\u{1b}[2K"
    static func up(_ rows: Int) -> String { "\u{1b}[\(rows)A" }
    static func down(_ rows: Int) -> String { "\u{1b}[\(rows)B" }
}
