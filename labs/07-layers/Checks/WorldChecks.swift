// The exercise at work: two layers, unpacked by slip-layer, seen through the kernel's overlayfs and as one tree.
import Linux
import Testing

private let lower = ["app/config", "app/cache/one", "app/cache/two", "app/.draft", "app/notes.wh.txt", "data/old", "data/deep/older", "motd", "shadow"]
private let upper = ["app/.wh.config", "app/.wh..draft", "app/.wh.cache", "data/.wh..wh..opq", "data/new", ".wh.motd", ".wh..wh.plnk", "shadow"]
private let seen = ["app/notes.wh.txt", "data/new", "shadow"]

@Suite("Lab 07: the world")
struct WorldChecks {
    @Test("Two layers make the tree that the kernel shows, and the same as plain files")
    func worldApplied() throws {
        guard effectiveUser() == 0 else { throw Unverified("needs root: a whiteout is a device 0/0, and overlayfs is mounted") }
        let place = try Place(), stack = place.path.appending("stack"), view = place.path.appending("view"), tree = place.path.appending("tree")
        defer { try? removeTree(place.path) }  // the sandbox's /tmp goes with the sandbox
        let layers = [try place.layer("lower", lower), try place.layer("upper", upper)]
        try apply(["--stack"] + layers, to: stack)
        try makeDirectories(view)
        try prepare("mount", "-t", "overlay", "overlay", "-o", "lowerdir=\(stack)/02:\(stack)/01", "\(view)")
        let overlaid = try files(below: view)
        try prepare("umount", "\(view)")
        try compare(overlaid, "overlayfs")
        try apply(layers, to: tree)
        try compare(try files(below: tree), "slip-layer apply")
    }

    private func apply(_ words: [String], to target: FilePath) throws {
        let outcome = try run([try tool("slip-layer"), "apply"] + words + [target.string])
        guard outcome.code == 0 else { throw Sign("ended", "\(outcome.code)", outcome.output.split(separator: "\n").last.map(String.init) ?? "") }
    }

    private func compare(_ found: [String], _ who: String) throws {
        if let lost = seen.first(where: { !found.contains($0) }) { throw Sign("lost", lost, who) }
        if let there = found.first(where: { !seen.contains($0) }) { throw Sign(lower.contains(there) ? "stays" : "made", there, who) }
    }
}
