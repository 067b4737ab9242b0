// A container's tree as its inhabitants see it becomes this process's root, and there is nothing else any more.
//
//      running     setns into the mount namespace of the container's first process, and at once into a copy of it (unshare): what happens there
//                  from now on happens without us, and what we take down is our copy. The kernel's own file systems go: /proc would lead out of
//                  the tree (magic links) and into the machine's memory (kcore), /dev to its devices.
//      stopped     an overlay of the container's layers with the volumes in it. To look, the container's own layer is read-only like the rest, below
//                  one in memory that only takes the mount points which are missing; to write, it is what it is when the container runs.
//
// Mount points are looked up beneath the root by openat2, for the container may have put links there. man 2 setns, unshare, openat2; Linux's
// Documentation/filesystems/overlayfs.rst; chapters 02, 03 and 07.

import Glibc
import Linux
import Mounts
import Trees

/// Which mounts of a running container are seen.
enum Scope {
    /// Its volumes, binds and memory, but none of the kernel's file systems.
    case volumes
    /// The root alone: where something is mounted, the directory beneath it.
    case root
}

/// Makes a container's tree this process's root, and confines it there.
func enter(_ view: ViewRequest, _ access: Access, _ scope: Scope = .volumes) throws(TreesError) {
    switch view {
    case .running:
        try confine(access) { () throws(KernelError) in try join(FileDescriptor(rawValue: Number.process), scope) }
    case .stopped(let parts):
        try confine(to: FilePath(parts.upper), access) { () throws(KernelError) in try assemble(parts, access, scope) }
    }
}

// MARK: Running

private func join(_ process: FileDescriptor, _ scope: Scope) throws(KernelError) {
    // There is no /proc of ours where we go.
    let own = try open("/proc/self", [.path, .directory])
    try setNamespace(process, [.mount])
    try unshare([.mount])
    try setPropagation("/", .private)
    try own.borrow { (own) throws(KernelError) in try detachMounts(listedBy: own, scope) }
    try changeDirectory("/")
}

/// Takes down what is not to be seen, until nothing of it is left: directories above a mount can be renamed in the middle of it.
private func detachMounts(listedBy own: FileDescriptor, _ scope: Scope) throws(KernelError) {
    for _ in 0..<100 {
        let list = try open("mountinfo", .readOnly, at: own)
        let text = try list.borrow { (list) throws(KernelError) in try readAll(list) }
        let unwanted = MountInfo.parse(String(decoding: text, as: UTF8.self)).filter { isUnwanted($0, scope) }
        guard !unwanted.isEmpty else { return }
        for mount in unwanted {
            // Detaching takes what lies below along, so that later ones may be gone already; the next look tells.
            try? unmount(FilePath(mount.mountPoint), [.detach, .noFollow])  // as said
        }
    }
    throw KernelError(call: "umount2", subject: "the container's mounts", errno: EBUSY)
}

private func isUnwanted(_ mount: MountInfo, _ scope: Scope) -> Bool {
    guard mount.mountPoint != "/" else { return false }
    return scope == .root || kernelFileSystems.contains(mount.type) || mount.mountPoint == "/dev" || mount.mountPoint.hasPrefix("/dev/")
}

/// What the kernel shows of itself.
private let kernelFileSystems: Set<String> = [
    "proc", "sysfs", "cgroup", "cgroup2", "mqueue", "devpts", "devtmpfs", "debugfs", "tracefs", "securityfs", "bpf", "pstore", "configfs", "efivarfs",
    "fusectl", "binfmt_misc", "selinuxfs", "autofs", "nsfs"
]

// MARK: Stopped

