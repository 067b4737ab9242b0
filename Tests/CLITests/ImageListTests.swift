// Lists of images and what becomes of them, beside the words and columns of the genuine docker 28.2.2. Chapter 08, 13.
import ArgumentParser
import JSON
import Testing

@testable import CLI

@Suite("Images in lists")
struct ImageListTests {
    static let digest = "sha256:" + String(repeating: "cd", count: 32)
    static let old = 1_000_000_000  // many years ago, whenever this runs

    func images() throws -> [JSONValue] {
        func id(_ pair: String) -> String { "sha256:" + String(repeating: pair, count: 32) }
        let text = """
            [{"Id":"\(id("ab"))","RepoTags":["busybox:latest","busybox:1.36","reg.example:5000/a/b:v1"],"RepoDigests":["busybox@\(Self.digest)"],"Created":\(Self.old),
            "Size":4260000,"SharedSize":-1,"Containers":-1},
            {"Id":"\(id("cd"))","RepoTags":[],"RepoDigests":["alpine@\(Self.digest)"],"Created":\(Self.old),"Size":7380000,"SharedSize":380000,"Containers":2},
            {"Id":"\(id("ef"))","RepoTags":["<none>:<none>"],"RepoDigests":["<none>@<none>"],"Created":\(Self.old),"Size":999999},
            {"Id":"\(id("11"))","RepoTags":null,"RepoDigests":null,"Created":0,"Size":0}]
            """
        return try #require(JSONValue(Array(text.utf8))).items
    }

    func list(_ words: [String]) throws -> [String] {
        let command = try ImagesCommand.parse(ImagesCommand.flags.plain(words).flags)
        return try command.text(images()).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    @Test("have a row for each name; a digest alone is a name without a tag")
    func table() throws {
        let lines = try list(["--format", "table {{.Repository}}\\t{{.Tag}}\\t{{.ID}}\\t{{.Size}}"])
        #expect(
            lines == [
                "REPOSITORY             TAG       IMAGE ID       SIZE", "busybox                latest    abababababab   4.26MB",
                "busybox                1.36      abababababab   4.26MB", "reg.example:5000/a/b   v1        abababababab   4.26MB",
                "alpine                 <none>    cdcdcdcdcdcd   7.38MB", "<none>                 <none>    efefefefefef   1e+03kB",
                "<none>                 <none>    111111111111   0B", ""
            ])
        #expect(try list([]).first == "REPOSITORY             TAG       IMAGE ID       CREATED        SIZE")
    }

    @Test("show digests where they are asked for, and `<none>` where there is none")
    func digests() throws {
        let all = try list(["--digests", "--format", "{{.Repository}} {{.Digest}}"])
        #expect(
            all == [
                "busybox \(Self.digest)", "busybox \(Self.digest)", "reg.example:5000/a/b <none>", "alpine \(Self.digest)", "<none> <none>", "<none> <none>", ""
            ])
        // Without the flag, a row of a digest alone doesn't say it: so it is with Docker's client.
        #expect(
            try list(["--format", "{{.Repository}} {{.Digest}}"]).prefix(4) == [
                "busybox \(Self.digest)", "busybox \(Self.digest)", "reg.example:5000/a/b <none>", "alpine "
            ])
    }

    @Test("are IDs alone with -q, one for each row, and whole with --no-trunc")
    func quiet() throws {
        #expect(try list(["-q"]) == ["abababababab", "abababababab", "abababababab", "cdcdcdcdcdcd", "efefefefefef", "111111111111", ""])
        #expect(try list(["-q", "--no-trunc"]).first == "sha256:" + String(repeating: "ab", count: 32))
    }

    @Test("are objects and raw text, too")
    func formats() throws {
        let json = try list(["--format", "json"])
        #expect(json[0].hasPrefix(#"{"Containers":"N/A","CreatedAt":"2001-09-09 01:46:40 +0000 UTC","CreatedSince":""#))
        #expect(
            json[0].hasSuffix(
                #"ago","Digest":"\u003cnone\u003e","ID":"abababababab","Repository":"busybox","SharedSize":"N/A","Size":"4.26MB","Tag":"latest","UniqueSize":"N/A","VirtualSize":"4.26MB"}"#
            ))
        #expect(json[3].contains(#""Containers":"2""#) && json[3].contains(#""SharedSize":"380kB""#) && json[3].contains(#""UniqueSize":"7MB""#))
        #expect(
            try list(["--format", "raw", "--digests"]).prefix(7) == [
                "repository: busybox", "tag: latest", "digest: \(Self.digest)", "image_id: abababababab", "created_at: 2001-09-09 01:46:40 +0000 UTC",
                "virtual_size: 4.26MB", ""
            ])
        #expect(try list(["-q", "--format", "raw"]).first == "image_id: abababababab")
    }
}

