// `docker rmi`. An image is referred to by tags and by repositories' digests. By name, only that goes as long as others are left; with a
// repository's last tag go its digests; with the last of all, or by id, the image goes, unless someone uses it. "Last" means: one tag at most,
// and all in one repository. Docker's conflicts, in its own words, for scripts match on them (moby, daemon/images/image_delete.go):
//
//      by the last name, used by a container        must force; forced while it runs: only the names go
//      by id, used by a running container           cannot be forced
//      by id, several names                         must be forced
//      by id, used by a stopped container           must be forced
//
// Deciding and deleting rows is one transaction; files follow, and a crash between leaves files that the next opening collects. Chapter 08.

import Content
import Digests
public import Metadata
import OCI
import Snapshots

extension ImageStore {
    /// Removes a name or an image.
    ///
    /// - Parameters:
    ///   - text: a name, an id or its beginning
    ///   - force: also take the names away of an image that has several, or that a stopped container uses
    ///   - prune: nameless parents too; imported images have none, those of `docker build` do
    ///   - users: the containers of all images, asked inside the transaction, so that none is made meanwhile
    /// - Returns: what was done, in order; names and ids as Docker reports them.
    /// - Throws: `.notFound`, `.ambiguous`, `.conflict`.
    public func remove(
        _ text: String, force: Bool = false, prune: Bool = true, users: (Transaction) throws(MetadataError) -> [ImageUser]
    ) throws(ImagesError) -> [Removal] {
        let found = try find(text)
        let outcome = try stored { () throws(MetadataError) in
            try metadata.write { (transaction) throws(MetadataError) in
                guard let image = try transaction.images("WHERE id = ?", found.image.id.description).first else { return Outcome.gone }
                let using = try users(transaction).filter { $0.image == image.id }
                let plan = plan(image, asTyped: text, byName: found.name, force, using)
                guard case .remove(let names, let isDeleted) = plan else { return plan }
                for name in names { try transaction.remove(name) }
                if isDeleted {
                    try layers.release("image:\(image.id)", in: transaction)
                    try transaction.delete(image.id)
                }
                return plan
            }
        }
        switch outcome {
        case .gone: throw .notFound(text)
        case .refused(let why): throw .conflict(why)
        case .remove(let names, let isDeleted):
            let untagged = names.map { Removal.untagged($0.familiar) }
            return isDeleted ? untagged + [.deleted(found.image.id)] + (try collect(found.image.id)).map { .deleted($0) } : untagged
        }
    }

    private enum Outcome: Sendable {
        case gone
        case refused(String)
        case remove(names: [Reference], isDeleted: Bool)
    }

    /// Decides; pure.
    private func plan(_ image: ImageRow, asTyped text: String, byName name: Reference?, _ force: Bool, _ users: [ImageUser]) -> Outcome {
        let all = image.names + image.digests, short = image.id.short
        if let name, all.contains(name) {
            if let user = users.first, !force, isSingle(all) {
                let using = "container \(user.container.prefix(12)) is using its referenced image \(short)"
                return .refused("unable to remove repository reference \"\(text)\" (must force) - \(using)")
            }
            let isLastTag = name.digest == nil && !image.names.contains { $0 != name && $0.name == name.name }
            let going = [name] + (isLastTag ? image.digests.filter { $0.name == name.name } : [])
            return .remove(names: going, isDeleted: going.count == all.count && !users.contains { $0.isRunning })
        }
        if let name, name.digest == nil { return .gone }  // it moved to another image meanwhile
        if let running = users.first(where: { $0.isRunning }) {
            return .refused("unable to delete \(short) (cannot be forced) - image is being used by running container \(running.container.prefix(12))")
        }
        if !all.isEmpty, !isSingle(all), !force {
            return .refused("unable to delete \(short) (must be forced) - image is referenced in multiple repositories")
        }
        if let user = users.first, !force {
            return .refused("unable to delete \(short) (must be forced) - image is being used by stopped container \(user.container.prefix(12))")
        }
        return .remove(names: all, isDeleted: true)
    }

    /// One tag at most, and all in one repository.
    private func isSingle(_ references: [Reference]) -> Bool {
        references.count { $0.digest == nil } <= 1 && Set(references.map(\.name)).count == 1
    }

    /// Removes the files that nobody needs now that an image is gone.
    /// - Returns: the chains of the layers that went, topmost first
    private func collect(_ image: Digest) throws(ImagesError) -> [Digest] {
        let chains = chainsKnown(of: image)
        forget(configurationOf: image)
        try snapshots { () throws(SnapshotsError) in try layers.sweep() }
        try removeUnreferencedBlobs()
        var gone: [Digest] = []
        for chain in chains where try !isThere(chain) { gone.append(chain.digest) }
        return gone
    }

    private func isThere(_ chain: ChainID) throws(ImagesError) -> Bool {
        do throws(SnapshotsError) { _ = try layers.sizeBytes(of: chain) } catch {
            guard case .unknownChain = error else { throw .snapshots(error) }
            return false
        }
        return true
    }

    /// The chains that an image's layers make, topmost first; none where its configuration is damaged.
    private func chainsKnown(of image: Digest) -> [ChainID] {
        let configuration = try? configuration(of: image)  // as said: only the report is poorer
        let diffIDs = (configuration?.rootfs.diffIDs ?? []).compactMap { Digest($0) }
        return diffIDs.reduce(into: [ChainID]()) { $0.append(ChainID(diffID: $1, onto: $0.last)) }.reversed()
    }

    /// Removes blobs that no image needs; those on their way into one are pinned. Under the database's lock, so that an import either has
    /// recorded its blobs or still pins them.
    /// - Parameter candidates: nil for all blobs
    func removeUnreferencedBlobs(among candidates: [Digest]? = nil) throws(ImagesError) {
        let all: [Digest]
        if let candidates { all = candidates } else { all = try content { () throws(ContentError) in try blobs.list() } }
        let failed = try stored { () throws(MetadataError) in
            try metadata.write { (transaction) throws(MetadataError) -> ContentError? in
                for blob in all where try !transaction.needs(blob) {
                    do throws(ContentError) { try blobs.remove(blob) } catch { return error }
                }
                return nil
            }
        }
        if let failed { throw .content(failed) }
    }
}

extension Transaction {
    /// Takes a name away, a tag or a repository's digest.
    fileprivate func remove(_ name: Reference) throws(MetadataError) {
        if let digest = name.digest {
            try run("DELETE FROM digests WHERE name = ? AND digest = ?", name.name, digest)
        } else {
            try run("DELETE FROM tags WHERE name = ?", name.description)
        }
    }
}
