// `slip-layer who DIR…`: for each path, which layer provides what is seen, and what is hidden by whom. Nothing is mounted for it.
import Archive
import ArgumentParser
import JSON
import Linux

struct Who: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show which layer provides each path of a stack, and who hides what.",
        discussion: """
            Columns: the path; the layer that provides it (several make up a merged directory, - means that it is gone); what is hidden there.
            As root, opaque directories are seen too: only root may read overlayfs' mark.
            """)

    @Option(help: "Only this path and what lies below it.")
    var path: String?

    @Flag(help: "Only paths where something is hidden.")
    var hidden = false

    @Flag(help: "As JSON.")
    var json = false

    @Argument(help: "Layers as directories, the lowest first.")
    var layers: [String]

    func run() {
        finish(as: "slip-layer") {
            let found = try collect()
            if let path, found.isEmpty, !hidden { throw Refusal("who \(path): no layer has it") }
            json ? printJSON(found) : printTable(found)
            return 0
        }
    }

    private func collect() throws -> [StackedPath] {
        let wanted = FilePath(path ?? "").components
        var found: [StackedPath] = []
        try walkStack(layers.map { FilePath($0) }) { entry in
            let components = entry.path.components, depth = min(components.count, wanted.count)
            guard components.prefix(depth).elementsEqual(wanted.prefix(depth)) else { return false }
            if components.count >= wanted.count, !hidden || entry.versions.contains(where: { $0.hidden != nil }) { found.append(entry) }
            return true
        }
        return found
    }

    // MARK: The table

    private func printTable(_ found: [StackedPath]) {
        for (index, layer) in layers.enumerated() {
            print("\("\(index + 1)".right(to: 3))  \(layer)\(index == 0 ? "  (lowest)" : index == layers.count - 1 ? "  (on top)" : "")")
        }
        let width = min(48, (found.map { name(of: $0).count } + [4]).max() ?? 4)
        print("\n\("PATH".padded(to: width))  \("FROM".padded(to: 7))  HIDDEN")
        for entry in found {
            let from = entry.providers.isEmpty ? "-" : entry.providers.reversed().map { "\($0 + 1)" }.joined(separator: "+")
            print("\(name(of: entry).padded(to: width))  \(from.padded(to: 7))  \(remarks(on: entry))".trimmed)
        }
    }

    private func name(of entry: StackedPath) -> String {
        "\(entry.path)".harmless + (entry.versions.contains { $0.kind == .directory && $0.hidden == nil } ? "/" : "")
    }

    private func remarks(on entry: StackedPath) -> String {
        entry.versions.compactMap { version in
            guard let hiding = version.hidden else {
                return version.kind == .whiteout && entry.versions.count == 1 ? "\(version.layer + 1)'s whiteout hides nothing" : nil
            }
            return "\(version.layer + 1)'s \(version.kind.rawValue), \(reason(hiding, at: entry.path))"
        }.joined(separator: "; ")
    }

    private func reason(_ hiding: StackedPath.Hiding, at path: FilePath) -> String {
        let place = hiding.path == path ? "" : " of \(hiding.path)".harmless
        return switch hiding.how {
        case .shadow: "shadowed by \(hiding.layer + 1)" + (place.isEmpty ? "" : "'s \(hiding.path)".harmless)
        case .whiteout: "by \(hiding.layer + 1)'s whiteout\(place)"
        case .opaque: "by \(hiding.layer + 1)'s opaque directory" + (place.isEmpty ? "" : " \(hiding.path)".harmless)
        }
    }

    // MARK: JSON

    private func printJSON(_ found: [StackedPath]) {
        let list = layers.enumerated().map {
            JSONValue.object([.init(name: "number", value: .number("\($0 + 1)")), .init(name: "directory", value: .string($1))])
        }
        let paths = found.map { entry in
            JSONValue.object([
                .init(name: "path", value: .string("\(entry.path)")), .init(name: "from", value: .array(entry.providers.map { .number("\($0 + 1)") })),
                .init(name: "versions", value: .array(entry.versions.map(value(of:))))
            ])
        }
        print(JSONValue.object([.init(name: "layers", value: .array(list)), .init(name: "paths", value: .array(paths))]).text(indent: 2))
    }

    private func value(of version: StackedPath.Version) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init(name: "layer", value: .number("\(version.layer + 1)")), .init(name: "kind", value: .string(version.kind.rawValue)),
            .init(name: "opaque", value: .bool(version.isOpaque))
        ]
        if let hidden = version.hidden {
            members += [
                .init(name: "hiddenBy", value: .number("\(hidden.layer + 1)")), .init(name: "how", value: .string(hidden.how.rawValue)),
                .init(name: "at", value: .string("\(hidden.path)"))
            ]
        }
        return .object(members)
    }
}

extension String {
    /// Without blanks at its end.
    var trimmed: String { String(reversed().drop { $0 == " " }.reversed()) }
}
