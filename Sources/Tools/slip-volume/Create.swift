// `slip-volume create`, `list`, `inspect`, `remove`: what Docker's commands of those names do, on a data root of one's own.
import ArgumentParser
import JSON
import Linux
import Volumes

struct Create: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Make a volume; one of this name that is there already is the answer too.")

    @OptionGroup var root: RootOption
    @Option(name: .shortAndLong, help: "A label, KEY=VALUE.")
    var label: [String] = []
    @Option(name: .shortAndLong, help: "An option of the driver: type, device, o.")
    var opt: [String] = []
    @Argument(help: "Its name; 64 random digits if nothing is said.")
    var name: String?

    func run() {
        finish(as: "slip-volume") {
            let volume = try root.open().store.create(VolumeWish(name: name, options: pairs(opt), labels: pairs(label)))
            print(volume.name)
            return 0
        }
    }
}

struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the volumes.")

    @OptionGroup var root: RootOption

    func run() {
        finish(as: "slip-volume") {
            let (volumes, users) = try root.look()
            print(
                table(
                    [["NAME", "USERS", "KIND"]]
                        + (try volumes.map { (volume) throws in [volume.name, "\(users[volume.name]?.count ?? 0)", try kind(of: volume)] })))
            return 0
        }
    }
}

struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show all that is known of a volume, as JSON.")

    @OptionGroup var root: RootOption
    @Argument(help: "Its name.")
    var name: String

    func run() {
        finish(as: "slip-volume") {
            let (volumes, users) = try root.look()
            guard let volume = volumes.first(where: { $0.name == name }) else { throw VolumesError.notFound(name) }
            let place = try whole(FilePath(root.root)).appending("volumes").appending(name).appending("_data")
            let members: [(String, JSONValue)] = [
                ("Name", .string(name)), ("Driver", .string(localDriver)), ("Mountpoint", .string(place.string)), ("Labels", object(volume.labels)),
                ("Options", object(volume.options)), ("Users", .array((users[name] ?? []).map { .string($0) }))
            ]
            print(JSONValue.object(members.map { .init(name: $0.0, value: $0.1) }).text(indent: 4))
            return 0
        }
    }

    private func object(_ words: [String: String]) -> JSONValue {
        .object(words.sorted { $0.key < $1.key }.map { .init(name: $0.key, value: .string($0.value)) })
    }
}

struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Remove volumes that no container has, with their files.")

    @OptionGroup var root: RootOption
    @Argument(help: "Their names.")
    var names: [String]

    func run() {
        finish(as: "slip-volume") {
            let owned = try root.open()
            for name in names {
                try owned.store.remove(name)
                print(name)
            }
            return 0
        }
    }
}

/// What a volume's files lie on.
func kind(of volume: Volume) throws -> String {
    switch try volume.backing {
    case .directory: volume.isAnonymous ? "directory, anonymous" : "directory"
    case .bind(let device, _): "bind of \(device)"
    case .memory: "memory"
    }
}

/// `KEY=VALUE`, or a key alone.
private func pairs(_ words: [String]) -> [String: String] {
    let pairs = words.map { word in
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        return (parts[0], parts.count > 1 ? parts[1] : "")
    }
    return Dictionary(pairs) { $1 }
}

/// Columns as wide as their widest word, two blanks between.
func table(_ rows: [[String]]) -> String {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
    return rows.map { row in
        row.enumerated().map { $0 == row.count - 1 ? $1 : $1 + String(repeating: " ", count: widths[$0] - $1.count) }.joined(separator: "  ")
    }.joined(separator: "\n")
}
