// What libnftables says when it refuses, taken apart. Its message has three lines: what is wrong, the command, and carets below the words in
// question. "No such file or directory" may mean a table that is not there or a kernel without the module for `fib`; which of them, only the
// words over the carets tell. nft(8); chapter 09.

public import Linux

/// A refused transaction; nothing of it was carried out.
public enum NftablesError: Error, Equatable, Sendable, CustomStringConvertible {
    /// No netlink socket, or no memory.
    case kernel(KernelError)
    /// The library or the kernel refused a command.
    /// - Parameters:
    ///   - command: the line that was refused
    ///   - words: the library's, without `Error:`, such as `Could not process rule: File exists`
    case refused(command: String, words: String)
    /// The kernel does not know what a command needs.
    /// - Parameter module: the kernel's module that is absent, such as `nft_fib`
    case missing(module: String, command: String, words: String)

    /// `nft: command: reason`, and what helps.
    public var description: String {
        switch self {
        case .kernel(let error): "nft: \(error)"
        case .refused(let command, let words): "nft: \(command): \(words)"
        case .missing(let module, let command, let words):
            "nft: \(command): \(words): this kernel lacks \(module) (try: modprobe \(module), or a kernel built with CONFIG_\(module.uppercased()))"
        }
    }

    /// Whether a table, chain, map or element that the command names is not there.
    public var isAbsent: Bool {
        if case .refused(_, let words) = self { words.contains("No such file or directory") } else { false }
    }

    /// Reads a message of the library's.
    /// - Parameter commands: what it was asked to carry out
    public init(_ message: String, commands: String) {
        let lines = message.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard let first = lines.firstIndex(where: { $0.contains("Error: ") }) else {
            self = .refused(command: trimmed(firstLine(of: commands)), words: message.isEmpty ? "no reason given" : trimmed(message))
            return
        }
        let words = after("Error: ", in: lines[first])
        let command = first + 1 < lines.count && !lines[first + 1].isEmpty ? lines[first + 1] : firstLine(of: commands)
        let marked = first + 2 < lines.count ? overCarets(command, lines[first + 2]) : ""
        if let module = missingModule(words: words, command: command, marked: marked) {
            self = .missing(module: module, command: trimmed(command), words: words)
        } else {
            self = .refused(command: trimmed(command), words: words)
        }
    }
}

/// Which module answers which word of a rule. Those of sets and maps are part of nf_tables itself.
private let modules: [(word: String, module: String)] = [
    ("fib", "nft_fib"), ("masquerade", "nft_masq"), ("dnat", "nft_nat"), ("snat", "nft_nat"), ("redirect", "nft_redir"), ("ct", "nft_ct"),
    ("ibrname", "nft_bridge_meta"), ("obrname", "nft_bridge_meta"), ("queue", "nft_queue"), ("log", "nft_log"), ("limit", "nft_limit"),
    ("reject", "nft_reject")
]

/// The kernel answers ENOENT for an expression that no module offers, EOPNOTSUPP for a key of `meta` that none knows; without nf_tables nothing
/// answers at all, which the library reports as a cache that it cannot fill.
private func missingModule(words: String, command: String, marked: String) -> String? {
    if words.contains("cache initialization failed") { return "nf_tables" }
    guard words.hasPrefix("Could not process rule: ") else { return nil }
    let reasons = ["No such file or directory", "Operation not supported", "Protocol not supported"]
    guard reasons.contains(where: { words.hasSuffix($0) }) else { return nil }
    let spoken = marked.split(whereSeparator: { !$0.isLetter }).map(String.init)
    if let found = modules.first(where: { spoken.contains($0.word) }) { return found.module }
    return command.contains("type nat hook") && !marked.contains("ip ") ? "nft_chain_nat" : nil
}

/// The part of `line` that stands over the carets of `carets`.
private func overCarets(_ line: String, _ carets: String) -> String {
    guard let first = carets.firstIndex(of: "^"), let last = carets.lastIndex(of: "^") else { return "" }
    let from = carets.distance(from: carets.startIndex, to: first)
    let count = carets.distance(from: first, to: last) + 1
    return String(line.dropFirst(from).prefix(count))
}

private func after(_ mark: String, in line: String) -> String {
    var rest = Substring(line)
    while !rest.isEmpty, !rest.hasPrefix(mark) { rest.removeFirst() }
    return String(rest.dropFirst(mark.count))
}

private func firstLine(of text: String) -> String {
    text.split(separator: "\n").first.map(String.init) ?? ""
}

private func trimmed(_ text: String) -> String {
    var rest = Substring(text)
    while let first = rest.first, first.isWhitespace { rest.removeFirst() }
    while let last = rest.last, last.isWhitespace || last == ";" { rest.removeLast() }
    return String(rest)
}
