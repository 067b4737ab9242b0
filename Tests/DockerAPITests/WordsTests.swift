import DockerAPI
import Testing

@Suite("Docker's words")
struct WordsTests {
    @Test(
        "for spans of time change where Docker's do",
        arguments: [
            (-5, "Less than a second"), (0, "Less than a second"), (1, "1 second"), (2, "2 seconds"), (59, "59 seconds"), (60, "About a minute"),
            (119, "About a minute"),
            (120, "2 minutes"), (3_599, "59 minutes"), (3_600, "About an hour"), (5_399, "About an hour"), (5_400, "2 hours"), (170_999, "47 hours"),
            (171_000, "2 days"),
            (1_207_799, "13 days"), (1_207_800, "2 weeks"), (5_182_199, "8 weeks"), (5_182_200, "2 months"), (63_070_199, "24 months"), (63_072_000, "2 years"),
            (315_360_000, "10 years")
        ] as [(Int64, String)])
    func durations(seconds: Int64, words: String) { #expect(humanDuration(seconds: seconds) == words) }

    @Test(
        "for states",
        arguments: [
            ("running", "Up 3 minutes"), ("paused", "Up 3 minutes (Paused)"), ("restarting", "Restarting (5) 3 minutes ago"),
            ("exited", "Exited (5) 3 minutes ago"),
            ("removing", "Removal In Progress"), ("dead", "Dead"), ("created", "Created")
        ])
    func states(state: String, text: String) { #expect(statusText(state, exitCode: 5, since: 200) == text) }
}
