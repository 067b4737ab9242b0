// What mounting a stack takes, as a list of steps in the order that the kernel demands.
import Explain
import Linux
import Mounts

/// What to mount, with every path made whole: the steps change directories.
struct StackPlan: Sendable {
    /// Topmost first, as overlayfs wants them.
    let lower: [FilePath]
    let place: FilePath
    /// Takes the changes; nil for a read-only stack.
    let upper: FilePath?
    let work: FilePath?
    /// Whether the changes go to a file system in memory, which ends with the mount namespace.
    let isThrowAway: Bool

    init(layers: [String], at place: String, upper: String?, readOnly: Bool) throws {
        lower = try layers.reversed().map { (layer) throws in try whole(FilePath(layer)) }
        self.place = try whole(FilePath(place))
        isThrowAway = upper == nil && !readOnly
        if let upper {
            try makeDirectories(FilePath(upper))
            let path = try whole(FilePath(upper))
            self.upper = path
            work = path.removingLastComponent().appending(".\(path.lastComponent?.string ?? "upper").work-\(currentProcess())")
        } else {
            self.upper = readOnly ? nil : self.place.appending("upper")
            work = readOnly ? nil : self.place.appending("work")
        }
    }

    /// overlayfs' own directory is no use to anybody once the mount is gone. Called outside of it, or it would be busy.
    func removeWork() throws {
        guard let work, !isThrowAway else { return }
        try changeDirectory("/")
        try unmount(place, .detach)
        try removeTree(work)
    }
}

extension StackPlan {
    /// After a mount that failed.
    func forgetWork() {
        if let work, !isThrowAway { try? removeTree(work) }  // it may not have been made; what failed is the error to tell
    }
}

/// The steps of `slip-layer mount`.
let stackSteps: [Step<StackPlan>] = [
    Step("new mount namespace", because: "what is mounted from here on shall be seen by this command alone, and end with it", chapter: 3) {
        (_) throws(KernelError) in try unshare(.mount)
    },
    Step("hear the host, but be not heard", because: "where the host's / is shared, our mount would reach it through the copy", chapter: 2) {
        (_) throws(KernelError) in try setPropagation("/", .slave)
    },
    Step("memory for what is written", because: "no --upper is given, so the changes are thrown away", chapter: 2, when: { $0.isThrowAway }) {
        (plan) throws(KernelError) in try attach("tmpfs", onto: plan.place, type: "tmpfs", .parse(["nosuid", "nodev", "mode=700"]))
    },
    Step(
        "upper and work directory", because: "changes go to upper; overlayfs prepares them in work, on the same file system", chapter: 7,
        when: { $0.upper != nil }
    ) {
        (plan) throws(KernelError) in
        if plan.isThrowAway, let upper = plan.upper {
            try makeDirectory(upper)
            let top = try status(plan.lower[0])  // the root of an overlay has the owner and mode of its uppermost directory
            try changeOwner(upper, user: top.user, group: top.group)
            try changeMode(upper, top.mode & 0o7777)
        }
        if let work = plan.work { try makeDirectory(work, mode: 0o700) }
    },
    Step(
        "the overlay", because: "the kernel looks each name up from the top layer down; redirects and their like are off, so that upper is the difference",
        chapter: 7
    ) {
        (plan) throws(KernelError) in try mountOverlay(Overlay(lower: plan.lower, upper: plan.upper, work: plan.work), at: plan.place)
    },
    Step("go there", because: "a working directory that was chosen before a mount still is the place beneath it", chapter: 1) {
        (plan) throws(KernelError) in try changeDirectory(plan.place)
    }
]

/// The path from the root, without links. The kernel knows it of every open directory.
func whole(_ path: FilePath) throws(KernelError) -> FilePath {
    let place = try open(path, [.path, .directory])
    return FilePath(try place.borrow { (place) throws(KernelError) in try readLink(FilePath("/proc/self/fd/\(place.rawValue)")) })
}
