// What the task `copy` is told and what it reports: the first use of a volume. Chapter 10.

/// What was copied into an empty directory.
public struct Copied: Codable, Sendable, Equatable {
    /// Whether the image has a directory there at all.
    public var isFound: Bool
    /// Files, directories, links and nodes; the top not included.
    public var entries: Int
    /// Bytes of all files, holes included.
    public var bytes: Int64
    /// What was left out, and why: attributes that only this machine's kernel may set.
    public var leftOut: [String]

    /// Reports a copy.
    public init(isFound: Bool, entries: Int = 0, bytes: Int64 = 0, leftOut: [String] = []) {
        (self.isFound, self.entries, self.bytes, self.leftOut) = (isFound, entries, bytes, leftOut)
    }
}

/// What to copy, and where to.
package struct CopyRequest: Codable {
    /// The layers of the image, the topmost first, and the path as a container would see it.
    package var layers: [String], path: TreePath
    /// An empty directory that is filled, and another one to mount on.
    package var directory: String, place: String
    /// `bytes` bounds what is copied.
    package var limits: UnpackLimits
}
