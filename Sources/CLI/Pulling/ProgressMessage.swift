// One message about something that takes long: `{"status":"Downloading","progressDetail":{"current":1,"total":3},"id":"0123456789ab"}`. Its text is
// that of Docker's client to the character: a bar where the window is wider than 110 columns, numbers of four digits, right-aligned.
// github.com/moby/moby/pkg/jsonmessage · chapter 13
//
//     0123456789ab: Downloading [=====>                                             ]  1.235MB/12.35MB

internal import JSON

/// What an engine reports on the way.
struct ProgressMessage: Equatable {
    /// What happens.
    var status = ""
    /// To what, a layer perhaps; empty for the whole.
    var id = ""
    /// Output of a build, as it is.
    var stream = ""
    /// How far it is; nil in messages that are no progress. Empty progress says that the message replaces the last one with its ID.
    var progress: Progress?
    /// What went wrong; the stream ends with it.
    var error: String?
    /// For programs, not for people.
    var isAuxiliary = false

    /// How far: a part of a whole.
    struct Progress: Equatable {
        var current: Int64 = 0, total: Int64 = 0
        /// What is counted, if not bytes.
        var units = ""
        var hidesCounts = false
    }

    init(_ json: JSONValue) {
        status = Self.cleaned(json["status"]?.string ?? "")
        id = Self.cleaned(json["id"]?.string ?? "")
        stream = json["stream"]?.string ?? ""
        error = json["errorDetail"]?["message"]?.string ?? json["error"]?.string
        isAuxiliary = json["aux"].map { $0 != .null } ?? false
        guard let detail = json["progressDetail"], case .object = detail else { return }
        progress = Progress(
            current: detail["current"]?.integer ?? 0, total: detail["total"]?.integer ?? 0, units: Self.cleaned(detail["units"]?.string ?? ""),
            hidesCounts: detail["hidecounts"]?.bool ?? false)
    }

    /// The message as a line, without a line break; its progress, too, where it is drawn.
    ///
    /// - Parameter columns: of the window; nil where there is none
    func line(columns: Int?) -> String {
        let drawn = columns.flatMap { columns in progress.map { " " + $0.text(columns: columns) } } ?? ""
        return (id.isEmpty ? "" : "\(id): ") + status + drawn
    }

    /// Without control characters: what a registry says must not move the cursor.
    private static func cleaned(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else { return text }
        var kept = String.UnicodeScalarView()
        kept.append(contentsOf: text.unicodeScalars.filter { $0.properties.generalCategory != .control })
        return String(kept)
    }
}

extension ProgressMessage.Progress {
    /// Bar and numbers; empty where nothing is known.
    func text(columns: Int) -> String {
        guard current > 0 || total > 0 else { return "" }
        guard total > 0 else { return units.isEmpty ? Self.aligned(Words.size(current, digits: 4)) : "\(current) \(units)" }
        return (columns > 110 ? bar : "") + (hidesCounts ? "" : numbers)
    }

    /// 50 places; an engine that counts past the end fills the bar, and no more.
    private var bar: String {
        let share = Double(max(0, current)) / Double(total) * 50, filled = share >= 50 ? 50 : Int(share)
        return "[\(String(repeating: "=", count: filled))>\(String(repeating: " ", count: 50 - filled))] "
    }

    private var numbers: String {
        let part = units.isEmpty ? Self.aligned(Words.size(max(0, current), digits: 4)) : "\(current)"
        let whole = current > total ? "" : "/\(units.isEmpty ? Words.size(total, digits: 4) : "\(total)")"
        return part + whole + (units.isEmpty ? "" : " \(units)")
    }

    private static func aligned(_ text: String) -> String { String(repeating: " ", count: max(0, 8 - text.count)) + text }
}
