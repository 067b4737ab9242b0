// Exercise 10.1, values in and values out: what may follow -v, and what it means. Names differ from run to run.
import Testing
import Volumes

@Suite("Lab 10.1: what follows -v")
struct NotationChecks {
    private let name = "vol\(UInt16.random(in: 0...9999))"

    @Test("A path, a name, or nothing before the target")
    func sources() throws {
        let cases: [(String, MountNotation.Source)] = [
            ("/data", .anonymous), ("\(name):/data", .volume(name)), ("/srv/\(name):/data", .path("/srv/\(name)")), ("/:/host", .path("/")),
            ("a.b-c_d:/data", .volume("a.b-c_d")), ("dir/\(name):/data", .volume("dir/\(name)")), ("./\(name):/data", .volume("./\(name)")),
            ("\(name):/data:ro", .volume(name)), ("/srv:/data:ro", .path("/srv")), ("ro:/data", .volume("ro"))
        ]
        for (text, wanted) in cases {
            let read = try read(text).source
            guard read == wanted else { throw Sign("took", text, kind(of: read), kind(of: wanted)) }
        }
    }

    @Test("Targets are absolute, not the root, and cleaned")
    func targets() throws {
        for (typed, wanted) in [("/a", "/a"), ("/a/", "/a"), ("//a//b", "/a/b"), ("/a/./b/../c", "/a/c"), ("/../etc", "/etc")] {
            for text in [typed, "\(name):\(typed)", "/srv:\(typed):ro"] {
                let read = try read(text).target
                guard read == wanted else { throw Sign("target", text, read, wanted) }
            }
        }
        for target in ["data", "", "./x", "/", "/.", "/..", "/a/..", "//"] {
            for text in ["\(name):\(target)", "/srv:\(target):ro"] {
                guard let read = try? MountNotation(text) else { continue }  // refused, as it should be
                throw Sign("accepted", text, read.target)
            }
        }
    }

    @Test("Each word does what it says, wherever it stands in the list")
    func words() throws {
        for mode in ["ro", "ro,z", "Z,ro", "cached,ro,z"] {
            for source in [name, "/srv"] {
                let text = "\(source):/data:\(mode)", read = try read(text)
                guard read.isReadOnly else { throw Sign("readonly", text, "writable", "read-only") }
                guard read.mode == mode else { throw Sign("mode", text, read.mode, mode) }
            }
        }
        for mode in ["", ":rw", ":z", ":nocopy", ":consistent"] where try read("\(name):/data\(mode)").isReadOnly {
            throw Sign("readonly", "\(name):/data\(mode)", "read-only", "writable")
        }
        for (text, wanted) in [
            ("/data", true), ("\(name):/data", true), ("\(name):/data:ro", true), ("\(name):/data:nocopy", false), ("\(name):/data:z,nocopy,ro", false),
            ("/srv:/data", false), ("/srv:/data:ro", false)
        ] {
            let isFilled = try read(text).isFilled
            guard isFilled == wanted else { throw Sign("filled", text, "\(isFilled)", "\(wanted)") }
        }
        for (text, wanted) in [("/srv:/data", nil), ("/srv:/data:rslave", "rslave"), ("/srv:/data:ro,shared", "shared"), ("\(name):/data", nil)] {
            let propagation = try read(text).propagation
            guard propagation == wanted else { throw Sign("propagation", text, propagation ?? "none", wanted ?? "none") }
        }
    }

    @Test("What contradicts itself, or means nothing, is refused with Docker's sentence")
    func contradictions() throws {
        let cases = [
            ("", "invalid volume specification: ''"), (":/data", "invalid volume specification: ':/data'"),
            ("\(name):/a:ro:x", "invalid volume specification: '\(name):/a:ro:x'"), ("/data:ro", "invalid volume specification: '/data:ro'"),
            ("\(name):/data:ro,rw", "invalid mode: ro,rw"), ("/srv:/data:rw,z,ro", "invalid mode: rw,z,ro"), ("/srv:/data:z,Z", "invalid mode: z,Z"),
            ("/srv:/data:shared,rslave", "invalid mode: shared,rslave"), ("\(name):/data:readonly", "invalid mode: readonly"),
            ("\(name):/data:ro,", "invalid mode: ro,"),
            (
                "\(name):/data:rslave",
                "invalid volume specification: '\(name):/data:rslave': invalid mount config for type \"volume\": field BindOptions must not be specified"
            ),
            (
                "/srv:/data:nocopy",
                "invalid volume specification: '/srv:/data:nocopy': invalid mount config for type \"bind\": field VolumeOptions must not be specified"
            )
        ]
        for (text, wanted) in cases {
            let read: MountNotation
            do throws(VolumesError) { read = try MountNotation(text) } catch {
                guard "\(error)" == wanted else { throw Sign("sentence", text, "\(error)", wanted) }
                continue
            }
            throw Sign("accepted", text, "\(kind(of: read.source)) at \(read.target), \(read.isReadOnly ? "read-only" : "writable")")
        }
    }

    private func read(_ text: String) throws -> MountNotation {
        do throws(VolumesError) { return try MountNotation(text) } catch { throw Sign("refused", text, "\(error)") }
    }
}

private func kind(of source: MountNotation.Source) -> String {
    switch source {
    case .anonymous: "a volume without a name"
    case .volume(let name): "the volume \(name)"
    case .path(let path): "the host's path \(path)"
    }
}
