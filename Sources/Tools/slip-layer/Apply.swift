// `slip-layer apply LAYER… DIR`: unpacks layers, lowest first, into one tree or side by side. As root it happens in slipway-tree, which is locked
// into the directory that it fills; without root in this process, with what the kernel then allows.
import ArgumentParser
import Linux

struct Apply: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Unpack layers into a directory.",
        usage: "slip-layer apply [--stack] LAYER… DIR",
        discussion: """
            DIR is made, or must be empty. Without --stack it becomes what a container would see: each layer laid onto those below, whiteouts carried out.
            With --stack it gets a directory per layer, 01 the lowest, whiteouts kept as devices 0/0, for `slip-layer mount` and `who`.
            """)

    @Flag(help: "A directory for each layer, as overlayfs wants them.")
    var stack = false

    @Argument(help: ArgumentHelp("Layers, the lowest first, then the directory.", valueName: "layer … dir"))
    var paths: [String]

    func validate() throws {
        guard paths.count >= 2 else { throw ValidationError("apply: wanted LAYER… DIR") }
    }

    func run() {
        finish(as: "slip-layer") {
            let layers = paths.dropLast().map { FilePath($0) }, place = FilePath(paths[paths.count - 1])
            try makeDirectories(place)
            guard try entries(place).isEmpty else { throw Refusal("apply: \(place): is not empty") }
            let unpacker = LayerUnpacker(place: place)
            do {
                for (index, layer) in layers.enumerated() { tell(try unpacker.unpack(layer), index + 1) }
                if !stack { try unpacker.foldAll() }
            } catch {  // all or nothing
                for name in try entries(place) { try removeTree(place.appending(name)) }
                throw error
            }
            return 0
        }
    }

    private func tell(_ layer: AppliedLayer, _ number: Int) {
        print("layer \(number)  \(layer.file)".harmless)
        print("  DiffID    \(layer.diffID)")
        print("  chain id  \(layer.chainID)")
        print("  \(layer.entries) entries, \(size(layer.bytes))\(stack ? " in \(layer.directory)" : "")")
        for (word, lines) in [("implied", layer.implied), ("linked", layer.linked), ("left out", layer.leftOut)] {
            for line in lines.prefix(20) { print("  \(word.padded(to: 9)) \(line)".harmless) }
            if lines.count > 20 { print("  \(word.padded(to: 9)) and \(lines.count - 20) more") }
        }
    }
}
