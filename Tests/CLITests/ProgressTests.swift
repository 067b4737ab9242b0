// Progress as it is drawn: messages in, bytes for a terminal out, and a terminal that shows what they make. Chapter 13.
import DockerClient
import JSON
import Testing

@testable import CLI

@Suite("Progress")
struct ProgressTests {
    func messages(_ text: String) throws -> [ProgressMessage] {
        var stream = MessageStream()
        defer { #expect(throws: Never.self) { try stream.finish() } }
        return try stream.messages(in: Array(text.utf8)).map(ProgressMessage.init)
    }

    func drawing(_ text: String, _ window: Window?) throws -> String {
        var board = ProgressBoard()
        return try messages(text).map { board.text(for: $0, window: window) }.joined() + board.finish()
    }

    @Test("is drawn byte for byte as Docker's client draws it, with bars and without")
    func asDocker() throws {
        #expect(try drawing(DockersDrawing.stream, Window(rows: 24, columns: 120)) == DockersDrawing.wide)
        #expect(try drawing(DockersDrawing.stream, Window(rows: 24, columns: 80)) == DockersDrawing.narrow)
    }

    @Test("is plain lines where there is no terminal, without mere numbers")
    func plain() throws {
        let digest = "sha256:" + String(repeating: "ab", count: 32)
        #expect(
            try drawing(DockersDrawing.stream, nil) == """
                latest: Pulling from library/tiny
                a1b2c3d4e5f6: Pulling fs layer
                0123456789ab: Pulling fs layer
                0123456789ab: Waiting
                a1b2c3d4e5f6: Verifying Checksum
                a1b2c3d4e5f6: Download complete
                a1b2c3d4e5f6: Pull complete
                0123456789ab: Already exists
                Digest: \(digest)
                Status: Image is up to date for tiny:latest

                """)
    }

    @Test(
        "Bars and numbers",
        arguments: [
            (1, 2, 111, "[=========================>                         ]       1B/2B"), (1, 2, 110, "      1B/2B"), (0, 0, 200, ""),
            (5, 0, 200, "      5B"),
            (3, 2, 200, "[==================================================>]       3B"),
            (-5, 10, 200, "[>                                                  ]       0B/10B"),
            (Int64.max, Int64.max, 200, "[==================================================>]  9.223EB/9.223EB"),
            (123_456_789, 999_999_999, 80, " 123.5MB/1000MB"),
            (1_000, 999_960, 80, "     1kB/1000kB")
        ] as [(Int64, Int64, Int, String)])
    func numbers(current: Int64, total: Int64, columns: Int, text: String) {
        #expect(ProgressMessage.Progress(current: current, total: total).text(columns: columns) == text)
    }

