// Directories that a layer's paths only implied: `a/b/c` without an entry for `a` or `a/b`. Unpacking made them with root's mode 0755; a
// container must see them as the layers below have them. No symbolic link is followed on the way, neither in the layer nor below: what a link
// leads to was not implied by this name. man 5 tar; OCI image-spec, layer.md; chapter 07.

import Linux
import Trees

/// Gives each implied directory of `layer` the mode, owner, attributes and times that the layers below have for it.
///
/// One that this layer hides below (it is opaque, or lies in an opaque directory) stays as it is: it is new.
func adoptDirectories(_ implied: [TreePath], of layer: FileDescriptor, from below: FileDescriptor) throws(TreesError) {
    var hiding = HidingDirectories(layer: layer)
    for directory in implied {
        try kernel(for: directory) { () throws(KernelError) in
            guard try !hiding.contain(directory.path), let original = try unfollowed(directory.path, beneath: below),
                let ours = try unfollowed(directory.path, beneath: layer)
            else { return }
            try original.borrow { (original) throws(KernelError) in try ours.borrow { (ours) throws(KernelError) in try copyAttributes(of: original, to: ours) }
            }
        }
    }
}

/// Which directories of a layer hide what lies below them. Looked up once each: implied directories come in long chains.
private struct HidingDirectories {
    let layer: FileDescriptor
    private var known: [FilePath: Bool] = ["": false]

    init(layer: FileDescriptor) { self.layer = layer }

    /// Whether `path` or a directory above it is opaque.
    mutating func contain(_ path: FilePath) throws(KernelError) -> Bool {
        var unknown: [FilePath] = [], place = path
        while known[place] == nil {
            unknown.append(place)
            place.removeLastComponent()
        }
        var isHiding = known[place] ?? false
        for place in unknown.reversed() {
            if !isHiding { isHiding = try isOpaque(place) }
            known[place] = isHiding
        }
        return isHiding
    }

    private func isOpaque(_ path: FilePath) throws(KernelError) -> Bool {
        guard let directory = try unfollowed(path, beneath: layer) else { return false }
        return try directory.borrow { (directory) throws(KernelError) in
            try changeDirectory(directory)
            return try attribute(opaqueMark, of: ".") == [UInt8(ascii: "y")]
        }
    }
}

/// overlayfs' mark of a directory that hides those of its name below.
let opaqueMark = "trusted.overlay.opaque"

/// The directory at `path`, or nil where there is none or a link is on the way.
private func unfollowed(_ path: FilePath, beneath root: FileDescriptor) throws(KernelError) -> Descriptor? {
    try unlessMissing { () throws(KernelError) in
        try openBeneath(root, path.isEmpty ? "." : path, [.readOnly, .directory, .noFollow], resolve: [.beneath, .noSymbolicLinks, .noMagicLinks])
    }
}

/// Owner, mode, attributes, times: in this order, since each changes what follows it. Attributes have no call that takes two descriptors, so the
/// directory becomes the working one.
private func copyAttributes(of original: FileDescriptor, to ours: FileDescriptor) throws(KernelError) {
    let status = try status(original)
    try changeOwner(ours, user: status.user, group: status.group)
    try changeMode(ours, status.mode & 0o7777)
    try changeDirectory(original)
    for name in try attributes(of: ".") where name.hasPrefix("user.") || name.hasPrefix("system.posix_acl_") {
        if let value = try attribute(name, of: ".") { try setAttribute(name, of: ours, to: value) }
    }
    try changeTimes(ours, seconds: status.modified.seconds, nanoseconds: status.modified.nanoseconds)
}
