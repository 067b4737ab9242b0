import DockerAPI
import Engine
import Testing

@testable import Daemon

@Suite("Events that a client wants")
struct EventTests {
    private func filter(_ text: String) throws -> EventFilter { try EventFilter(try #require(Filters(text))) }

    private let start = EventMessage(
        type: "container", action: "start", actor: "abcdef012345", attributes: ["image": "docker.io/library/bb:1", "name": "web", "team": "x"],
        nanoseconds: 5_000_000_001)
    private let exec = EventMessage(
        type: "container", action: "exec_start: sh -c true", actor: "abcdef012345", attributes: ["image": "bb", "name": "web"], nanoseconds: 6)
    private let tag = EventMessage(type: "image", action: "tag", actor: "sha256:77", attributes: ["name": "bb:2"], nanoseconds: 7)

    @Test(
        "match as moby's: exact types and actions, beginnings of IDs and names, an image with and without its tag, labels, scope",
        arguments: [
            (#"{}"#, [true, true, true]), (#"{"type":["container"]}"#, [true, true, false]), (#"{"type":["container","image"]}"#, [true, true, true]),
            (#"{"event":["start"]}"#, [true, false, false]), (#"{"event":{"exec_start":true}}"#, [false, true, false]),
            (#"{"event":["exec_start: sh -c true"]}"#, [false, true, false]), (#"{"event":["exec_start","start"]}"#, [true, true, false]),
            (#"{"event":["star"]}"#, [false, false, false]), (#"{"container":["web"]}"#, [true, true, false]), (#"{"container":["abc"]}"#, [true, true, false]),
            (#"{"container":["we"]}"#, [true, true, false]), (#"{"container":["eb"]}"#, [false, false, false]), (#"{"image":["bb"]}"#, [true, true, true]),
            (#"{"image":["docker.io/library/bb:1"]}"#, [true, false, false]), (#"{"image":["bb:2"]}"#, [false, false, true]),
            (#"{"image":["sha256:77"]}"#, [false, false, true]), (#"{"label":["team=x"]}"#, [true, false, false]),
            (#"{"label":["team"]}"#, [true, false, false]),
            (#"{"label":["team=y"]}"#, [false, false, false]), (#"{"scope":["local"]}"#, [true, true, true]), (#"{"scope":["swarm"]}"#, [false, false, false]),
            (#"{"type":["container"],"event":["start"],"label":["team"]}"#, [true, false, false]), (#"{"daemon":["web"]}"#, [true, true, false])
        ])
    func filters(text: String, matches: [Bool]) throws {
        let wanted = try filter(text)
        #expect([start, exec, tag].map { wanted.matches($0) } == matches)
    }

    @Test("a filter that there is not is an error that names it")
    func unknown() throws {
        #expect(throws: EngineError(.invalid, "invalid filter 'nosuch'")) { try filter(#"{"nosuch":["x"]}"#) }
    }

    @Test("the past is told where it is asked for, within its bounds")
    func spans() throws {
        #expect(try !EventSpan(nil, nil).recalls(start))
        #expect(try EventSpan("0", nil).recalls(start))
        #expect(try EventSpan("5.000000001", nil).recalls(start))
        #expect(try !EventSpan("5.000000002", nil).recalls(start))
        #expect(try EventSpan(nil, "6").recalls(start))
        #expect(try !EventSpan("", "5").recalls(start))
        #expect(throws: EngineError(.invalid, "`since` time (7) cannot be after `until` time (6.5)")) { try EventSpan("7", "6.5") }
        #expect(throws: EngineError.self) { try EventSpan("yesterday", nil) }
        guard case .forEver = try EventSpan("5", nil).listening(from: 9) else { throw EngineError(.failed, "without an end it goes on") }
        guard case .notAtAll = try EventSpan(nil, "5").listening(from: 9_000_000_000) else { throw EngineError(.failed, "an end in the past") }
        guard case .nanoseconds(1_000_000_000) = try EventSpan(nil, "5").listening(from: 4_000_000_000) else { throw EngineError(.failed, "an end to come") }
    }

    @Test("container events bear the old fields, image events two of them, others none")
    func oldFields() {
        #expect((start.status, start.id, start.from) == ("start", "abcdef012345", "docker.io/library/bb:1"))
        #expect((tag.status, tag.id, tag.from) == ("tag", "sha256:77", nil))
        let network = EventMessage(type: "network", action: "create", actor: "n", attributes: [:], nanoseconds: 1)
        #expect((network.status, network.id, network.from) == (nil, nil, nil))
        #expect((start.time, start.timeNano) == (5, 5_000_000_001))
    }
}
