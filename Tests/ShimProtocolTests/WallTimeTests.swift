import ShimProtocol
import Testing

@Suite("Times in logs and records")
struct WallTimeTests {
    @Test(
        "are written as Go writes RFC 3339 with nanoseconds, trailing zeros trimmed",
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (1_795_264_123_500_000_000, "2026-11-21T12:28:43.5Z"), (951_782_400_000_000_001, "2000-02-29T00:00:00.000000001Z"),
            (-1, "1969-12-31T23:59:59.999999999Z"), (4_107_542_399_120_000_000, "2100-02-28T23:59:59.12Z")
        ] as [(Int64, String)])
    func writes(nanoseconds: Int64, text: String) {
        #expect(WallTime(nanoseconds: nanoseconds).description == text)
        #expect(WallTime(text)?.nanoseconds == nanoseconds)
    }

    @Test("have nine digits where columns must line up")
    func fixed() {
        var bytes: [UInt8] = []
        WallTime(nanoseconds: 1_500_000_000).append(to: &bytes, fixedDigits: true)
        #expect(String(decoding: bytes, as: UTF8.self) == "1970-01-01T00:00:01.500000000Z")
    }

    @Test("are read with any offset from Greenwich")
    func offsets() {
        #expect(WallTime("1970-01-01T09:00:00+09:00")?.nanoseconds == 0)
        #expect(WallTime("1969-12-31T19:30:00.25-04:30")?.nanoseconds == 250_000_000)
    }

    @Test("survive writing and reading for every day of four centuries")
    func everyDay() {
        for day in Int64(-60_000)...60_000 {
            let time = WallTime(nanoseconds: day * 86_400_000_000_000 + 45_296_000_000_007)
            #expect(WallTime(time.description) == time)
        }
    }

    @Test(
        "refuse what is no time",
        arguments: [
            "", "Z", "2026", "2026-11-21", "2026-11-21T12:28:43", "2026-13-21T12:28:43Z", "2026-11-21T24:00:00Z", "2026-11-21T12:28:43.Z",
            "2026-11-21T12:28:43.1234567890Z", "2026-11-21 12:28:43Z", "2026-11-21T12:28:43Zx", "0001-01-01T00:00:00Z", "2026-11-21T12:28:43+9:00"
        ])
    func refuses(text: String) {
        #expect(WallTime(text) == nil)
    }
}
