// `docker rmi`. By name, only the name goes as long as others are left; with the last name, or by id, the image goes, unless someone uses it.
// Docker's conflicts, in its own words, for scripts match on them (moby, daemon/images/image_delete.go):
//
//      by the last name, used by a container        must force; forced while it runs: only the name goes
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
                for name in names { try transaction.run("DELETE FROM tags WHERE name = ?", name.description) }
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
            var done = names.map { Removal.untagged($0.familiar) }
            if isDeleted {
                try collect(found.image.id)
                done.append(.deleted(found.image.id))
            }
            return done
        }
    }

    private enum Outcome: Sendable {
        case gone
        case refused(String)
        case remove(names: [Reference], isDeleted: Bool)
    }

    /// Decides; pure.
    private func plan(_ image: ImageRow, asTyped text: String, byName name: Reference?, _ force: Bool, _ users: [ImageUser]) -> Outcome {
        let running = users.first { $0.isRunning }, short = image.id.short
        if let name {
            guard image.names.contains(name) else { return .gone }  // it moved to another image meanwhile
            if image.names.count > 1 { return .remove(names: [name], isDeleted: false) }
            if let user = users.first, !force {
                let using = "container \(user.container.prefix(12)) is using its referenced image \(short)"
                return .refused("unable to remove repository reference \"\(text)\" (must force) - \(using)")
            }
            return .remove(names: [name], isDeleted: running == nil)
        }
        if let running {
            return .refused("unable to delete \(short) (cannot be forced) - image is being used by running container \(running.container.prefix(12))")
        }
        if image.names.count > 1, !force {
            return .refused("unable to delete \(short) (must be forced) - image is referenced in multiple repositories")
        }
        if let user = users.first, !force {
            return .refused("unable to delete \(short) (must be forced) - image is being used by stopped container \(user.container.prefix(12))")
        }
        return .remove(names: image.names, isDeleted: true)
    }

    /// Removes the files that nobody needs now that an image is gone.
    private func collect(_ image: Digest) throws(ImagesError) {
        forget(configurationOf: image)
        try snapshots { () throws(SnapshotsError) in try layers.sweep() }
        try removeUnreferencedBlobs()
    }

    /// Removes blobs that no image needs; those on their way into one are pinned. Under the database's lock, so that an import either has
    /// recorded its blobs or still pins them.
    func removeUnreferencedBlobs() throws(ImagesError) {
        let all = try content { () throws(ContentError) in try blobs.list() }
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
