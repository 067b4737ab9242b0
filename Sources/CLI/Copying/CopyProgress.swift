// How far a copy is: one line on a terminal, drawn anew every 75 milliseconds at most, and a sentence at the end. Scripts see nothing of it. The
// control sequences are those of Docker's client. man 4 console_codes · chapter 13

internal import Linux

/// Shows progress on standard error.
final class CopyProgress {
    private let header: String, isQuiet: Bool, isShown: Bool
    private(set) var bytes: Int64 = 0
    private var shownAt: UInt64 = 0
    private var isEnded = false

    init(_ header: String, isQuiet: Bool) {
        (self.header, self.isQuiet, isShown) = (header, isQuiet, !isQuiet && isTerminal(.standardError))
        if isShown { Output.complain("\(Self.save)Preparing to copy...\(Self.hide)\(Self.restore)\(header)\(Words.size(0))") }
    }

    /// Counts what has passed.
    func add(_ count: Int) {
        bytes += Int64(count)
        let now = monotonicNanoseconds()
        guard isShown, now - shownAt > 75_000_000 else { return }
        shownAt = now
        Output.complain("\(Self.restore)\(header)\(Words.size(bytes))")
    }

    /// Takes the line away.
    func end() {
        guard isShown, !isEnded else { return }
        isEnded = true
        Output.complain("\(Self.show)\(Self.restore)")
    }

    /// Says how it went.
    func finish(_ sentence: String) {
        end()
        if !isQuiet { Output.complain(sentence + "\n") }
    }

    private static let save = "\u{1b}7", hide = "\u{1b}[?25l", show = "\u{1b}[?25h", restore = "\u{1b}8\u{1b}[2K"
}
