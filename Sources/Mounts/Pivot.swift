// Swapping the root for another. chroot(2) only changes where `/` leads: whoever holds a descriptor outside, or may call chroot again, walks
// out. pivot_root(2) exchanges the root *mount* of the whole mount namespace, and afterwards the old one can be unmounted: there is no
// outside left. man 2 pivot_root, "pivot_root(".", ".")". Chapter 02.
import Glibc
public import Linux

/// Makes `newRoot` the root of this mount namespace, and lets go of the old one. The working directory is the new `/` afterwards.
///
/// Call it in a mount namespace of your own whose mounts are not shared with the host (`setPropagation("/", .slave)`).
public func pivot(to newRoot: FilePath) throws(KernelError) {
    let old = try open("/", [.path, .directory])
    try makeParentPrivate(of: newRoot)
    try mount("\(newRoot)", onto: newRoot, [.bind, .recursive])  // pivot_root wants a mount point
    try changeDirectory(newRoot)
    try pivotRoot(".", ".")  // the old root now lies over the new one, at the same place
    try old.borrow { (descriptor) throws(KernelError) in try changeDirectory(descriptor) }
    try setPropagation(".", .slave)  // or the host would hear us let go of it, and do the same
    try unmount(".", [.detach])
    try changeDirectory("/")
}

/// Makes the mount on which `path` lies private: pivot_root refuses to move a mount whose parent is shared.
///
/// Only a mount point takes a propagation (else EINVAL), so we go up until one does.
private func makeParentPrivate(of path: FilePath) throws(KernelError) {
    var place = path
    while true {
        do throws(KernelError) {
            return try setPropagation(place, .private, recursive: false)
        } catch {
            guard error.errno == EINVAL, place != "/" else { throw error }
            place.removeLastComponent()
        }
    }
}
