// What layers take, for those who add it up: `docker system df` wants to know which of them several images share, and a prune what went with an
// image. The bytes were counted when each layer was unpacked, so that nothing is walked here. Chapter 07.

import Digests
import Metadata

/// A layer's place and size.
public struct LayerSize: Sendable, Equatable {
    /// The layer and all below it.
    public let chain: ChainID
    /// All below it; nil for the lowest.
    public let parent: ChainID?
    /// Bytes of its own files.
    public let sizeBytes: Int64
}

extension SnapshotStore {
    /// All layers that are there.
    public func layerSizes() throws(SnapshotsError) -> [LayerSize] {
        try stored { () throws(MetadataError) in
            try metadata.read { (transaction) throws(MetadataError) in
                try transaction.rows("SELECT chain, parent, size FROM layers WHERE state = 'ready'") { (row) throws(MetadataError) in
                    LayerSize(
                        chain: try chain(row.text("chain")), parent: try row.optionalText("parent").map { (text) throws(MetadataError) in try chain(text) },
                        sizeBytes: Int64(try row.int("size")))
                }
            }
        }
    }
}

private func chain(_ text: String) throws(MetadataError) -> ChainID {
    guard let digest = Digest(text) else { throw .corrupt("\(text) is no layer's digest") }
    return ChainID(digest)
}
