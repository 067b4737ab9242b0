// The commit pass over a layer that was unpacked without knowing what lies below it. Two things it could not know then: what a directory is
// like that its paths implied without an entry for it, and the file behind a hard link into another layer.
//
//      /layer     the layer itself, to be changed
//      /below     the stack of layers below, as a container would see it without this layer; read-only
//      /merged    all together, writes going to the layer: overlayfs knows what whiteouts and opaque directories hide, and a link to a file of
//                 a lower layer copies that file up with all its attributes, here as in a container
//
// All three are mounted before the walls go up, and are all that there is inside. An implied directory that is a symbolic link below hides
// that link, as in Docker (containerd too): moving its contents to where the link leads would need to know the archive's order, and the whole
// stack, at unpacking. Linux's Documentation/filesystems/overlayfs.rst; chapter 07.

import Glibc
import Linux
import Mounts
import Trees

/// Settles a layer on those below.
func settle(_ settling: Settling) throws(TreesError) -> Settled {
    let place = FilePath(settling.place), layer = FilePath(settling.layer), parents = settling.parents.map { FilePath($0) }
    guard !parents.isEmpty else { throw .died("a layer to settle on nothing") }
    try confine(to: place, .writing(settling.limits)) { () throws(KernelError) in
        try mount("none", onto: place, type: "tmpfs", data: "size=64k,mode=700")
        for name in ["layer", "below", "merged"] { try makeDirectory(place.appending(name), mode: 0o700) }
        try bind(layer, onto: place.appending("layer"))
        try mountOverlay(Overlay(lower: parents), at: place.appending("below"))
        guard !settling.links.isEmpty else { return }
        try mountOverlay(Overlay(lower: parents, upper: layer, work: FilePath(settling.work)), at: place.appending("merged"))
    }
    return try lend("/layer") { (layer) throws(TreesError) in
        try lend("/below") { (below) throws(TreesError) in try adoptDirectories(settling.implied, of: layer, from: below) }
        guard !settling.links.isEmpty else { return Settled(copiedBytes: 0) }
        return try lend("/merged") { (merged) throws(TreesError) in
            var linker = Linker(layer: layer, merged: merged, limitBytes: settling.limits.bytes)
            for link in settling.links { try linker.make(link) }
            try linker.restoreTimes()
            try removeOverlayNotes(beneath: layer)
            return Settled(copiedBytes: linker.copiedBytes)
        }
    }
}

private func lend<Result>(_ path: FilePath, _ body: (FileDescriptor) throws(TreesError) -> Result) throws(TreesError) -> Result {
    let directory = try kernel { () throws(KernelError) in try open(path, [.readOnly, .directory]) }
    return try directory.borrow(body)
}

/// Runs kernel calls on behalf of an entry, wrapping their error.
func kernel<Result: ~Copyable>(for entry: TreePath, _ body: () throws(KernelError) -> Result) throws(TreesError) -> Result {
    do throws(KernelError) { return try body() } catch { throw .kernel(entry: "\(entry)", error) }
}

/// Nil where the path leads to nothing, or through something that is no directory or not what the caller wants.
func unlessMissing<Result: ~Copyable>(_ body: () throws(KernelError) -> Result) throws(KernelError) -> Result? {
    do throws(KernelError) {
        return try body()
    } catch {
        guard [ENOENT, ENOTDIR, ELOOP].contains(error.errno) else { throw error }
        return nil
    }
}
