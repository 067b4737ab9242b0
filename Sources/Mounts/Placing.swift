// Binding across a pivot. What a container is shown of the host lies outside its root, and where it is shown lies inside: no moment knows
// both paths. A detached copy of the mount does: it is taken while the host is in sight, held by a descriptor, and put into the tree once the
// root is the container's, where no symbolic link of an image can lead the target anywhere else. man 2 open_tree, move_mount. Chapter 06.
public import Linux

/// Takes a detached copy of what lies at `source`, to be placed later. man 2 open_tree.
/// - Throws: ENOENT where it is missing, EINVAL for an unbindable mount.
public func detachedCopy(of source: FilePath, recursive: Bool) throws(KernelError) -> Descriptor {
    try openTree(source, recursive: recursive)
}

/// Puts a detached mount at `target`, and gives it the attributes and the propagation that `options` ask for. man 2 move_mount.
/// - Throws: ENOENT where the target is missing, ENOTDIR for a file onto a directory.
public func place(_ mount: FileDescriptor, at target: FilePath, _ options: MountOptions) throws(KernelError) {
    try moveMount(mount, onto: target)
    try change(target, set: options.flags, clear: options.cleared, recursive: false)
    try change(target, set: options.recursiveFlags, clear: [], recursive: true)
    for propagation in options.propagation { try setPropagation(target, propagation.kind, recursive: propagation.recursive) }
}

private func change(_ target: FilePath, set flags: MountFlags, clear: MountFlags, recursive: Bool) throws(KernelError) {
    let wanted = MountAttributes(flags)
    var unwanted = MountAttributes(clear)
    if !wanted.union(unwanted).isDisjoint(with: .accessTimes) { unwanted.formUnion(.accessTimes) }
    guard !wanted.isEmpty || !unwanted.isEmpty else { return }
    try setMountAttributes(target, set: wanted, clear: unwanted, recursive: recursive)
}
