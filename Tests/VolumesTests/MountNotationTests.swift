// Docker's short notation of mounts.
import Testing
import Volumes

@Suite("The notation of -v")
struct MountNotationTests {
    @Test("tells paths, names and nothing apart")
    func sources() throws {
        #expect(try MountNotation("/data") == MountNotation(source: .anonymous, target: "/data", isFilled: true))
        #expect(try MountNotation("cache:/data") == MountNotation(source: .volume("cache"), target: "/data", isFilled: true))
        #expect(try MountNotation("/srv:/data") == MountNotation(source: .path("/srv"), target: "/data", isFilled: false))
        #expect(try MountNotation("./srv:/data").source == .volume("./srv"))  // no name, and the store says so
    }

    @Test("takes the words that belong to each")
    func words() throws {
        let bind = try MountNotation("/srv:/data:ro,z,rslave,cached")
        #expect(bind.isReadOnly && bind.propagation == "rslave" && bind.mode == "ro,z,rslave,cached" && !bind.isFilled)
        let volume = try MountNotation("cache:/data:rw,nocopy,Z")
        #expect(!volume.isReadOnly && !volume.isFilled && volume.propagation == nil)
        #expect(try MountNotation("cache:/data:").mode.isEmpty)
    }

    @Test("cleans the target, so that one place has one name", arguments: [("/a//b/", "/a/b"), ("/a/./b/../c", "/a/c"), ("/../etc", "/etc")])
    func targets(typed: String, place: String) throws {
        #expect(try MountNotation("v1:\(typed)").target == place)
    }

    @Test(
        "refuses what makes no sense, in Docker's words",
        arguments: [
            ("", "invalid volume specification: ''"), (":/data", "invalid volume specification: ':/data'"),
            ("/data:ro", "invalid volume specification: '/data:ro'"), ("v1:", "invalid volume specification: 'v1:'"),
            ("a:/b:ro:x", "invalid volume specification: 'a:/b:ro:x'"),
            ("v1:/b:so", "invalid mode: so"), ("v1:/b:ro,rw", "invalid mode: ro,rw"), ("v1:/b:z,Z", "invalid mode: z,Z"), ("v1:/b:ro,", "invalid mode: ro,"),
            ("/a:/b:shared,slave", "invalid mode: shared,slave"),
            (
                "/a:b",
                "invalid volume specification: '/a:b': invalid mount config for type \"bind\": invalid mount path: 'b' mount path must be absolute"
            ),
            ("v1:/", "invalid volume specification: 'v1:/': invalid mount config for type \"volume\": invalid specification: destination can't be '/'"),
            ("v1:/..", "invalid volume specification: 'v1:/..': invalid mount config for type \"volume\": invalid specification: destination can't be '/'"),
            ("/a:/b:nocopy", "invalid volume specification: '/a:/b:nocopy': invalid mount config for type \"bind\": field VolumeOptions must not be specified"),
            ("v1:/b:rslave", "invalid volume specification: 'v1:/b:rslave': invalid mount config for type \"volume\": field BindOptions must not be specified")
        ])
    func refusals(text: String, words: String) {
        #expect(throws: VolumesError.badNotation(words)) { try MountNotation(text) }
    }
}
