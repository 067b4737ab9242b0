// `slip-layer list LAYER`: the entries as the layer tells them, in their order, with what layers add to a tar: whiteouts, opaque directories.
import Archive
import ArgumentParser
import Digests
import Linux

struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List a layer's entries, and what each of them asks for.")

    @Argument(help: "A layer: tar, plain or compressed.")
    var layer: String

    func run() {
        finish(as: "slip-layer") {
            try open(FilePath(layer), .readOnly).borrow { (file) throws in
                try becomeNobody()
                var count = 0
                let diffID = try naming { () throws(ArchiveError) in
                    try listLayer(file) { entry in
                        count += 1
                        print(line(for: entry))
                    }
                }
                print("\(count) entries, DiffID \(diffID)")
            }
            return 0
        }
    }

    /// The layer is a stranger's, and once it is open nothing else is needed to read it: should the reader have a hole, it leads nowhere.
    private func becomeNobody() throws {
        try setNoNewPrivileges()
        guard effectiveUser() == 0 else { return }
        do throws(KernelError) {
            try setGroups([])
            try setGroup(65_534)
            try setUser(65_534)
        } catch {
            guard error.errno == 22 || error.errno == 1 else { throw error }  // EINVAL, EPERM: a user namespace without such a user, and without real root
        }
    }

    private func naming(_ body: () throws(ArchiveError) -> Digest) throws -> Digest {
        do throws(ArchiveError) { return try body() } catch { throw Refusal("list \(layer): \(error)") }
    }

    private func line(for entry: LayerEntry) -> String {
        let owner = "\(entry.user):\(entry.group)".padded(to: 9)
        let facts = "\(mode(entry.mode, letter(entry)))  \(owner) \(String(entry.bytes).right(to: 9))  \(date(entry.seconds))  "
        return switch entry.meaning {
        case nil: "refused".padded(to: facts.count) + "\(entry.path)".harmless
        case .ignored: "ignored".padded(to: facts.count) + "\(entry.path)".harmless
        case .opaque(let parent): "opaque".padded(to: facts.count) + "\(parent)/: hides all that the layers below have in it".harmless
        case .whiteout(let parent, let name): "whiteout".padded(to: facts.count) + "\(parent.appending(name.components)): hides it in the layers below".harmless
        case .root, .entry: facts + "\(entry.path)\(remark(entry))".harmless
        }
    }

    private func letter(_ entry: LayerEntry) -> Character {
        ["directory": "d", "link": "l", "hard link": "h", "device": "c", "fifo": "p", "socket": "s"][entry.kind] ?? "-"
    }

    private func remark(_ entry: LayerEntry) -> String {
        let target =
            switch entry.kind {
            case "link": " → \(entry.target ?? "")"
            case "hard link": " = \(entry.target ?? "")"
            default: entry.target.map { " (\($0))" } ?? ""
            }
        return target + (entry.attributes.isEmpty ? "" : "  [\(entry.attributes.joined(separator: " "))]")
    }
}
