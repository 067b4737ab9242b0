// `slip-image list --data-root DIR`: what a data root holds. Only read, so also beside a daemon that owns it.
import ArgumentParser
import Digests
import Images
import JSON
import Linux
import OCI

struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the images of a data root.")

    @Option(help: "Where images are kept.")
    var dataRoot: String

    @Flag(help: "As JSON.")
    var json = false

    func run() async throws {
        try await finish("list \(dataRoot)") {
            let images = try StoredImages(dataRoot: FilePath(dataRoot)).list()
            json
                ? print(JSONValue.array(images.map(value(of:))).text(indent: 2))
                : print(table([["NAME", "IMAGE ID", "PLATFORM", "LAYERS", "SIZE"]] + images.flatMap(rows(for:))))
        }
    }

    private func rows(for image: ImageRecord) -> [[String]] {
        let configuration = image.configuration
        return (image.tags.isEmpty ? ["<none>"] : image.tags).map { name in
            [name, image.id.short, "\(configuration.os)/\(configuration.architecture)", "\(configuration.rootfs.diffIDs.count)", size(image.sizeBytes)]
        }
    }

    private func value(of image: ImageRecord) -> JSONValue {
        .object([
            .init(name: "id", value: .string("\(image.id)")), .init(name: "manifest", value: .string("\(image.manifest)")),
            .init(name: "names", value: .array(image.tags.map { .string($0) })), .init(name: "sizeBytes", value: .number("\(image.sizeBytes)")),
            .init(name: "chainID", value: image.chain.map { .string("\($0)") } ?? .null)
        ])
    }
}
