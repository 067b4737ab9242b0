import Offload
import Synchronization
import Testing

private struct Refused: Error, Equatable { let number: Int }

@Suite("Offload", .timeLimit(.minutes(1)))
struct OffloadTests {
    @Test("hands back what the body returns, and throws what it throws, by its type")
    func results() async throws {
        #expect(await offload { 40 + 2 } == 42)
        await #expect(throws: Refused(number: 7)) { try await offload { () throws(Refused) -> Int in throw Refused(number: 7) } }
    }

    @Test("more waiting bodies than threads do not stop other tasks")
    func manyWait() async {
        let gate = Shared(0)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<40 {
                group.addTask {
                    await offload {
                        var spins = 0
                        while spins < 2_000 { spins += 1 }
                        gate.withLock { $0 += 1 }
                    }
                }
            }
        }
        #expect(gate.withLock { $0 } == 40)
    }

    @Test("the database's lane runs one body at a time")
    func lane() async {
        let inside = Shared((now: 0, most: 0))
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    await offloadMetadata {
                        inside.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
                        inside.withLock { $0.now -= 1 }
                    }
                }
            }
        }
        #expect(inside.withLock { $0.most } == 1)
    }

    @Test("a body that never looks back does not keep the common pool from working")
    func alone() async {
        let stop = Shared(false)
        async let lonely: Void = offloadAlone { while !stop.withLock({ $0 }) {} }
        #expect(await offload { true })
        stop.withLock { $0 = true }
        await lonely
    }

    @Test("an own thread runs its bodies in the order of their coming")
    func ownThread() async {
        let thread = OwnThread(), order = Shared<[Int]>([])
        for number in 0..<5 { await thread.run { order.withLock { $0.append(number) } } }
        #expect(order.withLock { $0 } == [0, 1, 2, 3, 4])
    }
}

/// A value that several tasks change.
private final class Shared<Value: Sendable>: Sendable {
    private let value: Mutex<Value>
    init(_ value: Value) { self.value = Mutex(value) }
    func withLock<Result: Sendable>(_ body: (inout Value) -> Result) -> Result { value.withLock { value in body(&value) } }
}
