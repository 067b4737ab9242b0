// Taking an extended attribute away. overlayfs leaves notes for itself in an upper directory (`trusted.overlay.origin`, `…impure`) that mean
// nothing once the directory has become a layer. man 2 lremovexattr, man 7 xattr. Chapter 07.
import CLinux

/// Removes an extended attribute, of a link itself where the path is one. man 2 lremovexattr.
/// - Throws: ENODATA where there is none of that name.
public func removeAttribute(_ name: String, of path: FilePath) throws(KernelError) {
    try call("lremovexattr", "\(name) of \(path)") { unsafe path.cString { unsafe slipway_remove_xattr($0, name) } }
}
