// Option words, sorted by who has to act on them.
import Linux
import Mounts
import Testing

@Suite("Mount options are sorted by who acts on them")
struct MountOptionsTests {
    @Test("generic words become flags, the rest is the file system's own")
    func sorts() {
        let options = MountOptions.parse(["nosuid", "noexec", "size=64k", "ro", "mode=755", "defaults", ""])
        #expect(options.flags == [.noSetUserID, .noExecute, .readOnly])
        #expect(options.data == ["size=64k", "mode=755"])
        #expect(!options.bind && options.propagation.isEmpty)
    }

    @Test("a later word wins over an earlier one")
    func lastWins() {
        #expect(MountOptions.parse(["ro", "rw"]).flags == [])
        #expect(MountOptions.parse(["ro", "rw"]).cleared == .readOnly)
        #expect(MountOptions.parse(["rw", "ro"]) == MountOptions.parse(["ro"]))
    }

    @Test("rbind is a bind that takes along what lies beneath")
    func binds() {
        #expect(MountOptions.parse(["bind"]).bind && !MountOptions.parse(["bind"]).recursive)
        #expect(MountOptions.parse(["rbind"]).bind && MountOptions.parse(["rbind"]).recursive)
    }

    @Test("an r in front means all that lies beneath, too")
    func recursiveFlags() {
        let options = MountOptions.parse(["rro", "rnosuid"])
        #expect(options.recursiveFlags == [.readOnly, .noSetUserID] && options.flags == [])
    }

    @Test("propagation words keep their order", arguments: Propagation.allCases)
    func propagation(_ kind: Propagation) {
        let options = MountOptions.parse(["r\(kind.rawValue)", "shared"])
        #expect(options.propagation == [.init(kind: kind, recursive: true), .init(kind: .shared, recursive: false)])
    }

    @Test("words that only begin alike are the file system's", arguments: ["size=1", "r", "rox", "bindx", "rshared=1", "uid=0", "relatime=1"])
    func lookalikes(_ word: String) {
        let options = MountOptions.parse([word])
        #expect(options.data == [word] && options.flags == [] && options.propagation.isEmpty && options.recursiveFlags == [])
    }

    @Test("words that begin with r but mean themselves are not taken for recursive ones")
    func relatime() {
        #expect(MountOptions.parse(["relatime"]).flags == .relativeAccessTime)
        #expect(MountOptions.parse(["remount"]).flags == .remount)
        #expect(MountOptions.parse(["rw"]).recursiveFlags == [])
    }
}
