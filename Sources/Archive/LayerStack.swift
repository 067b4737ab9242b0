// Who hides what in a stack of layers. Each layer is a directory as overlayfs wants it; what a container sees is decided name by name, from
// the top down:
//
//      a file, a link, a device       is what is seen; the same name further down is hidden
//      a device 0/0 (a whiteout)      nothing is seen; the same name further down is hidden
//      a directory                    is merged with the directories of that name further down, until a layer has something else there
//      a directory marked opaque      is not merged: all that the layers below have in it is hidden
//
// The kernel does this at each look-up; here it is done for every path at once, so that it can be shown. Nothing is mounted.
// Linux's Documentation/filesystems/overlayfs.rst; chapter 07.

import Glibc
public import Linux

/// A path of a stack, and what each layer has there.
public struct StackedPath: Sendable, Equatable {
    /// Relative to the layers' roots.
    public let path: FilePath
    /// What the layers have at this path, the topmost first; never empty.
    public let versions: [Version]

    /// What one layer has at a path.
    public struct Version: Sendable, Equatable {
        /// Which layer: its place in the list that was given, from 0.
        public let layer: Int
        /// What it is.
        public let kind: Kind
        /// Whether it is a directory that hides all that the layers below have in it.
        public let isOpaque: Bool
        /// What hides it; nil where it is seen (or, being a whiteout, at work).
        public let hidden: Hiding?
    }

    /// What something in a layer is.
    public enum Kind: String, Sendable { case file, directory, link, device, fifo, socket, whiteout }

    /// Why something is not seen.
    public struct Hiding: Sendable, Equatable {
        /// Which layer hides it.
        public let layer: Int
        /// By what: a whiteout, an opaque directory, or whatever else took the name.
        public let how: How
        /// Where that lies: the path itself, or a directory above it.
        public let path: FilePath
    }

    /// How a layer hides what is below it.
    public enum How: String, Sendable { case shadow, whiteout, opaque }

    /// The layers that make up what is seen here, the topmost first: one for a file, several for a merged directory, none where it is gone.
    public var providers: [Int] { versions.filter { $0.hidden == nil && $0.kind != .whiteout }.map(\.layer) }
}

/// Goes through every path of a stack of layers, parents first and names in order.
///
/// - Parameters:
///   - layers: directories, the lowest first
///   - body: gets each path; false ends the walk below that path
/// - Throws: what the kernel says where a layer cannot be read.
public func walkStack(_ layers: [FilePath], _ body: (StackedPath) -> Bool) throws(KernelError) {
    // The roots are always merged: overlayfs heeds no mark on a layer's own root.
    try StackWalk(roots: layers).walk("", layers.indices.reversed().map { StackWalk.Source(layer: $0, hidden: nil) }, body)
}

/// A walk under way.
private struct StackWalk {
    let roots: [FilePath]

    /// A layer that has a directory where the walk is, and what hides all of it.
    struct Source {
        let layer: Int, hidden: StackedPath.Hiding?
    }

    func walk(_ path: FilePath, _ sources: [Source], _ body: (StackedPath) -> Bool) throws(KernelError) {
        var names: [FilePath.Component: [Source]] = [:]
        for source in sources {  // topmost first, and so they stay in each list
            for name in try listing(of: place(path, source.layer)) { names[name, default: []].append(source) }
        }
        for (name, owners) in names.sorted(by: { $0.key.string < $1.key.string }) {
            let child = path.appending(name)
            let (found, directories) = try look(child, owners)
            if body(found), !directories.isEmpty { try walk(child, directories, body) }
        }
    }

    /// What the layers have at `path`, and those of them that the walk goes into.
    private func look(_ path: FilePath, _ owners: [Source]) throws(KernelError) -> (StackedPath, [Source]) {
        var versions: [StackedPath.Version] = [], directories: [Source] = []
        var cover: StackedPath.Hiding?, merging: Int?
        for owner in owners {
            let kind = try kind(of: path, in: owner.layer)
            let isOpaque = kind == .directory ? try hasOpaqueMark(place(path, owner.layer)) : false
            var hidden = owner.hidden ?? cover
            if hidden == nil, let merging, kind != .directory, kind != .whiteout { hidden = .init(layer: merging, how: .shadow, path: path) }
            versions.append(.init(layer: owner.layer, kind: kind, isOpaque: isOpaque, hidden: hidden))
            if kind == .directory { directories.append(Source(layer: owner.layer, hidden: hidden)) }
            guard owner.hidden == nil, cover == nil else { continue }
            if kind == .directory { merging = merging ?? owner.layer }
            if kind != .directory || isOpaque {
                cover = .init(layer: owner.layer, how: kind == .whiteout ? .whiteout : isOpaque ? .opaque : .shadow, path: path)
            }
        }
        return (StackedPath(path: path, versions: versions), directories)
    }

    private func place(_ path: FilePath, _ layer: Int) -> FilePath { roots[layer].appending(path.components) }

    private func listing(of directory: FilePath) throws(KernelError) -> [FilePath.Component] {
        try entries(directory).compactMap { FilePath.Component($0) }
    }

    private func kind(of path: FilePath, in layer: Int) throws(KernelError) -> StackedPath.Kind {
        let status = try status(place(path, layer), followLinks: false)
        return switch status.kind {
        case .directory: .directory
        case .symbolicLink: .link
        case .characterDevice: status.hidesItsName ? .whiteout : .device
        case .blockDevice: .device
        case .fifo: .fifo
        case .socket: .socket
        case .file, .other: .file
        }
    }
}

/// Whether overlayfs would see a directory as opaque. Only root may read `trusted.`; `user.` is for overlays that users mount themselves.
func hasOpaqueMark(_ directory: FilePath) throws(KernelError) -> Bool {
    for name in ["trusted.overlay.opaque", "user.overlay.opaque"] {
        do throws(KernelError) {
            if try attribute(name, of: directory) == [UInt8(ascii: "y")] { return true }
        } catch {
            guard error.errno == EOPNOTSUPP else { throw error }  // a file system without such attributes has no such mark
        }
    }
    return false
}

extension FileStatus {
    /// A device 0/0: overlayfs' whiteout.
    var hidesItsName: Bool { kind == .characterDevice && special == 0 }
}
