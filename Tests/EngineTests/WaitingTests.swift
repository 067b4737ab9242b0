import DockerAPI
import Synchronization
import Testing

@testable import Engine

@Suite("Waiting in turn", .timeLimit(.minutes(1)))
struct WaitingTests {
    @Test("a mailbox runs one piece of work at a time, also where the work waits in the middle")
    func oneAtATime() async throws {
        let mailbox = Mailbox(), inside = Shared((now: 0, most: 0))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<100 {
                group.addTask {
                    try await mailbox.perform {
                        inside.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
                        await Task.yield()
                        inside.withLock { $0.now -= 1 }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(inside.withLock { $0 } == (0, 1))
    }

    @Test("posted work runs in the order in which one thread posted it")
    func order() async throws {
        let mailbox = Mailbox(), seen = Shared<[Int]>([])
        for number in 0..<50 { mailbox.post { seen.withLock { $0.append(number) } } }
        try await mailbox.perform {}
        #expect(seen.withLock { $0 } == Array(0..<50))
    }

    @Test("work that was begun is finished though its asker was cancelled, and an error of one does not stop the next")
    func cancelled() async throws {
        let mailbox = Mailbox(), finished = Promise<Bool>(), begun = Promise<Void>()
        let asker = Task {
            try await mailbox.perform {
                begun.fulfil(())
                await Task.yield()
                finished.fulfil(!Task.isCancelled)
            }
        }
        await begun.value
        asker.cancel()
        #expect(await finished.value)
        await #expect(throws: EngineError.self) { try await mailbox.perform { throw EngineError(.failed, "x") } }
        #expect(try await mailbox.perform { 5 } == 5)
    }

    @Test("a promise wakes all who wait, keeps its first value, and lets a cancelled task go")
    func promise() async {
        let promise = Promise<Int>()
        let waiting = (0..<10).map { _ in Task { await promise.valueUnlessCancelled } }
        let quitter = Task { await promise.valueUnlessCancelled }
        quitter.cancel()
        #expect(await quitter.value == nil)
        #expect(promise.fulfil(1))
        #expect(!promise.fulfil(2))
        for task in waiting { #expect(await task.value == 1) }
        #expect(promise.current == 1)
    }

    @Test("a limited wait gives up, and takes what is there at once")
    func limited() async {
        let promise = Promise<Int>()
        #expect(await promise.value(within: 0.01) == nil)
        promise.fulfil(3)
        #expect(await promise.value(within: 0) == 3 || promise.current == 3)
    }

    @Test("a listener misses nothing between the kept events and the coming ones, and 256 are kept")
    func events() async {
        let hub = EventHub()
        for number in 0..<300 { hub.publish("container", "a\(number)", "id", [:]) }
        let (recent, coming) = hub.listen()
        #expect(recent.count == EventHub.kept && recent.last?.Action == "a299" && recent.first?.Action == "a44")
        hub.publish("container", "next", "id", ["image": "bb"])
        var iterator = coming.makeAsyncIterator()
        let event = await iterator.next()
        #expect(event?.Action == "next" && event?.from == "bb" && event?.status == "next")
    }
}

/// A value that several tasks change.
private final class Shared<Value: Sendable>: Sendable {
    private let value: Mutex<Value>
    init(_ value: Value) { self.value = Mutex(value) }
    func withLock<Result: Sendable>(_ body: (inout Value) -> Result) -> Result { value.withLock { value in body(&value) } }
}
