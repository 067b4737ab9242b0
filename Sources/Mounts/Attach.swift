// Mounting as a list of words asks for it. Three things need more than one call: a bind mount ignores flags when it is made, so they are set
// afterwards; attributes for everything beneath a mount are set with mount_setattr(2); and a propagation is always a call of its own.
//
// mount_setattr changes the attributes that it is told and keeps the rest. The older way, a remount, replaces all of them, and fails in a
// user namespace where it forgets one that the host has locked (nosuid on a bind from /tmp, say). man 2 mount, mount_setattr. Chapter 02.
public import Linux

/// Mounts `source` at `target` as the options ask.
/// - Parameters:
///   - source: a path for bind mounts, else what the file system takes (`tmpfs`, `/dev/vda`)
///   - target: must be there; a file for a file, a directory for a directory
///   - type: the file system; `bind` or `none` mean nothing for bind mounts
public func attach(_ source: String, onto target: FilePath, type: String? = nil, _ options: MountOptions) throws(KernelError) {
    if options.bind || type == "bind" {
        try bind(FilePath(source), onto: target, options)
    } else {
        let data = options.data.joined(separator: ",")
        try mount(source, onto: target, type: type, options.flags, data: data.isEmpty ? nil : data)
        try finish(target, options)
    }
}

/// Shows what lies at `source` at `target` too. man 2 mount, `MS_BIND`.
/// - Throws: ENOENT where either is missing, ENOTDIR for a file onto a directory, EINVAL for an unbindable source.
public func bind(_ source: FilePath, onto target: FilePath, _ options: MountOptions = .parse(["bind"])) throws(KernelError) {
    try mount("\(source)", onto: target, options.recursive ? [.bind, .recursive] : .bind)
    try set(options.flags, clear: options.cleared, at: target, recursive: false)
    try finish(target, options)
}

/// Makes the mount at `target` read-only, and leaves its other attributes as they are. man 2 mount_setattr.
/// - Throws: EBUSY while a file beneath is open for writing.
public func makeReadOnly(_ target: FilePath, recursive: Bool = false) throws(KernelError) {
    try setMountAttributes(target, set: .readOnly, recursive: recursive)
}

private func finish(_ target: FilePath, _ options: MountOptions) throws(KernelError) {
    try set(options.recursiveFlags, clear: [], at: target, recursive: true)
    for change in options.propagation { try setPropagation(target, change.kind, recursive: change.recursive) }
}

private func set(_ flags: MountFlags, clear: MountFlags, at target: FilePath, recursive: Bool) throws(KernelError) {
    let wanted = MountAttributes(flags)
    var unwanted = MountAttributes(clear)
    if !wanted.union(unwanted).isDisjoint(with: .accessTimes) { unwanted.formUnion(.accessTimes) }
    guard !wanted.isEmpty || !unwanted.isEmpty else { return }
    try setMountAttributes(target, set: wanted, clear: unwanted, recursive: recursive)
}