@Suite("An image's history, end and tidying")
struct ImageWordsTests {
    func history(_ words: [String]) throws -> [String] {
        let text = #"""
            [{"Id":"sha256:abababababababababababababababababababababababababababababababab","Created":1700000000,"CreatedBy":"/bin/sh -c #(nop)  CMD [\"sh\"] and\ta long text that goes on","Size":0,"Comment":""},
            {"Id":"<missing>","Created":1690000000,"CreatedBy":"/bin/sh -c #(nop) ADD file:x in / ","Size":4260000,"Comment":"buildkit"}]
            """#
        let command = try HistoryCommand.parse(HistoryCommand.flags.plain(words).flags)
        return try command.text(#require(JSONValue(Array(text.utf8))).items).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    @Test("Steps in columns, in words or in numbers")
    func steps() throws {
        #expect(
            try history(["-H=false"]) == [
                "IMAGE          CREATED AT             CREATED BY                                      SIZE      COMMENT",
                "abababababab   2023-11-14T22:13:20Z   /bin/sh -c #(nop)  CMD [\"sh\"] and a long tex…   0         ",
                "<missing>      2023-07-22T04:26:40Z   /bin/sh -c #(nop) ADD file:x in /               4260000   buildkit", ""
            ])
        #expect(try history(["-q"]) == ["abababababab", "<missing>", ""])
        #expect(try history(["--format", "json"])[1].contains(#""ID":"\u003cmissing\u003e","Size":"4.26MB"}"#))
        #expect(try history(["--no-trunc"])[1].contains("and a long text that goes on   0B"))
    }

    @Test("What became of an image")
    func removal() throws {
        let all = try #require(JSONValue(Array(#"[{"Untagged":"a:1"},{"Untagged":"a@sha256:1"},{"Deleted":"sha256:2"}]"#.utf8)))
        #expect(RemoveImagesCommand.text(all.items) == "Untagged: a:1\nUntagged: a@sha256:1\nDeleted: sha256:2\n")
        let report = try #require(JSONValue(Array(#"{"ImagesDeleted":[{"Untagged":"a:1"},{"Deleted":"sha256:2"}],"SpaceReclaimed":12345678}"#.utf8)))
        #expect(PruneImagesCommand.text(report) == "Deleted Images:\nuntagged: a:1\ndeleted: sha256:2\n\nTotal reclaimed space: 12.35MB\n")
        #expect(PruneImagesCommand.text(.object([.init(name: "ImagesDeleted", value: .null)])) == "Total reclaimed space: 0B\n")
    }
}

@Suite("A password's keys")
struct SecretKeysTests {
    @Test("make a line, with the few keys of an editor")
    func keys() {
        for (typed, text, interrupted) in [
            ("abc\r", "abc", false), ("ab\u{7f}c\n", "ac", false), ("aé\u{7f}\r", "a", false), ("ab\u{15}c\u{4}", "c", false), ("a\u{3}", "a", true),
            ("\u{7f}\r", "", false)
        ] {
            var keys = SecretKeys()
            for byte in typed.utf8 where !keys.isComplete { keys.take(byte) }
            #expect(keys.isComplete && keys.text == text && keys.isInterrupted == interrupted, "\(typed.debugDescription)")
        }
    }
}
