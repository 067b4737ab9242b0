// Files as the image has them: an image with every kind of entry, and stacks as deep as the kernel takes, pulled from Debian's registry and looked
// at through the mount namespace of a container that runs. The judge is `umoci unpack` of the same image.
import Foundation
import Testing

@Suite("A pulled image's files are the image's files", .enabled(if: Machine.hasUmoci, Machine.whyNoUmoci), .serialized)
struct LayerFidelityTests {
    @Test(
        "mode, owner, times, attributes, capability, links, devices and names are equal to `umoci unpack`, seen from inside a container",
        arguments: ["gzip", "zstd"])
    func everyKind(compression: String) throws {
        let layouts = try Layouts(), registry = try GenuineRegistry(), bed = try Testbed("fidelity", image: false)
        let made = try run(["python3", "-B", fixture("hardcases.py"), layouts.path, "hard", "/bin/busybox"])
        try #require(made.status == 0, "\(made)")
        let bundle = layouts.folder.appending(path: "bundle").path
        let unpacked = try run(["umoci", "unpack", "--image", "\(layouts.path):hard", bundle])
        try #require(unpacked.status == 0, "\(unpacked)")
        if compression == "zstd" { try recompress(layouts) }
        let name = try registry.fill("hard:1", from: "\(layouts.path):hard")
        let pulled = try bed.slipway("pull", name)
        try #require(pulled.status == 0, "\(pulled)\n\(bed.daemonLog)")
        try bed.slipway("run", "-d", "--name", "looked-at", "--network", "none", name, "/bin/sleep", "1000")
        let process = try bed.slipway("inspect", "-f", "{{.State.Pid}}", "looked-at").line
        let ours = try look("/proc/\(process)/root"), theirs = try look("\(bundle)/rootfs")
        #expect(theirs.count > 130)
        #expect(Set(ours.keys) == Set(theirs.keys))
        for (file, line) in theirs { #expect(ours[file] == line, "\(file)") }
        let holes = try run(["python3", "-B", fixture("hardcases.py"), "--holes", "/proc/\(process)/root"])
        #expect(holes.lines.count == 3 && holes.lines.allSatisfy { $0.hasSuffix("sparse") }, "\(holes)")
    }

    /// The same image with layers that zstd compressed.
    private func recompress(_ layouts: Layouts) throws {
        try layouts.python(
            """
            import gzip, json
            old = Layout(FOLDER)
            def read(one): return open(f"{FOLDER}/blobs/sha256/{one['digest'][7:]}", "rb").read()
            manifest = json.loads(read(old.index["manifests"][0]))
            old.image("hard", [gzip.decompress(read(layer)) for layer in manifest["layers"]], "zstd")
            """)
    }

    /// Files by name, each as one line. umoci leaves the moment of unpacking on directories that a layer only passes through; there, and only
    /// there, the time is not compared.
    private func look(_ root: String) throws -> [String: String] {
        let outcome = try run(["python3", "-B", fixture("hardcases.py"), "--look", root])
        try #require(outcome.status == 0, "\(outcome)")
        var found: [String: String] = [:]
        for line in outcome.lines {
            guard var file = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], let name = file["name"] as? String else { continue }
            if passedThrough.contains(name) { file["mtime"] = nil }
            found[name] = String(decoding: try JSONSerialization.data(withJSONObject: file, options: .sortedKeys), as: UTF8.self)
        }
        return found
    }

    private let passedThrough = Set([
        "data", "data/deep", "data/deep/er", "implied", "implied/not", "implied/not/there", "replaced", "usr", "hidden"
    ]).union((1...80).map { Array(repeating: "long", count: $0).joined(separator: "/") })

    @Test("a directory that an upper layer only implies keeps what the layer below gave it, its time included")
    func impliedDirectories() throws {
        let layouts = try Layouts(), registry = try GenuineRegistry(), bed = try Testbed("implied", image: false)
        _ = try run(["python3", "-B", fixture("hardcases.py"), layouts.path, "hard", "/bin/busybox"])
        let name = try registry.fill("hard:1", from: "\(layouts.path):hard")
        let outcome = try bed.slipway("run", "--rm", "--network", "none", name, "/bin/stat", "-c", "%a %u:%g %Y", "/implied")
        #expect(outcome.line == "750 7:8 1550000000", "\(outcome)")
    }

    @Test("125 layers mount and run")
    func manyLayers() throws {
        let layouts = try Layouts(), registry = try GenuineRegistry(), bed = try Testbed("many", image: false)
        try layouts.image("many", (1...124).map { ["layers/\($0)": "\($0)", "top": "\($0)"] })
        let name = try registry.fill("many:1", from: "\(layouts.path):many")
        let outcome = try bed.slipway("run", "--rm", "--network", "none", name, "/bin/sh", "-c", "ls /layers | wc -l; cat /top", seconds: 120)
        #expect(outcome.lines == ["124", "124"], "\(outcome)\n\(bed.daemonLog)")
    }
}
