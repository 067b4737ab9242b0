// `slip-layer diff UPPER -o LAYER`: what an overlay's upper directory holds, as a layer. Deterministic: the same tree gives the same bytes.
import Archive
import ArgumentParser
import Digests
import Linux

struct Diff: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Pack the upper directory of an overlay as a layer.",
        discussion: "Devices 0/0 become .wh. entries, opaque directories .wh..wh..opq. A name that ends in .gz is compressed by gzip(1).")

    @Argument(help: "The upper directory; nobody should be writing to it.")
    var upper: String

    @Option(name: .shortAndLong, help: "The layer to write.")
    var output: String

    func run() {
        finish(as: "slip-layer") {
            let packed = try open(FilePath(upper), [.readOnly, .directory]).borrow { (tree) throws in try write(tree) }
            print("DiffID  \(packed.digest)")
            print(
                "\(packed.entries) entries, \(size(packed.bytes)) of tar\(output.hasSuffix(".gz") ? ", \(size(try status(FilePath(output)).bytes)) compressed" : "") in \(output)"
            )
            return 0
        }
    }

    /// The layer, or no file.
    private func write(_ tree: FileDescriptor) throws -> Packed {
        let file = try open(FilePath(output), [.readWrite, .create, .truncate], mode: 0o644)
        do {
            return try file.borrow { (file) throws in
                output.hasSuffix(".gz") ? try compressed(tree, into: file) : try Archive.pack(tree, into: file, form: .layer)
            }
        } catch {
            try remove(FilePath(output))
            throw Refusal("diff \(upper): \(error)")
        }
    }

    /// Through a pipe. gzip is told to keep no name and no time, or the same layer would get another digest each time.
    private func compressed(_ tree: FileDescriptor, into file: FileDescriptor) throws -> Packed {
        let gzip = try findCommand("gzip", searchPath: "/usr/local/bin:/usr/bin:/bin")
        let pipe = try Pipe()
        let child = try pipe.reading.borrow { (input) throws in
            try spawn(Spawn(gzip, ["gzip", "-n", "-c"], descriptors: [(input, 0), (file, 1), (FileDescriptor(rawValue: 2), 2)]))
        }
        let packed = try pack(through: pipe, tree)
        guard let status = try wait(child.process), status.code == 0 else { throw Refusal("diff: gzip failed") }
        return packed
    }

    /// Ends the pipe with the tar, so that gzip sees the end.
    private func pack(through pipe: consuming Pipe, _ tree: FileDescriptor) throws -> Packed {
        try pipe.writing.borrow { (output) throws in try Archive.pack(tree, into: output, form: .layer) }
    }
}
