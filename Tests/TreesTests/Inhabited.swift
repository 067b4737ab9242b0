// A tree as containers have it, in both states: layers and a volume on disk, and a process that lives in them.

import Foundation
import Linux
import Testing
import Trees

/// Layers of a container in a folder: `image` below, `upper` with what was written, a volume at `/data`, one that is read-only at `/fixed`.
struct Inhabited {
    let place: Place
    var image: FilePath { place.path.appending("image") }
    var upper: FilePath { place.path.appending("own/upper") }
    var isReadOnly = false

    var stopped: ContainerTree {
        let mounts = [
            TreeMount(place.path.appending("volume").string, at: "/data"), TreeMount(place.path.appending("fixed").string, at: "/made/fixed", isReadOnly: true)
        ]
        return .stopped(
            StoppedTree(lower: [image], upper: upper, work: place.path.appending("own/work"), mounts: mounts, isReadOnly: isReadOnly))
    }

    init(_ place: Place) throws {
        self.place = place
        let script = """
            set -e; cd \(place.path.string); mkdir -p image/bin image/etc image/dir/sub image/old own/upper own/work volume fixed
            cp /bin/busybox image/bin/busybox; echo quite-secret >/tmp/outside-\(getpid())
            printf 'root:x:0:0::/:/bin/sh\\nme:x:1000:1001::/:/bin/sh\\n' >image/etc/passwd; printf 'staff:x:50:\\n' >image/etc/group
            echo one >image/dir/one; echo two >image/dir/sub/two; echo was >image/old/was; ln -s /dir image/link; ln -s /tmp/outside-\(getpid()) image/out
            ln -s ../../../../etc/passwd image/up; echo kept >volume/kept; echo fixed >fixed/f
            """
        try shell(script)
    }

    /// Runs `body` with the tree of a process whose root is an overlay of the layers, pivoted to as containers are.
    func withRunning(_ command: String, _ body: (ContainerTree) throws -> Void) throws {
        let root = place.path.appending("merged").string
        let script = """
            set -e; mkdir -p \(root); mount -t overlay none -o lowerdir=\(image),upperdir=\(upper),workdir=\(place.path.appending("own/work")) \(root)
            cd \(root); mkdir -p data proc dev made/fixed put; mount --bind \(place.path.appending("volume")) data; mount -t proc proc proc; mount -t tmpfs dev dev
            mount --bind \(place.path.appending("fixed")) made/fixed; mount -o remount,bind,ro made/fixed
            pivot_root . put; cd /; exec /bin/busybox sh -c 'busybox umount -l /put; busybox rmdir /put; : >/ready; \(command)'
            """
        let child = try spawn(
            Spawn("/usr/bin/unshare", ["unshare", "-m", "--propagation", "private", "sh", "-c", script], environment: ["PATH=/usr/bin:/bin:/usr/sbin:/sbin"]))
        defer {
            child.descriptor.borrow { process in
                try? send(.kill, to: process)  // ended by itself
                _ = try? wait(process)  // as above
            }
        }
        try #require(eventually { exists(upper.appending("ready")) })
        let process = try child.descriptor.borrow { try duplicate($0) }
        try body(.running(TreeProcess(process)))
    }
}

func withInhabited(_ body: (Inhabited) throws -> Void) throws {
    try withPlace { place in
        defer { try? remove(FilePath("/tmp/outside-\(getpid())")) }  // made by `init`
        try body(Inhabited(place))
    }
}

/// Runs a script and insists on its success.
func shell(_ script: String) throws {
    let child = try spawn(Spawn("/bin/sh", ["sh", "-c", script], environment: ["PATH=/usr/bin:/bin:/usr/sbin:/sbin"]))
    let status = try child.descriptor.borrow { try wait($0) }
    try #require(status == .exited(0), "\(script)")
}

/// Whether something comes true within ten seconds.
func eventually(_ isTrue: () throws -> Bool) rethrows -> Bool {
    for _ in 0..<500 {
        if try isTrue() { return true }
        usleep(20_000)
    }
    return false
}

extension TreeHelper {
    /// The names and contents of a tar of `path`.
    func listed(_ path: String, of tree: ContainerTree) throws -> [String: String] { try contents(of: archive(path, of: tree).tar) }

    func put(_ tar: [UInt8], into path: String, of tree: ContainerTree, _ options: ExtractOptions = ExtractOptions()) throws -> Extracted {
        let input = try extract(into: path, of: tree, options)
        try input.write(tar)
        return try input.finish()
    }
}

/// What tar(1) reads in a stream: names, each with its contents.
func contents(of stream: TreeStream) throws -> [String: String] {
    let folder = URL(filePath: "/tmp/slipway-listed-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }  // made above
    var bytes: [UInt8] = []
    while let more = try stream.next() { bytes += more }
    try Data(bytes).write(to: folder.appending(path: "tar"))
    try shell("cd \(folder.path) && mkdir x && tar -tPf tar >names && tar -xf tar -C x 2>/dev/null")
    var found: [String: String] = [:]
    for name in try String(contentsOf: folder.appending(path: "names"), encoding: .utf8).split(separator: "\n") {
        let file = FilePath(folder.path).appending("x").appending(FilePath(String(name)).components)
        found[String(name)] = try status(file, followLinks: false).kind == .file ? readText(file) : ""
    }
    return found
}
