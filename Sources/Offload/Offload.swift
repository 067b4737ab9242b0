// The one bridge from asynchronous code to what waits for disks, processes and locks. Swift's cooperative pool has as many threads as the
// machine has processors, here two: one slow fsync on it would stop the whole daemon. So nothing synchronous is called from a task but through
// `offload`, which lends a thread of a bounded pool. The database has a pool of one thread, a lane: its transactions are serial anyway, and
// must not sit on all threads while they queue. What waits without end (following a log) gets a thread of its own. Chapter 12.
public import NIOPosix

/// The pools. They live as long as the program.
public enum Pools {
    /// For everything that may wait for a moment: files, processes, helpers.
    public static let common = pool(threads: 12)
    /// For transactions of the database.
    public static let metadata = pool(threads: 1)

    private static func pool(threads: Int) -> NIOThreadPool {
        let pool = NIOThreadPool(numberOfThreads: threads)
        pool.start()
        return pool
    }
}

/// Runs `body` on a thread that may wait, and the caller's task goes on when it has ended. Not cancelled half-way.
///
///     let text = try await offload { () throws(KernelError) in try readText("/etc/hostname") }
public func offload<Result: Sendable, Failure: Error>(
    on pool: NIOThreadPool = Pools.common, _ body: @escaping @Sendable () throws(Failure) -> Result
) async throws(Failure) -> Result {
    let outcome: Swift.Result<Result, Failure> = await withCheckedContinuation { continuation in
        pool.submit { state in
            precondition(state == .active, "the pools are never shut down")
            do throws(Failure) { continuation.resume(returning: .success(try body())) } catch { continuation.resume(returning: .failure(error)) }
        }
    }
    return try outcome.get()
}

/// Runs a transaction in the database's lane.
public func offloadMetadata<Result: Sendable, Failure: Error>(_ body: @escaping @Sendable () throws(Failure) -> Result) async throws(Failure) -> Result {
    try await offload(on: Pools.metadata, body)
}

/// Runs `body`, which may wait for ever, on a thread of its own. `body` asks from time to time whether it is still wanted.
public func offloadAlone<Result: Sendable, Failure: Error>(_ body: @escaping @Sendable () throws(Failure) -> Result) async throws(Failure) -> Result {
    let pool = NIOThreadPool(numberOfThreads: 1)
    pool.start()
    defer { pool.shutdownGracefully { _ in } }
    return try await offload(on: pool, body)
}

/// A thread for one user who comes again and again and may wait for long, such as the reader of a log that is followed.
public final class OwnThread: Sendable {
    private let pool = NIOThreadPool(numberOfThreads: 1)

    public init() { pool.start() }

    deinit { pool.shutdownGracefully { _ in } }

    /// Runs `body` on the thread.
    public func run<Result: Sendable, Failure: Error>(_ body: @escaping @Sendable () throws(Failure) -> Result) async throws(Failure) -> Result {
        try await offload(on: pool, body)
    }
}
