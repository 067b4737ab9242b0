// Overlays and bind mounts on a real kernel, in the sandbox's mount namespace.
import Linux
import Mounts
import Testing

@Suite("Mounting", .enabled(if: Sandbox.isHere, Sandbox.why))
struct OverlayTests {
    /// A fresh tmpfs, gone afterwards with all that was mounted on it.
    private func withFolder(_ body: (FilePath) throws -> Void) throws {
        let folder = FilePath("/tmp/slipway-mounts-\(currentProcess())-\(UInt32.random(in: 0 ... .max))")
        try makeDirectory(folder)
        try mount("tmpfs", onto: folder, type: "tmpfs")
        defer {
            try? unmount(folder, [.detach])  // what is left is found by the sandbox
            try? removeDirectory(folder)
        }
        try body(folder)
    }

    private func layers(_ count: Int, in folder: FilePath, named name: (Int) -> String) throws -> [FilePath] {
        try (0..<count).map { number in
            let layer = folder.appending(name(number))
            try makeDirectories(layer)
            try writeFile(layer.appending("from-\(number)"), "")
            try writeFile(layer.appending("every"), "\(number)")
            return layer
        }
    }

    private func mountPoint(_ folder: FilePath) throws -> (merged: FilePath, upper: FilePath, work: FilePath) {
        let paths = (folder.appending("merged"), folder.appending("upper"), folder.appending("work"))
        for path in [paths.0, paths.1, paths.2] { try makeDirectory(path) }
        return paths
    }

    @Test("a hundred and twenty-five layers with long paths can be stacked, the first on top, on older kernels too", arguments: [true, false])
    func manyLayers(byParts: Bool) throws {
        try withFolder { folder in
            let long = String(repeating: "x", count: 200)
            let lower = try layers(125, in: folder) { "\(long)/\(long)/\($0)" }
            let (merged, upper, work) = try mountPoint(folder)
            try mountOverlay(Overlay(lower: lower, upper: upper, work: work), at: merged, byParts: byParts)
            #expect(try entries(merged).count == 126 && readText(merged.appending("every")) == "0")
        }
    }

    @Test("the upper directory is the difference, and nothing but it")
    func difference() throws {
        try withFolder { folder in
            let lower = try layers(2, in: folder) { "\($0)" }
            let (merged, upper, work) = try mountPoint(folder)
            try mountOverlay(Overlay(lower: lower, upper: upper, work: work), at: merged)
            try writeFile(merged.appending("new"), "new")
            try remove(merged.appending("from-1"))
            #expect(try Set(entries(upper)) == ["new", "from-1"])
            #expect(try status(upper.appending("from-1"), followLinks: false).kind == .characterDevice, "a whiteout")
            let options = try #require(try MountInfo.read().first { $0.mountPoint == "\(merged)" }).superOptions
            #expect(options.contains { $0.hasPrefix("upperdir=") })
            #expect(!options.contains("redirect_dir=on") && !options.contains("metacopy=on") && !options.contains("index=on"))
        }
    }

    @Test("colons, commas and backslashes in a path mean themselves", arguments: ["a:b", "a,b", #"a\b"#, "a b"], [true, false])
    func characters(_ name: String, byParts: Bool) throws {
        try withFolder { folder in
            let lower = try layers(2, in: folder) { "\(name)\($0)" }
            let (merged, upper, work) = try mountPoint(folder)
            try mountOverlay(Overlay(lower: lower, upper: upper, work: work), at: merged, byParts: byParts)
            #expect(try readText(merged.appending("every")) == "0")
        }
    }

    @Test("without an upper directory the view is read-only, one layer alone too", arguments: [1, 3])
    func readOnly(_ count: Int) throws {
        try withFolder { folder in
            let lower = try layers(count, in: folder) { "\($0)" }
            let merged = try mountPoint(folder).merged
            try mountOverlay(Overlay(lower: lower), at: merged)
            #expect(try readText(merged.appending("every")) == "0")
            #expect(throws: KernelError.self) { try writeFile(merged.appending("new"), "") }
        }
    }

    @Test("a layer that is not there is named in the error")
    func missing() throws {
        try withFolder { folder in
            let lower = try layers(1, in: folder) { "\($0)" } + [folder.appending("nosuch")]
            let (merged, upper, work) = try mountPoint(folder)
            let error = #expect(throws: KernelError.self) { try mountOverlay(Overlay(lower: lower, upper: upper, work: work), at: merged) }
            #expect(error?.description.contains("nosuch") ?? false, "\(String(describing: error))")
        }
    }

    @Test("a bind mount keeps its source's attributes and adds its own")
    func attributes() throws {
        try withFolder { folder in
            let (source, target, _) = try mountPoint(folder)
            try mount("tmpfs", onto: source, type: "tmpfs", [.noSetUserID, .noDevices])
            try bind(source, onto: target, .parse(["bind", "ro", "noexec"]))
            let found = try #require(try MountInfo.read().first { $0.mountPoint == "\(target)" })
            #expect(Set(found.options).isSuperset(of: ["ro", "nosuid", "nodev", "noexec"]))
            #expect(try MountInfo.read().first { $0.mountPoint == "\(source)" }?.isReadOnly == false)
        }
    }

    @Test("rro makes all that lies beneath read-only, ro does not", arguments: ["ro", "rro"])
    func beneath(_ word: String) throws {
        try withFolder { folder in
            let (source, target, _) = try mountPoint(folder)
            try makeDirectory(source.appending("below"))
            try mount("tmpfs", onto: source.appending("below"), type: "tmpfs")
            try bind(source, onto: target, .parse(["rbind", word]))
            let isReadOnly = (try? writeFile(target.appending("below/new"), "")) == nil  // the question is whether it fails
            #expect(isReadOnly == (word == "rro"))
        }
    }

    @Test("a masked file is empty, a masked directory too, a protected one cannot be written")
    func hides() throws {
        try withFolder { folder in
            try writeFile(folder.appending("secret"), "secret")
            try makeDirectories(folder.appending("secrets/more"))
            try makeDirectory(folder.appending("kept"))
            for name in ["secret", "secrets", "nosuch"] { try mask(folder.appending(name)) }
            try protect(folder.appending("kept"))
            #expect(try readText(folder.appending("secret")).isEmpty && entries(folder.appending("secrets")).isEmpty)
            #expect(throws: KernelError.self) { try writeFile(folder.appending("kept/new"), "") }
        }
    }

    @Test("a mount that needs a propagation gets its data, its flags and the propagation")
    func propagation() throws {
        try withFolder { folder in
            let target = try mountPoint(folder).merged
            try attach("tmpfs", onto: target, type: "tmpfs", .parse(["size=64k", "mode=700", "nosuid", "rshared"]))
            let found = try #require(try MountInfo.read().first { $0.mountPoint == "\(target)" })
            #expect(found.isShared && found.options.contains("nosuid") && found.superOptions.contains("size=64k") && found.superOptions.contains("mode=700"))
        }
    }
}
