// What `cp` makes of two paths, and how disk usage is added up: Docker's rules, row by row.

import JSON
import Testing

@testable import CLI

@Suite("cp's paths")
struct CopyPathTests {
    @Test(
        "a word is a container's path or one of this machine",
        arguments: [
            ("c:/x", CopyPlace.container("c", path: "/x")), ("c:", .container("c", path: "")), ("/a:b", .here("/a:b")), ("./a:b", .here("./a:b")),
            ("..:x", .here("..:x")),
            ("-", .here("-")), ("plain", .here("plain"))
        ])
    func places(word: String, place: CopyPlace) { #expect(CopyPlace(word) == place) }

    @Test(
        "a path's directory and last name",
        arguments: [
            ("/a/b", "/a", "b"), ("/a/b/", "/a", "b"), ("/a/b/.", "/a/b", "."), ("/a", "/", "a"), ("/", "/", "/"), ("/a/../b", "/", "b"), ("x", ".", "x"),
            ("../x", "..", "x")
        ])
    func split(path: String, directory: String, base: String) {
        #expect(PathText.split(path).directory == directory && PathText.split(path).base == base)
    }

    @Test(
        "into what is there by its own name, else under the new one",
        arguments: [
            ("/s/d", true, "/t", true, true, "/t", nil), ("/s/d", true, "/t", false, true, "/", "d>t"), ("/s/d/.", true, "/t/new", false, true, "/t", ".>new"),
            ("/s/f", false, "/t/f2", false, false, "/t", "f>f2"), ("/s/f", false, "/t/f2", true, false, "/t", "f>f2"),
            ("/s/f", false, "/t", true, true, "/t", nil)
        ] as [(String, Bool, String, Bool, Bool, String, String?)])
    func plan(source: String, isDirectory: Bool, target: String, exists: Bool, targetIsDirectory: Bool, place: String, renaming: String?) throws {
        let from = CopyEnd(path: source, isDirectory: isDirectory), to = CopyEnd(path: target, exists: exists, isDirectory: exists && targetIsDirectory)
        let plan = try CopyEnd.plan(from: from, to: to)
        #expect(plan.directory == place && plan.renaming.map { "\($0.old)>\($0.new)" } == renaming)
    }

    @Test("what cannot be copied is said in Docker's words")
    func refused() {
        let directory = CopyEnd(path: "/d", isDirectory: true), file = CopyEnd(path: "/f")
        #expect(throws: Failure("cannot copy directory")) { try CopyEnd.plan(from: directory, to: file).directory }
        #expect(throws: Failure("no such directory")) { try CopyEnd.plan(from: file, to: CopyEnd(path: "/new/", exists: false)).directory }
    }

    @Test("base64 as headers have it")
    func base64() {
        #expect(Base64.bytes("eyJhIjoxfQ==").map { String(decoding: $0, as: UTF8.self) } == #"{"a":1}"#)
        #expect(Base64.bytes("") == [] && Base64.bytes("_-8") == [0xff, 0xef] && Base64.bytes("a b") == nil)
    }

    @Test(
        "an image's name is cut at its tag, not at a registry's port",
        arguments: [
            ("a", "a", "latest"), ("a:1", "a", "1"), ("h:5000/a", "h:5000/a", "latest"), ("h:5000/a:2", "h:5000/a", "2"), ("", "", "")
        ])
    func names(text: String, repository: String, tag: String) {
        #expect(CommitCommand.split(text).repository == repository && CommitCommand.split(text).tag == tag)
    }

    @Test("disk usage: what is active, and what could go")
    func usage() throws {
        let reply = try #require(
            JSONValue(
                Array(
                    #"""
                    {"LayersSize":1000,"Images":[{"Containers":1,"Size":600,"SharedSize":100},{"Containers":0,"Size":500,"SharedSize":100}],
                    "Containers":[{"State":"running","SizeRw":30},{"State":"exited","SizeRw":10}],
                    "Volumes":[{"Name":"a","UsageData":{"Size":7,"RefCount":0}},{"Name":"b","UsageData":{"Size":-1,"RefCount":2}}],"BuildCache":null}
                    """#.utf8)))
        let lines = DiskUsage(reply).lines
        #expect(lines.map(\.total) == [2, 2, 2, 0] && lines.map(\.active) == [1, 1, 1, 0])
        #expect(lines.map(\.size) == [1000, 40, 7, 0] && lines.map(\.reclaimable) == [500, 10, 7, 0])
        #expect(lines[0].row["Reclaimable"]?.string == "500B (50%)" && lines[3].row["Reclaimable"]?.string == "0B")
    }
}
