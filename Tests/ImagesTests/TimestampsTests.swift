// Times to and from RFC 3339, around the calendar's edges.

import Testing

@testable import Images

@Suite("A timestamp")
struct TimestampsTests {
    @Test(
        "reads and writes the same instant",
        arguments: [
            (0, "1970-01-01T00:00:00.000000000Z"), (-1, "1969-12-31T23:59:59.999999999Z"), (951_782_400_000_000_001, "2000-02-29T00:00:00.000000001Z"),
            (1_709_251_199_999_999_999, "2024-02-29T23:59:59.999999999Z"), (4_107_542_400_000_000_000, "2100-03-01T00:00:00.000000000Z")
        ] as [(Int64, String)])
    func both(_ time: Int64, _ text: String) {
        #expect(timestamp(ofNanoseconds: time) == text)
        #expect(nanoseconds(ofTimestamp: text) == time)
    }

    @Test("understands fractions of any length and zones")
    func zones() {
        #expect(nanoseconds(ofTimestamp: "1970-01-01T00:00:01Z") == 1_000_000_000)
        #expect(nanoseconds(ofTimestamp: "1970-01-01T09:00:00.5+09:00") == 500_000_000)
        #expect(nanoseconds(ofTimestamp: "1969-12-31T19:00:00.123456789123-05:00") == 123_456_789)
    }

    @Test(
        "is not read from other text",
        arguments: ["", "now", "2024-02-29", "2024-13-01T00:00:00Z", "2024-01-01T24:00:00Z", "2024-01-01T00:00:00", "9999-01-01T00:00:00Z"])
    func bad(_ text: String) {
        #expect(nanoseconds(ofTimestamp: text) == nil)
    }
}
