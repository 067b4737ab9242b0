// `--format`: the part of Go's templates that Slipway understands, on values as engines send them. Chapter 13.
import JSON
import Testing

@testable import CLI

@Suite("--format templates")
struct TemplateTests {
    let value = JSONValue(
        Array(
            #"{"Id":"abc","State":{"Status":"exited","ExitCode":7,"Running":false},"Mounts":[],"Names":["/a","/b"],"Labels":{"z":"1","a b":"2"},"Args":null,"Big":9007199254740993}"#
                .utf8))

    func fill(_ template: String) throws -> String { try Template(template).text(for: #require(value)) }

    @Test(
        "prints fields, and values as Go does",
        arguments: [
            ("{{.Id}}", "abc"), ("{{ .State.Status }}:{{.State.ExitCode}}", "exited:7"), ("{{.State.Running}}", "false"), ("{{.Names}}", "[/a /b]"),
            ("{{.Labels}}", "map[a b:2 z:1]"), ("{{.Args}}", "<no value>"), ("{{.Big}}", "9007199254740993"), ("plain", "plain"), ("", ""),
            ("{{json .State}}", #"{"Status":"exited","ExitCode":7,"Running":false}"#), ("{{json .Names}}", #"["/a","/b"]"#),
            ("{{.Labels | json}}", #"{"z":"1","a b":"2"}"#),
            ("{{index .Labels \"a b\"}}", "2"), ("{{index .Names 1}}", "/b"), ("{{len .Names}}", "2"), ("{{len .Mounts}}", "0"), ("{{upper .Id}}", "ABC"),
            ("{{join .Names \",\"}}", "/a,/b"), ("{{printf \"%s=%d\" .Id .State.ExitCode}}", "abc=7"), ("{{println .Id}}", "abc\n"),
            ("{{if .State.Running}}up{{else}}down{{end}}", "down"), ("{{if eq .State.Status \"exited\"}}x{{end}}", "x"),
            ("{{if not .Mounts}}none{{end}}", "none"),
            ("{{range .Names}}<{{.}}>{{end}}", "</a></b>"), ("{{range $k, $v := .Labels}}{{$k}}={{$v}};{{end}}", "a b=2;z=1;"),
            ("{{range .Mounts}}x{{else}}empty{{end}}", "empty"), ("{{with .State}}{{.Status}}{{end}}", "exited"), ("{{range .Names}}{{$.Id}}{{end}}", "abcabc"),
            ("{{(index .Names 0) | len}}", "2"), ("a {{- .Id -}} b", "aabcb"), ("{{/* nothing */}}x", "x"), ("{{and .Id .Mounts}}", "false")
        ])
    func prints(template: String, text: String) throws {
        #expect(try fill(template) == text)
    }

    @Test(
        "refuses what it does not understand, and fields that aren't there",
        arguments: [
            "{{.Nosuch}}", "{{.State.Nosuch}}", "{{nosuch .Id}}", "{{.Id", "{{}}", "{{if .Id}}x", "{{end}}", "{{else}}", "{{template \"x\"}}", "{{$x}}",
            "{{index .Names 9}}",
            "{{.Id | }}", "{{(.Id}}", "{{.Id)}}", "{{printf \"%x\" .Id}}", "{{range .Id}}{{end}}", "{{\"open}}", "{{json}}", "{{if .Id}}{{else if .Id}}{{end}}",
            "{{.a-b}}"
        ])
    func refuses(template: String) {
        #expect(throws: TemplateError.self) { try fill(template) }
    }

    @Test("survives any cut of a good template")
    func cuts() {
        let whole = "{{range $k, $v := .Labels}}{{$k}} {{printf \"%s\" (index $.Names 0)}}{{else}}-{{end}}"
        for length in 0..<whole.count {
            do { _ = try fill(String(whole.prefix(length))) } catch { #expect(error is TemplateError) }
        }
    }
}

@Suite("JSON that keeps order and spelling")
struct JSONValueTests {
    @Test(
        "comes out as it came in", arguments: [#"{"b":1,"a":[true,null,-1.50e3,"x\n\"\\é"],"c":{}}"#, "[]", "\"\"", "0", "[[[1]]]", "{\"\":{\"z\":0,\"y\":0}}"])
    func roundTrip(text: String) throws {
        #expect(try #require(JSONValue(Array(text.utf8))).text() == text)
    }

    @Test(
        "is refused when it is none",
        arguments: ["", "{", "[1,]", "{\"a\"}", "{a:1}", "tru", "1 2", "\"\u{1}\"", "\"\\x\"", "nan", "+", "[1 2]", "\"\\u12\"", "{\"a\":1,}"])
    func refused(text: String) {
        #expect(JSONValue(Array(text.utf8)) == nil)
    }

    @Test("nested a hundred thousand deep is refused, not followed")
    func deep() {
        #expect(JSONValue([UInt8](repeating: UInt8(ascii: "["), count: 100_000)) == nil)
    }

    @Test("is indented as Go does")
    func indented() throws {
        let value = try #require(JSONValue(Array(#"[{"a":1,"b":[],"c":{"d":"e"}}]"#.utf8)))
        #expect(value.text(indent: 4) == "[\n    {\n        \"a\": 1,\n        \"b\": [],\n        \"c\": {\n            \"d\": \"e\"\n        }\n    }\n]")
    }

    @Test("reads UTF-16 pairs, and halves of one as U+FFFD")
    func surrogates() {
        #expect(JSONValue(Array(#""\ud83d\ude00""#.utf8)) == .string("😀"))
        #expect(JSONValue(Array(#""\ud83dx\udc00""#.utf8)) == .string("\u{fffd}x\u{fffd}"))
    }

    @Test("Tabs indent like blanks; an empty object has no lines")
    func tabs() throws {
        let value = try #require(JSONValue(Array(#"{"a":{"b":[1]},"c":{}}"#.utf8)))
        #expect(value.text(indentedBy: "\t") == "{\n\t\"a\": {\n\t\t\"b\": [\n\t\t\t1\n\t\t]\n\t},\n\t\"c\": {}\n}")
    }

    @Test("A member is set at its place, added at the end, or taken away")
    func setting() throws {
        let value = try #require(JSONValue(Array(#"{"a":1,"b":2}"#.utf8)))
        #expect(value.setting("a", to: .null).setting("c", to: .string("x")).text() == #"{"a":null,"b":2,"c":"x"}"#)
        #expect(
            value.setting("a", to: nil).setting("x", to: nil).text() == #"{"b":2}"# && JSONValue.null.setting("a", to: .bool(true)).text() == #"{"a":true}"#)
    }
}
