// overlayfs: read-only directories stacked under one that takes the changes. An image's layers are the lower ones, and what a container
// writes is the upper one. We always switch off redirect_dir, metacopy and index: with them, the upper directory would hold references
// into layers; without, it *is* the difference, and can be packed as the next layer.
//
// mount(2) takes 4,096 bytes of options, and sixty layers with long paths do not fit (the kernel then says a misleading ENOENT). fsconfig(2)
// takes one layer at a time (`lowerdir+`, newer kernels), up to 255 bytes each. Paths that do not fit, or hold characters with a meaning in the
// options, are named by an open descriptor instead. Linux's Documentation/filesystems/overlayfs.rst. Chapter 07; mounting is chapter 02.
public import Linux

/// An overlay to mount.
public struct Overlay: Sendable, Equatable {
    /// Read-only directories, the topmost first, as overlayfs wants them. At least one.
    public let lower: [FilePath]
    /// Takes the changes; nil for a read-only view.
    public let upper: FilePath?
    /// An empty directory on the file system of `upper`, for overlayfs itself.
    public let work: FilePath?

    /// Describes an overlay; `upper` and `work` are given both or neither.
    public init(lower: [FilePath], upper: FilePath? = nil, work: FilePath? = nil) {
        precondition(!lower.isEmpty && (upper == nil) == (work == nil))
        (self.lower, self.upper, self.work) = (lower, upper, work)
    }
}

/// Mounts an overlay at `target`. man 2 fsopen, fsconfig; man 2 mount on older kernels.
/// - Parameter byParts: whether the kernel takes layers one by one; false does as on kernels that do not
/// - Throws: ENODEV without overlayfs; ENOENT or ENOTDIR for a layer that is not there; EINVAL for an upper directory on a file system that
///   cannot be one (another overlay, for instance).
public func mountOverlay(_ overlay: Overlay, at target: FilePath, byParts: Bool = Features.current.overlayLowerByOne) throws(KernelError) {
    if overlay.upper == nil, overlay.lower.count == 1 {  // overlayfs wants two directories: one alone needs no overlay
        return try bind(overlay.lower[0], onto: target, .parse(["bind", "ro"]))
    }
    var held: [FileDescriptor] = []
    defer { for descriptor in held { _ = Descriptor(owning: descriptor) } }
    let fitsOneCall = overlay.lower.reduce(0) { $0 + "\($1)".utf8.count + 1 } < 3000
    let longest = byParts || fitsOneCall ? 255 : 0
    let lower = try overlay.lower.map { (path) throws(KernelError) in try name(path, longest, &held) }
    var settings: [(key: String, value: String)] = []
    if let upper = overlay.upper, let work = overlay.work {
        settings = [("upperdir", try name(upper, longest, &held)), ("workdir", try name(work, longest, &held))]
    }
    settings += [("redirect_dir", "off"), ("metacopy", "off"), ("index", "off")]
    if byParts { return try mountByParts(lower, settings, at: target) }
    let layers = lower.joined(separator: ":")
    let whole = ([("lowerdir", layers)] + settings).map { "\($0.0)=\($0.1)" }.joined(separator: ",")
    try mount("overlay", onto: target, type: "overlay", data: whole)
}

/// The path itself, or where it is too long or holds a character with a meaning, a descriptor's name for it, which is added to `held`.
private func name(_ path: FilePath, _ longest: Int, _ held: inout [FileDescriptor]) throws(KernelError) -> String {
    let text = "\(path)"
    guard text.utf8.count > longest || text.contains(where: { ":,\\".contains($0) }) else { return text }
    let descriptor = try open(path, [.path, .directory]).release()
    held.append(descriptor)
    return "/proc/self/fd/\(descriptor.rawValue)"
}

/// Builds the overlay option by option.
private func mountByParts(_ lower: [String], _ settings: [(key: String, value: String)], at target: FilePath) throws(KernelError) {
    let context = try openFileSystem("overlay")
    let mounted = try context.borrow { (descriptor) throws(KernelError) in
        try configure(descriptor, "source", "overlay")
        for path in lower { try configure(descriptor, "lowerdir+", path) }
        for (key, value) in settings { try configure(descriptor, key, value) }
        return try mountFileSystem(descriptor)
    }
    try mounted.borrow { (descriptor) throws(KernelError) in try moveMount(descriptor, onto: target) }
}
