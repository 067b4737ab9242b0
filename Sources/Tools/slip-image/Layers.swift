// `slip-image layers NAME`: the layers of an image, in the registry or stored here, each with its three names: the digest of the compressed blob,
// by which it is downloaded; the DiffID, of the plain tar; the chain id, of itself and all below it, under which it is kept unpacked.
import ArgumentParser
import Digests
import Images
import JSON
import Linux
import OCI
import Registry
import Snapshots

struct Layers: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show an image's layers: digest, DiffID, chain id, size, and the step that made each.",
        discussion: "The lowest layer comes first. Steps without a layer are shown with -.")

    @OptionGroup var remote: RemoteFlags

    @Option(help: "Of the image in this data root, not in a registry.")
    var dataRoot: String?

    @Flag(help: "Digests in full.")
    var noTrunc = false

    @Flag(help: "As JSON.")
    var json = false

    @Argument(help: "The image's name; with --data-root its id too.")
    var name: String

    func run() async throws {
        try await finish("layers \(name)\(dataRoot.map { " in \($0)" } ?? "")") {
            let (manifest, configuration) = try await documents()
            let rows = try layerRows(manifest, configuration)
            json ? print(JSONValue.array(rows.filter { $0.layer != nil }.map(value(of:))).text(indent: 2)) : printTable(rows)
        }
    }

    private func documents() async throws -> (Manifest, ImageConfiguration) {
        if let dataRoot {
            let store = try StoredImages(dataRoot: FilePath(dataRoot)), image = try store.find(name)
            return (try store.manifest(of: image), image.configuration)
        }
        let reference = try Reference(parsing: name).withDefaultTag
        let repository = try remote.client(for: reference).repository(reference, try remote.credential(for: reference))
        let image = try await RemoteImage.look(in: repository, for: try remote.wanted ?? .current)
        return (image.manifest, image.configuration)
    }

    private func printTable(_ rows: [LayerRow]) {
        let title = ["#", "DIGEST", "SIZE", "DIFFID", "CHAIN ID", "TYPE", "STEP"]
        print(
            table(
                [title]
                    + rows.map { row in
                        guard let layer = row.layer else { return ["-", "", "", "", "", "", row.step] }
                        return [
                            "\(row.number)", shown(layer.digest), size(layer.size), shown("\(row.diffID)"), shown("\(row.chain)"), kind(layer.mediaType),
                            row.step
                        ]
                    }))
    }

    private func shown(_ digest: String) -> String { noTrunc ? digest : short(digest) }

    /// `tar+gzip` of `application/vnd.oci.image.layer.v1.tar+gzip`.
    private func kind(_ mediaType: String) -> String {
        mediaType == MediaType.dockerLayer
            ? "tar+gzip" : String((mediaType.split(separator: ".", omittingEmptySubsequences: false).last ?? "").prefix(20)).harmless
    }

    private func value(of row: LayerRow) -> JSONValue {
        .object([
            .init(name: "digest", value: .string(row.layer?.digest ?? "")), .init(name: "size", value: .number("\(row.layer?.size ?? 0)")),
            .init(name: "mediaType", value: .string(row.layer?.mediaType ?? "")), .init(name: "diffID", value: .string("\(row.diffID)")),
            .init(name: "chainID", value: .string("\(row.chain)")), .init(name: "step", value: .string(row.step))
        ])
    }
}

/// A step of the history, with its layer if it made one.
struct LayerRow {
    var number: Int, layer: ContentDescriptor?, diffID: String, chain: String, step: String
}

/// Puts manifest, configuration and history side by side.
private func layerRows(_ manifest: Manifest, _ configuration: ImageConfiguration) throws -> [LayerRow] {
    let diffIDs = try configuration.rootfs.diffIDs.map { (text) throws in
        guard let digest = Digest(text) else { throw Refusal("\(text.harmless) in the configuration is no digest") }
        return digest
    }
    guard diffIDs.count == manifest.layers.count else {
        throw Refusal("the manifest has \(manifest.layers.count) layers, the configuration \(diffIDs.count): they do not belong together")
    }
    var chain: ChainID?, rows: [LayerRow] = [], next = 0
    func addLayer(_ step: String) {
        let here = ChainID(diffID: diffIDs[next], onto: chain)
        rows.append(LayerRow(number: next + 1, layer: manifest.layers[next], diffID: "\(diffIDs[next])", chain: "\(here)", step: step))
        (chain, next) = (here, next + 1)
    }
    for step in configuration.history ?? [] {
        let words = (step.createdBy ?? step.comment ?? "").harmless
        if step.emptyLayer == true {
            rows.append(LayerRow(number: 0, layer: nil, diffID: "", chain: "", step: words))
        } else if next < diffIDs.count {
            addLayer(words)
        }
    }
    while next < diffIDs.count { addLayer("") }
    return rows
}
