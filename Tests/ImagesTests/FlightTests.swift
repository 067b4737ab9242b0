// Many pulls at once: each blob is fetched once, everybody watches, and who leaves takes nobody along.

import Digests
import HTTP
import Linux
import OCI
import Synchronization
import Testing

@testable import Images

/// Opens once, for all who wait.
private final class Door: Sendable {
    private let isOpen = Mutex(false)
    func open() { isOpen.withLock { $0 = true } }
    func pass() async throws { while !isOpen.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(5)) } }
}

private func until(_ condition: () throws -> Bool) async throws { while !(try condition()) { try await Task.sleep(for: .milliseconds(5)) } }

private let base = tar([("base", "b")]), top = tar([("top", "t")])

@Suite("Pulls at once", .timeLimit(.minutes(1)), .serialized)
struct FlightTests {
    @Test("fifty of them, of images that share layers, fetch each blob once, and all succeed")
    func fifty() async throws {
        try await withPullHouse { test in
            let own = (0..<5).map { tar([("own", "\($0)")]) }
            for number in 0..<5 { try test.registry.image("app:\(number)", [base, own[number], top]) }
            try await withThrowingTaskGroup(of: PulledImage.self) { group in
                for number in 0..<50 { group.addTask { try await test.pull("app:\(number % 5)") } }
                var ids: Set<Digest> = []
                for try await pulled in group { ids.insert(pulled.id) }
                #expect(ids.count == 5)
            }
            #expect(test.registry.fetches.count == 5 + 5 + 2)  // configurations, own layers, base and top
            #expect(test.registry.fetches.values.allSatisfy { $0 == 1 }, "\(test.registry.fetches)")
            #expect(test.puller.downloads.count == 0 && test.puller.layers.count == 0)
            // The top is another layer on each, though it is one blob.
            #expect(try entries(test.house.root.appending("snapshots/layers")).count == 1 + 5 + 5)
            #expect(try !test.remains().contains { $0.contains("lease:") })
        }
    }

    @Test("one that is cancelled leaves the other its download; both see it")
    func oneCancelled() async throws {
        try await withPullHouse { test in
            let door = Door(), digest = Digest(of: top).description, (one, two) = (Steps(), Steps())
            try test.registry.image("app:1", [base, top])
            test.registry.script { request in
                guard request.isBlob(digest) else { return nil }
                return Response(
                    status: 200,
                    body: .stream { writer in
                        try await writer.write(Array(top.prefix(100)))
                        try await door.pass()
                        try await writer.write(Array(top.dropFirst(100)))
                    })
            }
            let first = Task { try await test.pull("app:1") { one.add($0) } }
            let second = Task { try await test.pull("app:1") { two.add($0) } }
            let id = Digest(of: top).short, half = LayerProgress.downloading(current: 100, total: Int64(top.count))
            try await until { one.of(id).contains(half) && two.of(id).contains(half) }
            first.cancel()
            await #expect(throws: ImagesError.cancelled) { try await first.value }
            door.open()
            #expect(try await second.value.isNewer)
            #expect(test.registry.fetches[digest] == 1)
        }
    }

    @Test("the last one that leaves stops the download, and nothing is left")
    func allCancelled() async throws {
        try await withPullHouse { test in
            let door = Door(), ended = Mutex(false), digest = Digest(of: top).description, steps = Steps()
            try test.registry.image("app:1", [base, top])
            test.registry.script { request in
                guard request.isBlob(digest) else { return nil }
                return Response(
                    status: 200,
                    body: .stream { writer in
                        defer { ended.withLock { $0 = true } }
                        try await writer.write(Array(top.prefix(100)))
                        try await door.pass()
                    })
            }
            let pulls = (0..<3).map { _ in Task { try await test.pull("app:1") { steps.add($0) } } }
            let half = LayerProgress.downloading(current: 100, total: Int64(top.count))
            try await until { steps.of(Digest(of: top).short).count { $0 == half } == 3 }
            for pull in pulls { pull.cancel() }
            for pull in pulls { await #expect(throws: ImagesError.cancelled) { try await pull.value } }
            #expect(test.puller.downloads.count == 0 && test.puller.layers.count == 0)
            #expect(try await test.remainsAtLast() == [])
            try await until { ended.withLock { $0 } }
            test.registry.behave()
            #expect(try await test.pull("app:1").isNewer)
        }
    }

    @Test("a blob that one registry lacks is taken from the other")
    func otherSource() async throws {
        try await withPullHouse { test in
            let door = Door(), digest = Digest(of: top).description
            for name in ["bad:1", "good:1"] { try test.registry.image(name, [base, top]) }
            test.registry.script { request in
                guard request.path == "/v2/bad/blobs/\(digest)" else { return nil }
                do { try await door.pass() } catch { return Response(status: 500) }
                return Response(status: 404)
            }
            let bad = Task { try await test.pull("bad:1") }
            try await until { test.registry.fetches[digest] == 1 }
            let steps = Steps(), good = Task { try await test.pull("good:1") { steps.add($0) } }
            try await until { steps.all.contains { if case .layer = $0 { true } else { false } } }
            door.open()
            await #expect(throws: ImagesError.self) { try await bad.value }
            #expect(try await good.value.isNewer)
        }
    }

    @Test("three downloads of a pull at most are under way")
    func three() async throws {
        try await withPullHouse { test in
            let now = Mutex((current: 0, most: 0)), layers = (0..<8).map { tar([("n", "\($0)")]) }, steps = Steps()
            let digests = Set(layers.map { Digest(of: $0).description })
            try test.registry.image("app:1", layers)
            test.registry.script { request in
                guard digests.contains(String(request.segments.last ?? "")) else { return nil }
                now.withLock { $0 = ($0.current + 1, max($0.most, $0.current + 1)) }
                do { try await Task.sleep(for: .milliseconds(30)) } catch { return Response(status: 500) }
                now.withLock { $0.current -= 1 }
                return nil
            }
            _ = try await test.pull("app:1") { steps.add($0) }
            #expect(now.withLock { $0.most } == 3)
            #expect(layers.count { steps.of(Digest(of: $0).short).contains(.waiting) } == 5)
        }
    }
}

@Suite("Slots", .timeLimit(.minutes(1)))
struct SlotsTests {
    @Test("a task that is cancelled in the queue gives up its place")
    func cancelled() async throws {
        let slots = Slots(1), door = Door(), told = Told()
        let holder = Task { try await slots.within { () throws(ImagesError) in do { try await door.pass() } catch { throw .cancelled } } }
        try await until { slots.free == 0 }
        @Sendable func wait(_ number: Int) async throws {
            try await slots.within(waiting: { told.add("waiting") }) { () throws(ImagesError) in told.add("\(number)") }
        }
        let (one, two) = (Task { try await wait(1) }, Task { try await wait(2) })
        try await until { told.all == ["waiting", "waiting"] }
        one.cancel()
        await #expect(throws: ImagesError.cancelled) { try await one.value }
        door.open()
        try await holder.value
        try await two.value
        #expect(told.all == ["waiting", "waiting", "2"] && slots.free == 1)
    }
}

/// Words from several tasks, in order.
private final class Told: Sendable {
    private let words = Mutex<[String]>([])
    var all: [String] { words.withLock { $0 } }
    func add(_ word: String) { words.withLock { $0.append(word) } }
}
