// An image in the list of images: a row for each of its names. A digest is no row of its own where the repository has a tag; an image that was
// pulled by its digest alone has one, with the tag `<none>`; and an image without any name is one row of `<none>`. chapter 08, 13

internal import JSON
internal import OCI

/// The rows of one image.
struct ImageRows {
    let image: JSONValue
    /// Whether IDs are shown whole.
    let isWhole: Bool
    /// Whether each digest makes a row: `--digests`.
    let rowsOfDigests: Bool
    /// Whether anything asks for digests.
    let showsDigests: Bool

    private static let none = "<none>"

    /// Each row as an object of texts, its members in the order of the alphabet.
    var values: [JSONValue] {
        let tags = names("RepoTags"), digests = names("RepoDigests")
        guard !tags.isEmpty || !digests.isEmpty else { return [row(Self.none, Self.none, Self.none)] }
        var rows: [JSONValue] = []
        for name in tags {
            let ours = showsDigests ? digests.filter { $0.familiarName == name.familiarName }.map { $0.digest ?? "" } : []
            for digest in ours.isEmpty ? [Self.none] : ours { rows.append(row(name.familiarName, name.tag ?? Self.none, digest)) }
        }
        var seen = Set(tags.map(\.familiarName))
        for name in digests where !seen.contains(name.familiarName) {
            if !rowsOfDigests { seen.insert(name.familiarName) }
            rows.append(row(name.familiarName, Self.none, rowsOfDigests ? name.digest ?? "" : ""))
        }
        return rows
    }

    /// The names of a list; `<none>:<none>` is none, and so is what is no name.
    private func names(_ member: String) -> [Reference] {
        (image[member]?.items ?? []).compactMap { text in text.string.flatMap { try? Reference(parsing: $0) } }  // an engine's `<none>` is no name
    }

    private func row(_ repository: String, _ tag: String, _ digest: String) -> JSONValue {
        let id = image["Id"]?.string ?? "", created = image["Created"]?.integer ?? 0, size = image["Size"]?.integer ?? 0
        let shared = number("SharedSize"), containers = number("Containers")
        return .object([
            .text("Containers", containers.map { "\($0)" } ?? "N/A"), .text("CreatedAt", Words.date(created)), .text("CreatedSince", Words.ago(created)),
            .text("Digest", digest), .text("ID", isWhole ? id : Table.shortID(id)), .text("Repository", repository),
            .text("SharedSize", shared.map { Words.size($0, digits: 4) } ?? "N/A"), .text("Size", Words.size(size)), .text("Tag", tag),
            .text("UniqueSize", shared.map { Words.size(size - $0, digits: 4) } ?? "N/A"), .text("VirtualSize", Words.size(size, digits: 4))
        ])
    }

    /// A number that the engine may not have counted: nil then.
    private func number(_ member: String) -> Int64? { image[member]?.integer.flatMap { $0 < 0 ? nil : $0 } }
}
