// Access lists, capabilities, owners and holes, in every spelling that tars have for them.

import Archive
import Digests
import Linux
import Testing

@Suite("An unpacked layer's attributes")
struct AttributeTests {
    /// `posix_acl_xattr`: version 2, then tag, permissions, identity.
    private func accessList(_ rows: [(tag: UInt8, permissions: UInt8, identity: UInt32)]) -> [UInt8] {
        rows.reduce(into: [2, 0, 0, 0]) { bytes, row in
            bytes += [row.tag, 0, row.permissions, 0] + (0..<4).map { UInt8(truncatingIfNeeded: row.identity >> ($0 * 8)) }
        }
    }

    @Test("are the same access lists, whether a tar has them in words or in the kernel's form")
    func accessLists() throws {
        try withBench { bench in
            let list = accessList([(1, 6, .max), (2, 4, 1000), (2, 6, 70_000), (4, 4, .max), (8, 7, 50), (0x10, 6, .max), (0x20, 0, .max)])
            let words = "user::rw-,group::r--,other::---,user:seventy:rw-:70000,user:1000:r--,group:fifty:rwx:50,mask::rw-"
            let result = try bench.unpack([
                .file("words").pax("SCHILY.acl.access", words), .file("kernel").with { $0.pax = [("SCHILY.xattr.system.posix_acl_access", list)] },
                .file("names").pax("SCHILY.acl.access", "user::rw-,group::r--,other::---,user:nobody-knows:rw-,mask::rw-"),
                .file("plain").pax("SCHILY.acl.access", "user::rw-,group::r--,other::r--")
            ])
            #expect(try bench.attribute("system.posix_acl_access", of: "words") == list)
            #expect(try bench.attribute("system.posix_acl_access", of: "kernel") == list)
            #expect(try bench.status("words").mode == 0o100660, "the group's bits are the mask")
            #expect(try bench.attribute("system.posix_acl_access", of: "plain") == nil)
            #expect(result.leftOut == ["names: attribute SCHILY.acl.access"])
        }
    }

    @Test("have a directory's default list, which the layer's own files do not inherit")
    func defaultLists() throws {
        try withBench { bench in
            let words = "user::rwx,group::r-x,other::---,user:1000:rwx:1000,mask::rwx"
            try bench.unpack([.directory("d/").pax("SCHILY.acl.default", words), .file("d/f"), .directory("d/sub/"), .file("d/implied/f")])
            #expect(try bench.attribute("system.posix_acl_default", of: "d") != nil)
            for name in ["d/f", "d/sub", "d/implied", "d/implied/f"] {
                #expect(try bench.attribute("system.posix_acl_access", of: name) == nil, "\(name)")
                #expect(try bench.attribute("system.posix_acl_default", of: name) == nil, "\(name)")
            }
            #expect(try bench.status("d/f").mode == 0o100644)
        }
    }

    @Test("have file capabilities of versions 2 and 3, which survive owner and mode")
    func capabilities() throws {
        try withBench { bench in
            let second: [UInt8] = [1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
            let third: [UInt8] = [1, 0, 0, 3, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x40, 0x9c, 0, 0]
            try bench.unpack([
                .file("v2").with { ($0.user, $0.mode, $0.pax) = (33, 0o4755, [("SCHILY.xattr.security.capability", second)]) },
                .file("v3").with { ($0.user, $0.mode, $0.pax) = (40_000, 0o755, [("SCHILY.xattr.security.capability", third)]) }
            ])
            #expect(try bench.attribute("security.capability", of: "v2") == second)
            #expect(try bench.status("v2").mode == 0o104755)
            #expect(try bench.attribute("security.capability", of: "v3") == third)
        }
    }

    @Test("that no kernel takes are an error that names the file")
    func badCapability() throws {
        try withBench { bench in
            do {
                try bench.unpack([.file("bad").pax("SCHILY.xattr.security.capability", "nonsense")])
                Issue.record("unpacked")
            } catch {
                guard case ArchiveError.kernel("bad", let reason) = error else { throw error }
                #expect(reason.call == "fsetxattr")
            }
        }
    }

    @Test("have owners up to the largest, in pax records and in base 256")
    func owners() throws {
        try withBench { bench in
            try bench.unpack([
                .file("pax").pax("uid", "4294967294").pax("gid", "2147483648"), .file("binary").with { ($0.user, $0.group) = (4_294_967_294, 3_000_000_000) },
                .directory("d/").pax("uid", "4000000000"), .symbolicLink("l", to: "x").pax("gid", "4000000000")
            ])
            #expect(try bench.status("pax").user == 4_294_967_294 && bench.status("pax").group == 2_147_483_648)
            #expect(try bench.status("binary").user == 4_294_967_294 && bench.status("binary").group == 3_000_000_000)
            #expect(try bench.status("d").user == 4_000_000_000 && bench.status("l").group == 4_000_000_000)
        }
    }

    @Test("have times before 1970, with their fractions")
    func oldTimes() throws {
        try withBench { bench in
            try bench.unpack([.file("half").pax("mtime", "-1.5"), .file("whole").pax("mtime", "-86400"), .file("far").pax("mtime", "-1000.000000001")])
            #expect(try bench.status("half").modified == (-2, 500_000_000))
            #expect(try bench.status("whole").modified == (-86_400, 0))
            #expect(try bench.status("far").modified == (-1_001, 999_999_999))
        }
    }

    @Test("have links' texts to the last byte")
    func linkTexts() throws {
        try withBench { bench in
            try bench.unpack([
                .symbolicLink("slash", to: "dir/"), .symbolicLink("double", to: "//a//b/./c/.."),
                .symbolicLink("long", to: "x").pax("linkpath", String(repeating: "l/", count: 1000))
            ])
            #expect(try readLink(bench.root.appending("slash")) == "dir/")
            #expect(try readLink(bench.root.appending("double")) == "//a//b/./c/..")
            #expect(try readLink(bench.root.appending("long")).utf8.count == 2000)
        }
    }

    static let sparseFormats = [
        ["--format=gnu"], ["--format=pax", "--sparse-version=0.0"], ["--format=pax", "--sparse-version=0.1"], ["--format=pax", "--sparse-version=1.0"]
    ]

    @Test(
        "have the holes of sparse files, in all four formats of GNU tar", .enabled(if: exists("/usr/bin/tar"), "UNVERIFIED HERE: no GNU tar"),
        arguments: sparseFormats)
    func sparse(_ format: [String]) throws {
        try withBench { bench in
            let source = bench.path.appending("layer")
            try makeDirectory(source)
            defer { try? removeTree(source) }  // the bench goes anyway
            let file = try open(source.appending("sparse"), [.writeOnly, .create])
            try file.borrow { file in
                for place in [Int64(1) << 20, 5 << 20, 9 << 20] {
                    try seek(file, to: place)
                    try write(file, "data at \(place)")
                }
                try truncate(file, to: 20 << 20)
            }
            let whole = Digest(of: try readFile(source.appending("sparse"))), tarFile = bench.root.appending("tar")
            #expect(try run("/usr/bin/tar", format + ["-S", "-cf", tarFile.string, "-C", source.string, "sparse"]) == 0)
            let bytes = try readFile(tarFile)
            try remove(tarFile)
            try removeTree(source)
            #expect(bytes.count < 200_000)
            try bench.unpack(bytes)
            let status = try bench.status("sparse")
            #expect(status.bytes == 20 << 20 && status.allocatedBytes < 1 << 20)
            #expect(Digest(of: try readFile(bench.root.appending("sparse"))) == whole)
        }
    }
}
