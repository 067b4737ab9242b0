// What mounting volumes into a root takes, as a list of steps in the order that the kernel demands.
import Explain
import Linux
import Mounts
import Rootfs
import Volumes

/// One mount: from where, and where to.
struct PlannedMount: Sendable {
    /// A path of the host; nil for memory.
    let source: FilePath?
    /// From here on the way to the source is walked through no link.
    let anchor: FilePath?
    /// From the new root.
    let target: FilePath
    let options: MountOptions
}

/// What to mount, and where.
struct RootPlan: Sendable {
    let root: FilePath
    /// Parents before children.
    let mounts: [PlannedMount]

    init(_ root: FilePath, volumes: [String], tmpfs: [String], _ store: VolumeStore, user: String) throws {
        self.root = root
        var mounts: [PlannedMount] = []
        for text in volumes { mounts.append(try mount(of: MountNotation(text), in: root, store, user)) }
        for text in tmpfs {
            let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
            let words = parts.count > 1 ? parts[1].split(separator: ",").map(String.init) : []
            mounts.append(
                PlannedMount(source: nil, anchor: nil, target: FilePath(cleaned(parts.first ?? "/")), options: .parse(["noexec", "nosuid", "nodev"] + words)))
        }
        self.mounts = mounts.sorted { $0.target.components.count < $1.target.components.count }
    }
}

/// Makes and fills a volume where it is one.
private func mount(of notation: MountNotation, in root: FilePath, _ store: VolumeStore, _ user: String) throws -> PlannedMount {
    let words = ["rbind", notation.propagation ?? "rprivate"] + (notation.isReadOnly ? ["ro"] : []), target = FilePath(notation.target)
    var wish = VolumeWish()
    switch notation.source {
    case .path(let path): return PlannedMount(source: FilePath(path), anchor: nil, target: target, options: .parse(words))
    case .volume(let name): wish.name = name
    case .anonymous: break
    }
    let volume = try store.claim(wish, for: VolumeUse(container: user, isAnonymous: wish.name == nil))
    if notation.isFilled { _ = try store.fill(volume, from: [root], at: target) }
    switch try volume.backing {
    case .memory(let own): return PlannedMount(source: nil, anchor: nil, target: target, options: .parse(["noexec", "nosuid", "nodev"] + own))
    case .bind(let device, let own): return PlannedMount(source: device, anchor: nil, target: target, options: .parse(words + own))
    case .directory: return PlannedMount(source: try store.source(of: volume), anchor: store.root, target: target, options: .parse(words))
    }
}

/// The steps of `slip-volume mount`.
let rootSteps: [Step<RootPlan>] = [
    Step("new mount namespace", because: "what is mounted from here on shall be seen by this command alone, and end with it", chapter: 3) {
        (_) throws(KernelError) in try unshare(.mount)
    },
    Step("hear the host, but be not heard", because: "where the host's / is shared, our mounts would reach it through the copy", chapter: 2) {
        (_) throws(KernelError) in try setPropagation("/", .slave)
    },
    Step("a mount of the root's own", because: "pivot_root wants a mount, and what is mounted below it shall lie in nobody else's", chapter: 2) {
        (plan) throws(KernelError) in try Mounts.bind(plan.root, onto: plan.root, .parse(["rbind"]))
    },
    Step("/proc, /dev, /sys", because: "hardly any program runs without them; volumes come later, so that they may cover them", chapter: 2) {
        (plan) throws(KernelError) in
        try open(plan.root, [.path, .directory]).borrow { (root) throws(KernelError) in
            try mountBasics { (path) throws(KernelError) in try ensureDirectory(beneath: root, path) }
        }
    },
    Step(
        "the volumes", because: "parents before children; the way to a volume and the way to its target are each walked beneath what is ours, through no link",
        chapter: 10, when: { !$0.mounts.isEmpty }
    ) {
        (plan) throws(KernelError) in
        try open(plan.root, [.path, .directory]).borrow { (root) throws(KernelError) in
            for mount in plan.mounts { try mount.mount(beneath: root) }
        }
    },
    Step("swap the root", because: "from here on the host's files are out of sight, and the volumes are all that is left of them", chapter: 2) {
        (plan) throws(KernelError) in try pivot(to: plan.root)
    }
]

extension PlannedMount {
    func mount(beneath root: FileDescriptor) throws(KernelError) {
        guard let source else {
            return try ensureDirectory(beneath: root, target).borrow { (place) throws(KernelError) in
                try attach("tmpfs", onto: place.procPath, type: "tmpfs", options)
            }
        }
        let opened = try open(source)
        try opened.borrow { (opened) throws(KernelError) in
            let isDirectory = try status(opened).kind == .directory
            let place = isDirectory ? try ensureDirectory(beneath: root, target) : try ensureFile(beneath: root, target)
            try place.borrow { (place) throws(KernelError) in try Mounts.bind(opened.procPath, onto: place.procPath, options) }
        }
    }

    private func open(_ source: FilePath) throws(KernelError) -> Descriptor {
        var rest = source
        guard let anchor, rest.removePrefix(anchor), !rest.isEmpty else { return try Linux.open(source, .path) }
        return try Linux.open(anchor, [.path, .directory]).borrow { (anchor) throws(KernelError) in
            try openBeneath(anchor, rest, .path, resolve: [.beneath, .noSymbolicLinks, .noMagicLinks])
        }
    }
}
