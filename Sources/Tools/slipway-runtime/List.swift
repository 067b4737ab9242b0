// list: all containers below --root.
import ArgumentParser
import Linux
import OCI
import Runtime

struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List containers.")

    @ParentCommand var tool: Tool
    @Flag(name: .shortAndLong, help: "Names only.") var quiet = false

    func run() throws {
        try tool.global.report {
            let store = tool.global.store
            var rows = quiet ? [] : [["ID", "PID", "STATUS", "BUNDLE", "CREATED"]]
            for id in try store.list() {
                guard let container = try? store.read(id) else { continue }  // being created, or deleted, at this moment
                let status = store.status(of: container)
                rows.append(quiet ? [id] : [id, status == .stopped ? "0" : "\(container.pid)", status.rawValue, container.bundle, container.created])
            }
            try write(.standardOutput, table(rows))
        }
    }
}

/// Columns as wide as their widest entry, three blanks apart.
private func table(_ rows: [[String]]) -> String {
    let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
        row.enumerated().map { $0.offset == row.count - 1 ? $0.element : $0.element + String(repeating: " ", count: widths[$0.offset] - $0.element.count + 3) }
            .joined() + "\n"
    }.joined()
}
