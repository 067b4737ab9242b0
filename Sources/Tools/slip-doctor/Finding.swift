// A finding: what was looked at, how it stands, and a sentence that helps.
import Linux

struct Finding: CustomStringConvertible {
    enum State: String { case good = "ok", poor = "--", bad = "NO" }

    let name: String, state: State, sentence: String

    init(_ name: String, _ state: State, _ sentence: String) {
        (self.name, self.state, self.sentence) = (name, state, sentence)
    }

    /// Good where `works`; else `otherwise` and the second sentence.
    init(_ name: String, _ works: Bool, _ sentence: String, else otherwise: State = .poor, _ trouble: String) {
        self = works ? Finding(name, .good, sentence) : Finding(name, otherwise, trouble)
    }

    var description: String {
        "\(state.rawValue)  \(name)\(String(repeating: " ", count: max(1, 26 - name.count)))\(sentence)"
    }
}

/// A small file's text without the newline, or nil where it cannot be read.
func text(_ path: FilePath) -> String? {
    do throws(KernelError) {
        let text = try readText(path)
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    } catch { return nil }  // absent, or not ours to read: both mean that we do not know
}

/// Tries something in a child with namespaces of its own, so that it leaves no trace.
/// - Returns: nil where it worked, else the kernel's reason.
func trouble(in namespaces: NamespaceFlags, _ body: () throws(KernelError) -> Void = {}) -> String? {
    do throws(KernelError) {
        switch try clone(namespaces) {
        case .child:
            do throws(KernelError) { try body() } catch { exitNow(error.errno) }
            exitNow(0)
        case .parent(let child, _):
            guard case .exited(let code)? = try wait(child) else { return "the attempt was killed" }
            return code == 0 ? nil : KernelError(call: "", subject: "", errno: code).reason
        }
    } catch { return error.reason }
}
