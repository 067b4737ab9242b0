// The acts behind the longer steps of ContainerSteps.swift: taking from the host, mounting, filling /dev. Inside the new root paths are plain
// text: whatever link an image has planted ends inside it. Only magic links (/proc/PID/fd) could lead elsewhere, so a mount point is
// looked up with openat2, which does not follow those. man 2 openat2, open_tree, mount. Chapter 06.

import Cgroups
import Explain
import Linux
import Mounts
import OCI
import Rootfs

extension FirstChild {
    /// Whether anything has to be fetched from the host before the root is entered.
    var needsHost: Bool {
        hasGate || plan.mounts.contains { !$0.kind.isFileSystem }
    }

    /// Whether /dev is ours to fill: a /dev of the host's, bound, must not be changed.
    var fillsDev: Bool {
        plan.mounts.contains { $0.target == "/dev" && $0.kind.isFileSystem }
    }

    func nameHost() throws(KernelError) {
        let spec = plan.bundle.spec
        if let name = spec.hostname, !name.isEmpty { try setHostname(name) }
        if let name = spec.domainname, !name.isEmpty { try setDomainname(name) }
    }

    /// Opens a detached copy of every bind's source, and the gate.
    func takeFromHost() throws(KernelError) {
        try holdGate()
        for (index, mount) in plan.mounts.enumerated() {
            switch mount.kind {
            case .fileSystem: continue
            case .bind(let source, let anchor): taken[index] = [try take(source, below: anchor, recursive: mount.options.recursive)]
            case .cgroup: taken[index] = try takeCgroups()
            }
        }
    }

    /// The container's own group in each tree; v1's are named after their controllers, a pure v2 needs no name.
    private func takeCgroups() throws(KernelError) -> [TakenTree] {
        var trees: [TakenTree] = []
        for tree in plan.cgroup.hierarchies.all {
            let isAlone = plan.cgroup.hierarchies.all.count == 1 && tree.version == .v2
            let name = isAlone ? "" : tree.mountPoint.lastComponent?.string ?? ""
            let group = try detachedCopy(of: tree.directory(of: plan.cgroup.path), recursive: false).release()
            trees.append(TakenTree(tree: group, isDirectory: true, name: name))
        }
        return trees
    }

    private func take(_ source: FilePath, below anchor: FilePath?, recursive: Bool) throws(KernelError) -> TakenTree {
        let tree = try detached(source, below: anchor, recursive: recursive).release()
        return TakenTree(tree: tree, isDirectory: try status(tree).kind == .directory, name: "")
    }

    private func detached(_ source: FilePath, below anchor: FilePath?, recursive: Bool) throws(KernelError) -> Descriptor {
        var rest = source
        guard let anchor, rest.removePrefix(anchor), !rest.isEmpty else { return try detachedCopy(of: source, recursive: recursive) }
        return try open(anchor, [.path, .directory]).borrow { (top) throws(KernelError) in
            let place = try openBeneath(top, rest, .path, resolve: [.beneath, .noSymbolicLinks, .noMagicLinks])
            return try place.borrow { (place) throws(KernelError) in try detachedCopy(of: place.procPath, recursive: recursive) }
        }
    }

    /// Mounts everything, in the spec's order.
    func mountAll() throws(StepError) {
        for (index, mount) in plan.mounts.enumerated() {
            try asking { () throws(KernelError) in
                switch mount.kind {
                case .fileSystem(let type, let source): try attachFileSystem(source, type, mount)
                case .bind: try placeAll(taken[index] ?? [], mount)
                case .cgroup: try placeCgroups(taken[index] ?? [], mount)
                }
            }
        }
    }

    private func attachFileSystem(_ source: String, _ type: String, _ mount: PlannedMount) throws(KernelError) {
        try ensure(mount.target, isDirectory: true, followLinks: type != "proc" && type != "sysfs")
        try attach(source, onto: mount.target, type: type, mount.options)
    }

    private func placeAll(_ trees: [TakenTree], _ mount: PlannedMount) throws(KernelError) {
        for tree in trees {
            try ensure(mount.target, isDirectory: tree.isDirectory)
            try place(tree.tree, at: mount.target, mount.options)
            _ = Descriptor(owning: tree.tree)
        }
    }

    /// One tree lies at the target itself; several get a tmpfs with a directory each.
    private func placeCgroups(_ trees: [TakenTree], _ mount: PlannedMount) throws(KernelError) {
        var options = mount.options
        options.data = []
        if let only = trees.first, only.name.isEmpty {
            try ensure(mount.target, isDirectory: true)
            return try place(only.tree, at: mount.target, options)
        }
        try ensure(mount.target, isDirectory: true)
        try attach("tmpfs", onto: mount.target, type: "tmpfs", .parse(["nosuid", "nodev", "noexec", "mode=755"]))
        for tree in trees {
            let target = mount.target.appending(tree.name)
            try makeDirectory(target)
            try place(tree.tree, at: target, options)
            _ = Descriptor(owning: tree.tree)
        }
        if options.flags.contains(.readOnly) { try makeReadOnly(mount.target) }
    }

    /// Makes a mount point if it is missing, on no path that leads through a magic link.
    /// - Throws: ELOOP where there is one, or (without `followLinks`) any symbolic link: /proc must be /proc.
    private func ensure(_ target: FilePath, isDirectory: Bool, followLinks: Bool = true) throws(KernelError) {
        try withRoot { (root) throws(KernelError) in
            if !followLinks {
                do throws(KernelError) {
                    _ = try openBeneath(root, target, [.path, .directory], resolve: [.inRoot, .noSymbolicLinks])
                    return
                } catch  where error.errno == noEntry {}
            }
            _ = isDirectory ? try ensureDirectory(beneath: root, target) : try ensureFile(beneath: root, target)
        }
    }

    /// Nodes and links; those in directories of an image's own are looked up like mount points.
    func makeDevices() throws(KernelError) {
        for node in plan.devices {
            let above = node.path.removingLastComponent()
            if above != "/dev" { try ensure(above, isDirectory: true) }
            try makeDevice(node)
        }
        try makeDeviceLinks()
    }
}

extension PlannedMount.Kind {
    var isFileSystem: Bool {
        if case .fileSystem = self { return true }
        return false
    }
}

/// ENOENT, man 3 errno.
private let noEntry: CInt = 2
