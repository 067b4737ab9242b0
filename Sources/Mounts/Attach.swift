// Mounting as a list of words asks for it. A bind mount is made out of the tree (open_tree), gets its attributes there (mount_setattr) and is
// put in its place complete (move_mount): nobody ever sees it writable that should be read-only, and the place may be named by a descriptor,
// /proc/self/fd/N, which goes on meaning what lies *below* the new mount.
//
// mount_setattr changes the attributes that it is told and keeps the rest. The older way, a remount, replaces all of them, and fails in a
// user namespace where it forgets one that the host has locked (nosuid on a bind from /tmp, say).
// man 2 mount, open_tree, mount_setattr, move_mount. Chapter 02.
public import Linux

/// Mounts `source` at `target` as the options ask.
/// - Parameters:
///   - source: a path for bind mounts, else what the file system takes (`tmpfs`, `/dev/vda`)
///   - target: must be there; a file for a file, a directory for a directory
///   - type: the file system; for bind mounts `bind` or nothing
public func attach(_ source: String, onto target: FilePath, type: String? = nil, _ options: MountOptions) throws(KernelError) {
    if options.bind || type == "bind" {
        try bind(FilePath(source), onto: target, options)
    } else if options.recursiveFlags.isEmpty, options.propagation.isEmpty {
        let data = options.data.joined(separator: ",")
        try mount(source, onto: target, type: type, options.flags, data: data.isEmpty ? nil : data)
    } else {
        try place(try make(type ?? source, source, options), onto: target, options)
    }
}

/// Shows what lies at `source` at `target` too.
/// - Throws: ENOENT where either is missing, ENOTDIR for a file onto a directory, EINVAL for an unbindable source.
public func bind(_ source: FilePath, onto target: FilePath, _ options: MountOptions = .parse(["bind"])) throws(KernelError) {
    try place(try openTree(source, recursive: options.recursive), onto: target, options)
}

/// Makes the mount at `target` read-only, and leaves its other attributes as they are. man 2 mount_setattr.
/// - Throws: EBUSY while a file beneath is open for writing.
public func makeReadOnly(_ target: FilePath, recursive: Bool = false) throws(KernelError) {
    try setMountAttributes(target, set: .readOnly, recursive: recursive)
}

/// A new file system that is not in the tree yet.
private func make(_ type: String, _ source: String, _ options: MountOptions) throws(KernelError) -> Descriptor {
    let context = try openFileSystem(type)
    return try context.borrow { (descriptor) throws(KernelError) in
        try configure(descriptor, "source", source)
        for word in options.data {
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            try configure(descriptor, parts[0], parts.count > 1 ? parts[1] : nil)
        }
        if options.flags.contains(.readOnly) { try configure(descriptor, "ro", nil) }
        return try mountFileSystem(descriptor)
    }
}

/// Gives a mount its attributes, then its place.
private func place(_ mount: consuming Descriptor, onto target: FilePath, _ options: MountOptions) throws(KernelError) {
    try mount.borrow { (descriptor) throws(KernelError) in
        let itself = FilePath("/proc/self/fd/\(descriptor.rawValue)")
        try set(options.flags, clear: options.cleared, at: itself, recursive: false)
        try set(options.recursiveFlags, clear: [], at: itself, recursive: true)
        for change in options.propagation { try setMountAttributes(itself, propagation: change.kind.flag, recursive: change.recursive) }
        try moveMount(descriptor, onto: target)
    }
}

private func set(_ flags: MountFlags, clear: MountFlags, at target: FilePath, recursive: Bool) throws(KernelError) {
    let wanted = MountAttributes(flags)
    var unwanted = MountAttributes(clear)
    if !wanted.union(unwanted).isDisjoint(with: .accessTimes) { unwanted.formUnion(.accessTimes) }
    guard !wanted.isEmpty || !unwanted.isEmpty else { return }
    try setMountAttributes(target, set: wanted, clear: unwanted, recursive: recursive)
}