/// Mounts everything over the container's upper directory, which serves as a place only this namespace sees changed.
private func assemble(_ parts: StoppedTree, _ access: Access, _ scope: Scope) throws(KernelError) {
    let upper = FilePath(parts.upper), work = FilePath(parts.work), lower = parts.lower.map { FilePath($0) }
    if access.writes {
        try mountOverlay(Overlay(lower: lower, upper: upper, work: work), at: upper)
    } else {
        let status = try status(upper)
        try mount("none", onto: work, type: "tmpfs", data: "size=4m,mode=700")
        let top = work.appending("upper")
        try makeDirectory(top)
        try makeDirectory(work.appending("work"))
        try changeOwner(top, user: status.user, group: status.group)
        try changeMode(top, status.mode & 0o7777)
        try mountOverlay(Overlay(lower: [upper] + lower, upper: top, work: work.appending("work")), at: upper)
    }
    let root = try open(upper, [.path, .directory])
    try root.borrow { (root) throws(KernelError) in
        if scope == .volumes { for one in parts.mounts { try place(one, beneath: root) } }
    }
    if parts.isReadOnly { try setMountAttributes(upper, set: .readOnly) }
}

/// A source that is not there any more is not seen, and no reason to see nothing else.
private func place(_ wanted: TreeMount, beneath root: FileDescriptor) throws(KernelError) {
    guard let source = try unlessMissing({ () throws(KernelError) in try detachedCopy(of: wanted) }) else { return }
    try source.borrow { (source) throws(KernelError) in
        let isDirectory = try status(source).kind == .directory
        if wanted.isReadOnly { try setMountAttributes(of: source, set: .readOnly, recursive: true) }
        let point = try mountPoint(FilePath(wanted.destination), isDirectory: isDirectory, beneath: root)
        try point.borrow { (point) throws(KernelError) in try moveMount(source, onto: FilePath("/proc/self/fd/\(point.rawValue)")) }
    }
}

private func detachedCopy(of wanted: TreeMount) throws(KernelError) -> Descriptor {
    guard let anchor = wanted.anchor.map({ FilePath($0) }) else { return try detachedCopy(of: FilePath(wanted.source), recursive: true) }
    var rest = FilePath(wanted.source)
    guard rest.removePrefix(anchor) else { throw KernelError(call: "open", subject: wanted.source, errno: EXDEV) }
    let directory = try open(anchor, [.path, .directory])
    let source = try directory.borrow { (directory) throws(KernelError) in
        try openBeneath(directory, rest.isEmpty ? "." : rest, .path, resolve: [.beneath, .noSymbolicLinks, .noMagicLinks])
    }
    return try detachedCopy(of: FilePath("/proc/self/fd/\(source.number)"), recursive: true)
}

/// The place of a mount, made where it is missing: as the container's start would.
private func mountPoint(_ path: FilePath, isDirectory: Bool, beneath root: FileDescriptor) throws(KernelError) -> Descriptor {
    var place = FilePath("."), parts = Array(path.components)
    let last = parts.popLast()
    for part in parts {
        place = place.appending(part)
        try makeDirectoryUnlessThere(place, beneath: root)
    }
    guard let last else { return try openBeneath(root, ".", [.path, .directory]) }
    if isDirectory {
        try makeDirectoryUnlessThere(place.appending(last), beneath: root)
    } else if try unlessMissing({ () throws(KernelError) in try openBeneath(root, place.appending(last), .path) }) == nil {
        _ = try openBeneath(root, place.appending(last), [.writeOnly, .create, .noFollow], mode: 0o644)
    }
    return try openBeneath(root, place.appending(last), .path)
}

private func makeDirectoryUnlessThere(_ path: FilePath, beneath root: FileDescriptor) throws(KernelError) {
    guard try unlessMissing({ () throws(KernelError) in try openBeneath(root, path, .path) }) == nil else { return }
    let parent = path.removingLastComponent(), name = path.lastComponent.map { FilePath(root: nil, [$0]) } ?? "."
    let directory = try openBeneath(root, parent.isEmpty ? "." : parent, [.path, .directory])
    try directory.borrow { (directory) throws(KernelError) in try makeDirectory(name, mode: 0o755, at: directory) }
}
