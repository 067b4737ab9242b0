// Lines of mountinfo, as several kernels and engines write them.
import Mounts
import Testing

@Suite("mountinfo is read as the kernel writes it")
struct MountInfoTests {
    @Test("a line gives all its fields")
    func fields() throws {
        let mount = try #require(MountInfo(line: "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 shared:7 - ext3 /dev/root rw,errors=continue"))
        #expect((mount.id, mount.parent, mount.device) == (36, 35, "98:0"))
        #expect((mount.root, mount.mountPoint) == ("/mnt1", "/mnt2"))
        #expect(mount.options == ["rw", "noatime"])
        #expect(mount.propagation == ["master:1", "shared:7"])
        #expect((mount.type, mount.source) == ("ext3", "/dev/root"))
        #expect(mount.superOptions == ["rw", "errors=continue"])
        #expect(mount.isShared && mount.isSlave && !mount.isReadOnly)
    }

    @Test("a private mount has no propagation words")
    func isPrivate() throws {
        let mount = try #require(MountInfo(line: "22 27 0:21 / /proc ro,relatime - proc proc rw"))
        #expect(mount.propagation.isEmpty && !mount.isShared && mount.isReadOnly)
    }

    @Test("blanks, tabs, newlines and backslashes come back from their octal form")
    func escapes() throws {
        let mount = try #require(MountInfo(line: #"1 2 0:3 / /a\040b\011c\134d\012e rw - tmpfs x rw"#))
        #expect(mount.mountPoint == "/a b\tc\\d\ne")
    }

    @Test("a hyphen in a name is no separator")
    func hyphen() throws {
        let mount = try #require(MountInfo(line: "1 2 0:3 / /- rw - tmpfs - rw"))
        #expect((mount.mountPoint, mount.type, mount.source) == ("/-", "tmpfs", "-"))
    }

    @Test("an overlay keeps its directories in its options")
    func overlay() throws {
        let line = "61 60 0:50 / /merged rw,relatime - overlay overlay rw,lowerdir=/l/2:/l/1,upperdir=/u,workdir=/w,redirect_dir=off"
        #expect(try #require(MountInfo(line: line[...])).superOptions.contains("lowerdir=/l/2:/l/1"))
    }

    @Test(
        "what is no line is left out",
        arguments: ["", "1 2 3", "a b 0:3 / / rw - tmpfs x rw", "1 2 0:3 / / rw shared:1 tmpfs x rw", "1 2 0:3 / / rw -", "- - - - - - - -"])
    func rubbish(_ line: String) {
        #expect(MountInfo.parse("\(line)\n22 27 0:21 / /proc rw - proc proc rw\n").map(\.mountPoint) == ["/proc"])
    }

    @Test("every line of this machine is understood")
    func here() throws {
        let mounts = try MountInfo.read()
        #expect(mounts.contains { $0.mountPoint == "/proc" && $0.type == "proc" })
        #expect(mounts.allSatisfy { $0.mountPoint.hasPrefix("/") })
    }
}
