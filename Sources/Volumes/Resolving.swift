// From a volume to the place whose files a container gets. `_data` is shown to containers, but what lies above it is ours alone; whoever puts a
// symbolic link in its place (or has a volume restored from a stranger's archive) would have us mount what the link says: /etc, for instance.
// So the way is walked by the kernel in one call that stops at any link, beneath our own directory. What lies below `_data` belongs to
// containers, and there a subpath is walked by the same rule. man 2 openat2. Chapter 10.

import Glibc
public import Linux

/// How paths of volumes are walked: downwards only, and through no link of any kind.
private let straightDown: Resolve = [.beneath, .noSymbolicLinks, .noMagicLinks]

extension VolumeStore {
    /// The directory of a volume's files.
    /// - Parameter subpath: a directory or file below it; relative, empty for the whole
    /// - Returns: an absolute path without links, as it was a moment ago. Whoever mounts it later walks it by the same rule again, from `anchor`.
    /// - Throws: `.spoilt` where it is missing or where a link is on the way.
    public func source(of volume: Volume, subpath: String = "") throws(VolumesError) -> FilePath {
        let place = try anchor(of: volume)
        guard !subpath.isEmpty else {
            _ = try data(of: volume)
            return place
        }
        guard isLocal(subpath) else { throw .badNotation("subpath must be a relative path within the volume") }
        let path = FilePath(subpath).lexicallyNormalized()
        try data(of: volume).borrow { (data) throws(VolumesError) in
            _ = try unspoilt(volume, place.pushing(path)) { () throws(KernelError) in try openBeneath(data, path, .path, resolve: straightDown) }
        }
        return place.pushing(path)
    }

    /// The directory from which a subpath is walked: it is not in any container's reach.
    public func anchor(of volume: Volume) throws(VolumesError) -> FilePath {
        if case .bind(let device, _) = try volume.backing { return device }
        return mountpoint(of: volume.name)
    }

    /// Opens the directory that is filled and shown.
    func data(of volume: Volume) throws(VolumesError) -> Descriptor {
        guard case .bind(let device, _) = try volume.backing else { return try dataDirectory(of: volume.name) }
        return try unspoilt(volume.name, device) { () throws(KernelError) in try open(device, [.readOnly, .directory]) }
    }

    /// Opens `NAME/_data` beneath our directory.
    func dataDirectory(of name: String) throws(VolumesError) -> Descriptor {
        try unspoilt(name, mountpoint(of: name)) { () throws(KernelError) in
            try folder.borrow { (folder) throws(KernelError) in
                try openBeneath(folder, FilePath("\(name)/_data"), [.readOnly, .directory], resolve: straightDown)
            }
        }
    }

    private func unspoilt(_ volume: Volume, _ path: FilePath, _ open: () throws(KernelError) -> Descriptor) throws(VolumesError) -> Descriptor {
        try unspoilt(volume.name, path, open)
    }

    private func unspoilt(_ name: String, _ path: FilePath, _ open: () throws(KernelError) -> Descriptor) throws(VolumesError) -> Descriptor {
        do throws(KernelError) {
            return try open()
        } catch {
            switch error.errno {
            case ENOENT: throw .spoilt(name, path: path, why: "no such file or directory")
            case ELOOP, EXDEV: throw .spoilt(name, path: path, why: "a symbolic link is on the way, and volumes follow none")
            case ENOTDIR: throw .spoilt(name, path: path, why: "not a directory")
            default: throw .kernel(error)
            }
        }
    }
}

/// Whether a path stays below where it starts, as text.
public func isLocal(_ path: String) -> Bool {
    var depth = 0
    guard !path.isEmpty, !path.hasPrefix("/") else { return false }
    for part in path.split(separator: "/") where part != "." {
        depth += part == ".." ? -1 : 1
        if depth < 0 { return false }
    }
    return true
}
