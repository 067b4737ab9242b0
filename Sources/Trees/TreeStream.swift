// A task that takes long and moves much: its tar flows through a pipe while the helper works, so that a gigabyte passes at flat memory and a
// client that leaves ends the helper. What went wrong is known only after the last byte; so the reader is told of the end by an answer and not by
// the pipe's silence.
//
// Everything here blocks. One thread does all of a stream, from its beginning to its end, and outlives it: the helper dies with the thread that
// started it (man 2 prctl, PR_SET_PDEATHSIG). Only `cancel` may be called from anywhere. Chapters 07 and 12.

public import Linux

/// A tar that the helper makes, read as it comes.
public final class TreeStream: Sendable {
    private let helper: RunningHelper

    init(_ helper: RunningHelper) { self.helper = helper }

    /// The next bytes; nil when all of it was made.
    /// - Throws: what went wrong in the helper; what was read until then is part of the tar.
    public func next() throws(TreesError) -> [UInt8]? {
        let bytes = try helper.read()
        guard bytes.isEmpty else { return bytes }
        _ = try helper.finish(\.packed)
        return nil
    }

    /// Ends the helper.
    public func cancel() { helper.cancel() }
}

/// A tar that the helper unpacks, written as it comes.
public final class TreeInput: Sendable {
    private let helper: RunningHelper

    init(_ helper: RunningHelper) { self.helper = helper }

    /// Hands on some bytes; blocks until the helper has taken them.
    /// - Throws: what went wrong in the helper.
    public func write(_ bytes: [UInt8]) throws(TreesError) { try helper.write(bytes) }

    /// Says that this was all, and waits until it is unpacked.
    public func finish() throws(TreesError) -> Extracted { try helper.finish(\.extracted) }

    /// Ends the helper.
    public func cancel() { helper.cancel() }
}

extension TreeHelper {
    /// What lies at a path of a container.
    /// - Parameter path: from the container's root. A link at its end is not followed, unless a slash or `/.` comes after it.
    /// - Throws: `.path(.missing)`.
    public func status(of path: String, in tree: ContainerTree) throws(TreesError) -> TreeStatus {
        try RunningHelper(self, .stat, .stat(ViewRequest(tree), path: path), tree).finish(\.status)
    }

    /// Makes a tar of what lies at a path of a container: its entries begin with the path's last part.
    /// - Parameter path: as for `status`
    /// - Returns: what the path is, and the tar.
    /// - Throws: `.path(.missing)`.
    public func archive(_ path: String, of tree: ContainerTree) throws(TreesError) -> (status: TreeStatus, tar: TreeStream) {
        let helper = try RunningHelper(self, .archive, .archive(ViewRequest(tree), path: path), tree, direction: .fromHelper)
        return (try helper.told(\.status), TreeStream(helper))
    }

    /// Makes a tar of a container's root, without what is mounted in it.
    public func export(_ tree: ContainerTree) throws(TreesError) -> TreeStream {
        TreeStream(try RunningHelper(self, .export, .export(ViewRequest(tree)), tree, direction: .fromHelper))
    }

    /// Makes a tar of a directory, read as it comes.
    public func pack(_ directory: FilePath, form: PackForm) throws(TreesError) -> TreeStream {
        TreeStream(try RunningHelper(self, .pack, .pack(directory: directory.string, form: form), nil, direction: .fromHelper))
    }

    /// Unpacks a tar, plain or compressed, into a directory of a container. Nothing is written before the directory was found fit for it.
    /// - Throws: `.path` for a directory that is not there, is none or may not be changed; `.refused` for what would reach outside of it.
    public func extract(into path: String, of tree: ContainerTree, _ options: ExtractOptions) throws(TreesError) -> TreeInput {
        let helper = try RunningHelper(self, .extract, .extract(ViewRequest(tree), path: path, options), tree, direction: .toHelper)
        _ = try helper.told(\.status)
        return TreeInput(helper)
    }

    /// What an overlay's upper directory changes in the layers below, parents first.
    /// - Parameter lower: the layers, the topmost first
    public func changes(of upper: FilePath, over lower: [FilePath]) throws(TreesError) -> [TreeChange] {
        try RunningHelper(self, .diff, .diff(lower: lower.map(\.string), upper: upper.string), nil).finish(\.changes)
    }
}
