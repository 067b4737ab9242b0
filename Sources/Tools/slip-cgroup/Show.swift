// `slip-cgroup show [PATH]`: the layout of this machine, or one cgroup: its directories, processes, limits and use.
import ArgumentParser
import Cgroups
import Linux

struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show the machine's layout, or a cgroup's settings and use.")

    @Argument(help: "A cgroup's path; the machine's layout if none is named.")
    var path: String?

    func run() {
        finish(as: "slip-cgroup") {
            let hierarchies = try Hierarchies.discover()
            if let path { try show(Cgroup(FilePath(path), in: hierarchies)) } else { show(hierarchies) }
            return 0
        }
    }

    private func show(_ hierarchies: Hierarchies) {
        print("layout: \(hierarchies.layout.rawValue)")
        for tree in hierarchies.all {
            let name = tree.controllers.isEmpty ? "(no controllers)" : tree.controllers.joined(separator: ",")
            print(
                "  \(tree.version)  \(name.padded(to: 18)) \("\(tree.mountPoint)".padded(to: 26)) we are in \(tree.ownPath)\(tree.isWritable ? "" : "  (top is not ours)")"
            )
        }
    }

    private func show(_ cgroup: Cgroup) throws {
        guard cgroup.exists else { throw KernelError(call: "open", subject: "\(cgroup.path)", errno: 2) }
        print("processes: \(try cgroup.processes().map(\.description).joined(separator: " "))")
        for controller in Controller.all {
            guard let tree = cgroup.hierarchies.tree(of: controller.name) else { continue }
            print("\(controller.name)  \(tree.directory(of: cgroup.path))")
            for setting in controller.settings {
                guard let file = setting.file(tree.version) else { continue }
                // The top of a tree has no limits, and no files for them.
                guard let text = try? readText(tree.directory(of: cgroup.path).appending(file)) else { continue }  // see above
                let line = text.split(separator: "\n").joined(separator: ", ")
                print("  \(setting.meaning.padded(to: 26)) \(file.padded(to: 30)) \(line)")
            }
        }
        print(describe(cgroup.usage(), kills: cgroup.outOfMemoryKills()))
    }
}

struct Table: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show the settings that we know, with their files in cgroup v1 and v2.")

    func run() {
        print("\("".padded(to: 30)) \("v1".padded(to: 30)) v2")
        for controller in Controller.all {
            for setting in controller.settings {
                print("\("\(controller.name): \(setting.meaning)".padded(to: 34)) \((setting.v1 ?? "-").padded(to: 30)) \(setting.v2 ?? "-")")
            }
        }
    }
}
