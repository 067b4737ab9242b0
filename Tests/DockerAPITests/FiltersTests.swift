import DockerAPI
import Testing

@Suite("Filters")
struct FiltersTests {
    @Test(
        "are read in the form of docker and in that of docker-py",
        arguments: [
            #"{"label":{"a=b":true,"c":true}}"#, #"{"label":["a=b","c"]}"#, #"{"label": ["a=b", "c"]}"#, #"{"label":{"a=b":true,"c":true,"not":false}}"#
        ])
    func forms(text: String) throws {
        #expect(try #require(Filters(text))["label"]?.sorted() == ["a=b", "c"])
    }

    @Test("are none where the text is empty, {} or null", arguments: ["", "{}", "null", #"{"label":{}}"#, #"{"label":[]}"#])
    func none(text: String) throws {
        let filters = try #require(Filters(text))
        #expect(filters["label"] == nil)
        #expect(filters.unknownKey(besides: ["label"]) == nil)
    }

    @Test("take bare booleans and numbers for their texts")
    func bare() throws {
        let filters = try #require(Filters(#"{"dangling":[true],"exited":[0,137],"all":["false"]}"#))
        #expect(filters["dangling"] == ["true"] && filters["exited"] == ["0", "137"] && filters["all"] == ["false"])
    }

    @Test("name the first unknown key")
    func unknown() { #expect(Filters(#"{"z":["1"],"y":["1"],"id":["1"]}"#)?.unknownKey(besides: ["id"]) == "y") }

    @Test(
        "that are neither form are refused",
        arguments: [
            "x", "[]", "1", #""a""#, #"{"a":"b"}"#, #"{"a":{"b":"c"}}"#, #"{"a":[{"b":1}]}"#, #"{"a":["b"]"#, "{\u{0}}", #"{"a":[null]}"#,
            String(repeating: "[", count: 5_000)
        ])
    func malformed(text: String) { #expect(Filters(text) == nil) }
}
