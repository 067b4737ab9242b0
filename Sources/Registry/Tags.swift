// The tags of a repository, in as many answers as the registry likes: each names the place of the next in a Link field.
// distribution-spec, "Listing Tags"; RFC 8288. chapter 08
import FoundationEssentials
import HTTP
import OCI

/// More tags than anybody looks at; a registry without an end is stopped here.
private let tagLimit = 10_000
private let listLimit = 4 << 20

private struct TagList: Decodable {
    let tags: [String]?
}

/// Fetches all tags of a repository.
func fetchTags(_ name: Reference, _ session: Session) async throws(RegistryError) -> [String] {
    var tags: [String] = [], next: WebAddress? = session.address("/v2/\(name.path)/tags/list")
    while let address = next {
        let answer = try await session.ask(Question(address: address, purpose: .tags))
        guard answer.isSuccess else { throw answer.refusal(of: name.familiarName, repository: name.familiarName) }
        tags += try await page(answer, name).filter { Reference.isValid(tag: $0) }
        guard tags.count <= tagLimit else { throw .tooLong("\(name.familiarName): more than \(tagLimit) tags") }
        next = answer.headers["Link"].flatMap { nextPage($0, address) }
    }
    return tags
}

private func page(_ answer: Answer, _ name: Reference) async throws(RegistryError) -> [String] {
    let body = try await answer.body.collect(upTo: listLimit)
    guard body.isWhole else { throw .tooLong("tags of \(name.familiarName): a list of more than \(listLimit) bytes") }
    do { return try JSONDecoder().decode(TagList.self, from: Data(body.bytes)).tags ?? [] } catch {
        throw .malformed("tags of \(name.familiarName): no list of tags: \(excerpt(body.bytes))")
    }
}

/// The place in `<…>; rel="next"`, if it is one of the same registry.
private func nextPage(_ link: String, _ address: WebAddress) -> WebAddress? {
    guard link.contains("rel=\"next\""), let open = link.firstIndex(of: "<"), let close = link.firstIndex(of: ">"), open < close else { return nil }
    let place = WebAddress(String(link[link.index(after: open)..<close]), relativeTo: address)
    return place.flatMap { $0.origin == address.origin && $0 != address ? $0 : nil }
}
