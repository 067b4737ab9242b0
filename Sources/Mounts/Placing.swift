// A mount that is in no tree. What a container is shown of the host lies outside its root, and where it is shown lies inside: no moment knows
// both paths. A detached copy of the mount does: it is taken while the host is in sight, held by a descriptor, and put into the tree once the
// root is the container's, where no symbolic link of an image can lead the target anywhere else.
//
// It gets its attributes before its place, so that nobody ever sees it writable that should be read-only. mount_setattr changes the attributes
// that it is told and keeps the rest. The older way, a remount, replaces all of them, and fails in a user namespace where it forgets one that
// the host has locked (nosuid on a bind from /tmp, say). man 2 open_tree, mount_setattr, move_mount. Chapters 02 and 06.
public import Linux

/// Takes a detached copy of what lies at `source`, to be placed later. man 2 open_tree.
/// - Throws: ENOENT where it is missing, EINVAL for an unbindable mount.
public func detachedCopy(of source: FilePath, recursive: Bool) throws(KernelError) -> Descriptor {
    try openTree(source, recursive: recursive)
}

/// Gives a detached mount the attributes and the propagation that `options` ask for, and puts it at `target`. man 2 move_mount.
/// - Throws: ENOENT where the target is missing, ENOTDIR for a file onto a directory.
public func place(_ mount: FileDescriptor, at target: FilePath, _ options: MountOptions) throws(KernelError) {
    try change(mount, set: options.flags, clear: options.cleared, recursive: false)
    try change(mount, set: options.recursiveFlags, clear: [], recursive: true)
    for wanted in options.propagation { try setMountAttributes(of: mount, propagation: wanted.kind.flag, recursive: wanted.recursive) }
    try moveMount(mount, onto: target)
}

private func change(_ mount: FileDescriptor, set flags: MountFlags, clear: MountFlags, recursive: Bool) throws(KernelError) {
    let wanted = MountAttributes(flags)
    var unwanted = MountAttributes(clear)
    if !wanted.union(unwanted).isDisjoint(with: .accessTimes) { unwanted.formUnion(.accessTimes) }
    guard !wanted.isEmpty || !unwanted.isEmpty else { return }
    try setMountAttributes(of: mount, set: wanted, clear: unwanted, recursive: recursive)
}
