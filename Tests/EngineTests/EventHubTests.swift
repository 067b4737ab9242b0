import DockerAPI
import Testing

@testable import Engine

@Suite("What the hub tells", .timeLimit(.minutes(1)))
struct EventHubTests {
    @Test("the last 256 are kept, and what comes after them is heard without a gap")
    func keeps() async {
        let hub = EventHub()
        for number in 0..<300 { hub.publish("container", "start", "\(number)", [:]) }
        let (recent, coming) = hub.listen()
        #expect(recent.map(\.Actor.ID) == (44..<300).map { "\($0)" })
        for number in 300..<310 { hub.publish("container", "start", "\(number)", [:]) }
        var heard: [String] = []
        for await event in coming {
            heard.append(event.Actor.ID)
            if heard.count == 10 { break }
        }
        #expect(heard == (300..<310).map { "\($0)" })
    }

    @Test("who does not listen any more is forgotten, and who does not keep up loses the stream, not the engine its time")
    func slow() async {
        let hub = EventHub()
        do {
            let (_, coming) = hub.listen()
            #expect(hub.listenerCount == 1)
            _ = coming
        }
        let (_, slow) = hub.listen()
        for number in 0..<2000 { hub.publish("container", "start", "\(number)", [:]) }
        #expect(hub.listenerCount == 0)
        var heard = 0
        for await _ in slow { heard += 1 }
        #expect(heard == 1024)
    }

    @Test("a terminal's size is two numbers above zero; anything else is none")
    func window() {
        #expect(Window([30, 100]) == Window(rows: 30, columns: 100))
        #expect(Window([100_000, 5]) == Window(rows: .max, columns: 5))
        for none in [nil, [], [0, 0], [30], [30, 0], [-1, 5], [1, 2, 3]] as [[Int]?] { #expect(Window(none) == nil) }
    }
}
