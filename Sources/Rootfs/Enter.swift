// Another root. chroot(2) changes what `/` means for one process and its children, and nothing else: the working directory stays where it
// was, open descriptors still lead outside, and a process that may call chroot can walk out again (chapter 01 does). It is a view, not a
// wall; the wall is pivot_root in a mount namespace, chapter 02. man 2 chroot. Chapter 01.
public import Linux

/// Makes `root` what `/` means, and goes there: without the second step, `..` would still lead outside.
/// - Throws: EPERM without CAP_SYS_CHROOT; ENOENT, ENOTDIR for a root that is none.
public func enter(_ root: FilePath) throws(KernelError) {
    try changeRoot(root)
    try changeDirectory("/")
}
