// `slip-volume copy-up`: the first use of a volume, shown. `slip-volume parse`: what a notation means.
import ArgumentParser
import Linux
import Trees
import Volumes

struct CopyUp: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fill an empty volume with what an image has at a path.",
        discussion: """
            slipway-tree copies, confined: it sees nothing but the layers, read-only, and the directory to fill. A volume that has files keeps them.
            Its directory takes owner and mode of the image's.
            """)

    @OptionGroup var root: RootOption
    @Option(help: "A layer as a directory, the topmost first.")
    var from: [String]
    @Option(help: "The path, as a container would see it.")
    var at: String
    @Argument(help: "The volume, made if need be.")
    var name: String

    func validate() throws {
        guard !from.isEmpty else { throw ValidationError("copy-up: which layers? --from DIR") }
    }

    func run() {
        finish(as: "slip-volume") {
            let store = try root.open().store, volume = try store.create(VolumeWish(name: name))
            switch try store.fill(volume, from: try from.map { (layer) throws in try whole(FilePath(layer)) }, at: FilePath(at)) {
            case nil: print("\(name) has files already: nothing was copied")
            case let copied? where !copied.isFound: print("the image has no directory \(at): \(name) stays as it is")
            case let copied?:
                print("copied \(copied.entries) entries, \(copied.bytes) bytes, from \(at) to \(name)")
                for line in copied.leftOut { print("left out: \(line)") }
            }
            try show(store.source(of: volume))
            return 0
        }
    }

    /// The directory itself and what it holds: owner, mode, name.
    private func show(_ directory: FilePath) throws {
        let names = try entries(directory).sorted()
        let rows = try [(".", directory)].map { [$0.0] + (try facts($0.1)) } + names.map { [$0] + (try facts(directory.appending($0))) }
        print(table(rows.map { [$0[1], $0[2], $0[0]] }))
    }

    private func facts(_ path: FilePath) throws -> [String] {
        let found = try status(path, followLinks: false)
        return [String(found.mode & 0o7777, radix: 8), "\(found.user):\(found.group)"]
    }
}

struct Parse: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tell what a notation of -v means, or why it means nothing.", discussion: "SOURCE:TARGET[:WORDS], or a TARGET alone.")

    @Argument(help: "What would follow -v.")
    var notation: [String]

    func run() {
        finish(as: "slip-volume") {
            var code: Int32 = 0
            for text in notation {
                do throws(VolumesError) { print(meaning(of: try MountNotation(text))) } catch {
                    complain("slip-volume: \(error)")
                    code = 1
                }
            }
            return code
        }
    }

    private func meaning(of notation: MountNotation) -> String {
        let what =
            switch notation.source {
            case .anonymous: "a volume that nobody names"
            case .volume(let name): "volume \(name)"
            case .path(let path): "the host's \(path)"
            }
        let fill = notation.isFilled ? ", filled from the image while empty" : ""
        let propagation = notation.propagation.map { ", propagation \($0)" } ?? ""
        return "\(what) at \(notation.target), \(notation.isReadOnly ? "read-only" : "writable")\(fill)\(propagation)"
    }
}
