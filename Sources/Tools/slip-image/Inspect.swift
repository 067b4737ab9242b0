// `slip-image inspect NAME`: what a registry has under a name, down to the layers, none of which is downloaded.
import ArgumentParser
import Images
import JSON
import OCI
import Registry

struct Inspect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what a registry has under a name: index, platforms, manifest, configuration, layers.",
        discussion: "Only documents are fetched, some kilobytes; no layer.")

    @OptionGroup var remote: RemoteFlags

    @Flag(help: "The documents themselves, as one JSON object.")
    var json = false

    @Argument(help: "The image's name.")
    var name: String

    func run() async throws {
        try await finish("inspect \(name)") {
            let reference = try Reference(parsing: name).withDefaultTag, wanted = try remote.wanted ?? .current
            let repository = try remote.client(for: reference).repository(reference, try remote.credential(for: reference))
            let image = try await RemoteImage.look(in: repository, for: wanted)
            json ? try printJSON(image, reference) : printText(image, reference, wanted)
        }
    }

    private func printJSON(_ image: RemoteImage, _ name: Reference) throws {
        var members: [JSONValue.Member] = [
            .init(name: "name", value: .string("\(name)")), .init(name: "digest", value: .string(image.documents.first?.descriptor.digest ?? "")),
            .init(name: "manifestDigest", value: .string(image.documents.last?.descriptor.digest ?? "")),
            .init(name: "id", value: .string(image.manifest.config.digest))
        ]
        let documents = image.documents.map { (Index($0) == nil ? "manifest" : "index", $0.bytes) } + [("config", image.configurationBytes)]
        for (title, bytes) in documents {
            guard let value = JSONValue(bytes) else { throw Refusal("the \(title) is no JSON") }
            members.append(.init(name: title, value: value))
        }
        print(JSONValue.object(members).text(indent: 2))
    }

    private func printText(_ image: RemoteImage, _ name: Reference, _ wanted: Platform) {
        row("name", "\(name)")
        for (place, document) in image.documents.enumerated() {
            guard let index = Index(document) else {
                row("manifest", describe(document.descriptor))
                continue
            }
            row("index", describe(document.descriptor))
            let taken = place + 1 < image.documents.count ? image.documents[place + 1].descriptor.digest : ""
            for entry in index.manifests { print(offer(entry, isTaken: entry.digest == taken, wanted)) }
        }
        row("config", describe(image.manifest.config) + "  (its digest is the image's id)")
        let configuration = image.configuration
        row("platform", "\(Platform(architecture: configuration.architecture, os: configuration.os, variant: configuration.variant))")
        if let created = configuration.created { row("created", created) }
        printDefaults(configuration.config)
        row("layers", "\(image.manifest.layers.count), \(size(image.manifest.layers.reduce(0) { $0 + $1.size })) to download")
        for (number, layer) in image.manifest.layers.enumerated() { print("\(String(number + 1).right(to: 10))  \(describe(layer))".harmless) }
    }

    private func printDefaults(_ defaults: ImageConfiguration.RunDefaults?) {
        guard let defaults else { return }
        let lists = [("entrypoint", defaults.entrypoint), ("command", defaults.cmd)]
        for (title, list) in lists { if let list { row(title, JSONValue.array(list.map { .string($0) }).text()) } }
        for variable in defaults.env ?? [] { row("variable", variable) }
        let words = [("user", defaults.user), ("directory", defaults.workingDir), ("stops by", defaults.stopSignal)]
        for (title, word) in words { if let word, !word.isEmpty { row(title, word) } }
        for (title, names) in [("port", defaults.exposedPorts?.keys.sorted()), ("volume", defaults.volumes?.keys.sorted())] {
            for name in names ?? [] { row(title, name) }
        }
        for (key, value) in (defaults.labels ?? [:]).sorted(by: { $0.key < $1.key }) { row("label", "\(key)=\(value)") }
    }

    private func offer(_ entry: ContentDescriptor, isTaken: Bool, _ wanted: Platform) -> String {
        let platform = entry.platform.map { $0.os == "unknown" ? "no image" : "\($0)" } ?? "any"
        return "\(platform.right(to: 20))  \(entry.digest)\(isTaken ? "  ← taken for \(wanted)" : "")".harmless
    }

    private func describe(_ descriptor: ContentDescriptor) -> String { "\(descriptor.digest)  \(size(descriptor.size))  \(descriptor.mediaType)" }

    private func row(_ title: String, _ text: String) { print("\(title.padded(to: 12))\(text)".harmless) }
}
