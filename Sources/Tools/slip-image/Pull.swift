// `slip-image pull NAME --data-root DIR`: the engine's own pull, into a store of one's own.
import ArgumentParser
import Images
import Linux
import OCI
import Offload

struct Pull: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Pull an image into a data root.",
        discussion:
            "The data root is made where there is none, and is like slipwayd's: a daemon started on it has the image. Needs root, as layers have owners.")

    @OptionGroup var remote: RemoteFlags

    @Option(help: "Where images are kept.")
    var dataRoot: String

    @Argument(help: "The image's name.")
    var name: String

    func run() async throws {
        try await finish("pull \(name)") {
            let reference = try Reference(parsing: name).withDefaultTag, path = FilePath(dataRoot)
            guard effectiveUser() == 0 else { throw Refusal("unpacking gives files their owners, which only root may (try sudo)") }
            let root = try await offload { try DataRoot(path) }
            let puller = Puller(root.images, try remote.client(for: reference))
            let printer = ProgressPrinter(bars: !remote.narrate && isTerminal(FileDescriptor(rawValue: 1)))
            let pulled = try await puller.pull(reference, platform: try remote.wanted, credential: try remote.credential(for: reference)) { printer.tell($0) }
            print("Status: \(pulled.isNewer ? "Downloaded newer image" : "Image is up to date") for \(pulled.name.familiar)")
            print(pulled.id)
        }
    }
}
