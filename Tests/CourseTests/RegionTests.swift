// Regions: what a learner starts with is made from the reference, so the cutting has to be exact.
import Course
import Testing

private let reference = """
    // Opens with a comment.
    // A second line.
    public import Linux

    func flags() -> Int {
        // lab: 03.1 add them up
        let sum = 1
        return sum
        // lab: end
    }

    """

@Suite("Exercise regions")
struct RegionTests {
    @Test("A region knows its exercise, its task and its body")
    func reading() throws {
        let found = try regions(in: reference)
        #expect(found.map(\.exercise) == ["03.1"])
        #expect(found.map(\.task) == ["add them up"])
        #expect(found.map(\.body) == [["    let sum = 1", "    return sum"]])
    }

    @Test("The starter calls unfinished in place of the body, imports Lab, and keeps every other line")
    func starting() throws {
        let wanted = """
            // Opens with a comment.
            // A second line.
            import Lab
            public import Linux

            func flags() -> Int {
                // lab: 03.1 add them up
                unfinished("03.1")
                // lab: end
            }

            """
        #expect(try starter(from: reference) == wanted)
    }

    @Test(
        "Regions that do not close, or close what is not open, or hold another, are refused",
        arguments: [
            "// lab: 03.1 a\nlet x = 1", "// lab: end", "// lab: 03.1 a\n// lab: 03.2 b\n// lab: end"
        ])
    func refusing(text: String) {
        #expect(throws: RegionError.self) { try regions(in: text) }
    }
}
