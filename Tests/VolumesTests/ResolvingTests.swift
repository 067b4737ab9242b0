// From a volume to a place: nothing that was planted on the way leads elsewhere.
import Linux
import Testing
import Volumes

@Suite("The place of a volume")
struct ResolvingTests {
    @Test("is its directory, or one below it")
    func below() throws {
        try withPlace { (place) throws in
            let volume = try place.store.create(VolumeWish(name: "vv"))
            #expect(try place.store.source(of: volume) == place.data("vv"))
            try makeDirectories(place.data("vv").appending("a/b"))
            #expect(try place.store.source(of: volume, subpath: "a/./b/../b") == place.data("vv").appending("a/b"))
            try writeFile(place.data("vv").appending("file"), "f")
            #expect(try place.store.source(of: volume, subpath: "file") == place.data("vv").appending("file"))
        }
    }

    @Test("is refused where somebody replaced the directory by a link")
    func replaced() throws {
        try withPlace { (place) throws in
            let volume = try place.store.create(VolumeWish(name: "vv"))
            try removeDirectory(place.data("vv"))
            #expect { try place.store.source(of: volume) } throws: { "\($0)".hasSuffix("volume vv: no such file or directory") }
            try symbolicLink("/etc", at: place.data("vv"))
            #expect { try place.store.source(of: volume) } throws: { "\($0)".contains("a symbolic link is on the way") }
            try remove(place.data("vv"))
            try removeDirectory(place.path.appending("volumes/vv"))
            try makeDirectories(place.path.appending("elsewhere/_data"))
            try symbolicLink("../elsewhere", at: place.path.appending("volumes/vv"))
            #expect { try place.store.source(of: volume) } throws: { "\($0)".contains("a symbolic link is on the way") }
            try remove(place.path.appending("volumes/vv"))
            try makeDirectories(place.path.appending("volumes/vv"))
            try writeFile(place.data("vv"), "a file")
            #expect { try place.store.source(of: volume) } throws: { "\($0)".hasSuffix("not a directory") }
        }
    }

    @Test("is refused where a container has planted a link below it, whatever that says", arguments: ["/etc", "../../..", "other", "/proc/self/root"])
    func planted(target: String) throws {
        try withPlace { (place) throws in
            let volume = try place.store.create(VolumeWish(name: "vv"))
            try makeDirectories(place.data("vv").appending("other"))
            try symbolicLink(target, at: place.data("vv").appending("sub"))
            for subpath in ["sub", "sub/deeper", "other/../sub"] {
                #expect { try place.store.source(of: volume, subpath: subpath) } throws: { "\($0)".contains("a symbolic link is on the way") }
            }
        }
    }

    @Test("is refused where the text leads out", arguments: ["/etc", "..", "a/../../b", "../vv/_data"])
    func leading(subpath: String) throws {
        try withPlace { (place) throws in
            let volume = try place.store.create(VolumeWish(name: "vv"))
            #expect(!isLocal(subpath))
            #expect(throws: VolumesError.badNotation("subpath must be a relative path within the volume")) {
                try place.store.source(of: volume, subpath: subpath)
            }
        }
    }

    @Test("is another directory where the driver's options say so")
    func device() throws {
        try withPlace { (place) throws in
            try makeDirectories(place.path.appending("device/sub"))
            let options = ["type": "none", "o": "bind,ro", "device": "\(place.path)/device"]
            let volume = try place.store.create(VolumeWish(name: "vv", options: options))
            #expect(try volume.backing == .bind(device: place.path.appending("device"), words: ["ro"]))
            #expect(try place.store.source(of: volume, subpath: "sub") == place.path.appending("device/sub"))
        }
    }
}
