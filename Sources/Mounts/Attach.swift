// Mounting as a list of words asks for it: `options` of an OCI mount, `-o` of mount(8). A bind mount ignores flags when mount(2) makes it, so
// it is copied out of the tree, given its attributes, and placed (Placing.swift). A file system that needs no such care is mounted in one call.
// man 2 mount, fsopen. Chapter 02.
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
        try make(type ?? source, source, options).borrow { (mount) throws(KernelError) in try place(mount, at: target, options) }
    }
}

/// Shows what lies at `source` at `target` too.
/// - Throws: ENOENT where either is missing, ENOTDIR for a file onto a directory, EINVAL for an unbindable source.
public func bind(_ source: FilePath, onto target: FilePath, _ options: MountOptions = .parse(["bind"])) throws(KernelError) {
    try detachedCopy(of: source, recursive: options.recursive).borrow { (mount) throws(KernelError) in try place(mount, at: target, options) }
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