    /// A stream of many layers that arrive, move and end in any order.
    func layers(_ count: Int) -> [String] {
        var all = (0..<count).map { #"{"status":"Pulling fs layer","progressDetail":{},"id":"layer\#($0)"}"# }
        var steps = (0..<count).flatMap { layer in (1...4).map { (layer, $0) } }
        steps.shuffle()
        for (layer, step) in steps { all.append(#"{"status":"Downloading","progressDetail":{"current":\#(step * 1000),"total":4000},"id":"layer\#(layer)"}"#) }
        return all + (0..<count).shuffled().map { #"{"status":"Pull complete","progressDetail":{},"id":"layer\#($0)"}"# } + [#"{"status":"Status: done"}"#]
    }

    @Test(
        "leaves one line for each layer behind, whatever the window",
        arguments: [(3, 24, 80), (23, 24, 120), (24, 24, 80), (60, 24, 80), (125, 10, 30), (5, 2, 9), (4, 1, 1)])
    func everyLayer(count: Int, rows: Int, columns: Int) throws {
        var screen = Screen(rows: rows, columns: columns), board = ProgressBoard()
        screen.feed("$ pull\n")
        for message in try layers(count).flatMap(messages) { screen.feed(board.text(for: message, window: Window(rows: rows, columns: columns))) }
        screen.feed(board.finish())
        let wanted = (0..<count).map { String("layer\($0): Pull complete".prefix(columns)) }
        if columns > 10 { #expect(screen.text == ["$ pull"] + wanted + ["Status: done", ""]) }
        #expect(screen.text.filter { $0.hasPrefix(String("layer".prefix(columns))) }.count >= count)
    }

    @Test("shows what moves where there are more layers than rows, and counts the others")
    func manyLayers() throws {
        var screen = Screen(rows: 6, columns: 80), board = ProgressBoard()
        let some = (0..<20).map { #"{"status":"Waiting","progressDetail":{},"id":"layer\#($0)"}"# }
        let more = [
            #"{"status":"Pull complete","progressDetail":{},"id":"layer2"}"#,
            #"{"status":"Extracting","progressDetail":{"current":1,"total":2},"id":"layer17"}"#
        ]
        for message in try (some + more).flatMap(messages) { screen.feed(board.text(for: message, window: Window(rows: 6, columns: 80))) }
        #expect(
            screen.visible == [
                "layer0: Waiting", "layer1: Waiting", "layer3: Waiting", "layer17: Extracting       1B/2B", "… and 16 more, 1 of them complete", ""
            ])
    }

    @Test("is drawn anew in a window that changes while it is drawn")
    func resized() throws {
        for _ in 0..<200 {
            let count = Int.random(in: 1...12)
            var window = Window(rows: 60, columns: 130), screen = Screen(rows: 60, columns: 130), board = ProgressBoard()
            screen.feed("$ pull\n")
            for message in try layers(count).dropLast().flatMap(messages) {
                if Int.random(in: 0..<5) == 0 {
                    window = Window(rows: 60, columns: Int.random(in: 40...200))
                    screen.resize(rows: window.rows, columns: window.columns)
                }
                screen.feed(board.text(for: message, window: window))
            }
            screen.feed(board.finish())
            #expect(screen.text == ["$ pull"] + (0..<count).map { "layer\($0): Pull complete" } + [""])
        }
    }

    @Test("A message without an ID is one line again and again; what follows stands below")
    func whole() throws {
        let text = #"{"status":"Importing","progressDetail":{"current":1,"total":2}}{"status":"Importing","progressDetail":{"current":2,"total":2}}"#
        #expect(try drawing(text, Window(rows: 24, columns: 80)) == "\u{1b}[2K\rImporting       1B/2B\r\u{1b}[2K\rImporting       2B/2B\r")
    }

    @Test("can't be made to move the cursor by what a registry says")
    func hostile() throws {
        let text = #"{"status":"a\u001b[2Jb\nc\u009b1A","progressDetail":{"current":1,"total":0,"units":"\u001b]0;x\u0007"},"id":"x\r\u001b[H"}"#
        #expect(try drawing(text, Window(rows: 24, columns: 80)) == "\n\u{1b}[1A\u{1b}[2K\rx[H: a[2Jbc1A 1 ]0;x\r\u{1b}[1B")
        #expect(try drawing(#"{"status":"\u001b[31mred\u001b[0m"}"#, nil) == "[31mred[0m\n")
    }

    @Test("ends with an error's message; what is for programs isn't shown")
    func others() throws {
        let all = try messages(#"{"errorDetail":{"message":"boom"},"error":"boom"} {"error":"old"} {"aux":{"ID":"x"}} {"stream":"as it is\n"}"#)
        #expect(all.map(\.error) == ["boom", "old", nil, nil] && all.map(\.isAuxiliary) == [false, false, true, false])
        #expect(try drawing(#"{"aux":{}}{"stream":"as it is\n"}"#, nil) == "as it is\n")
    }
}

@Suite("A stream of messages")
struct MessageStreamTests {
    let text = #"{"a":"}{\"\\"}"# + "\r\n" + #"{"b":[1,{"c":"é\u0000"}]}{}"# + "\n\n" + #"{"d":null}"#

    @Test("is taken apart, in whatever pieces it comes")
    func pieces() throws {
        let whole = try JSONValueList(text)
        for _ in 0..<300 {
            var stream = MessageStream(), found: [JSONValue] = [], left = Array(text.utf8)[...]
            while !left.isEmpty {
                let piece = left.prefix(Int.random(in: 1...7))
                left = left.dropFirst(piece.count)
                found += try stream.messages(in: Array(piece))
            }
            try stream.finish()
            #expect(found == whole && found.count == 4)
        }
    }

    private func JSONValueList(_ text: String) throws -> [JSONValue] {
        try [#"{"a":"}{\"\\"}"#, #"{"b":[1,{"c":"é\u0000"}]}"#, "{}", #"{"d":null}"#].map { try #require(JSONValue(Array($0.utf8))) }
    }

    @Test(
        "that is none, or ends too early, is told", arguments: ["x", "[1]", "{]}", "{\"a\"}", "{\"a\":1}}", "<html>", "\"{}\"", "{\"a\":", "{\"a\":\"", "{{}"])
    func broken(text: String) {
        #expect(throws: ClientError.self) {
            var stream = MessageStream()
            _ = try stream.messages(in: Array(text.utf8))
            try stream.finish()
        }
    }

    @Test("that never ends is not kept in memory")
    func endless() {
        #expect(throws: ClientError.self) {
            var stream = MessageStream()
            for _ in 0..<400 { _ = try stream.messages(in: Array("{\"a\":[".utf8) + [UInt8](repeating: 0x20, count: 65_536)) }
        }
    }
}
