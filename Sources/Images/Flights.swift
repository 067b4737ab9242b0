// Single flight: what several want at once is done once, everybody watches, and it goes on for as long as one of them waits.
//
//      ride(key) ── nobody flies ──► take off: a task of its own ──► outcome ──► every passenger uses it, and leaves
//          └─────── somebody does ─► board: told where it is now ─────┘
//
// A passenger whose task is cancelled leaves alone. When the last one leaves before the end, the flight is cancelled, and its end awaited, so that
// nothing of it is left when they go on; when the last one leaves after it, `land` puts away what the flight held for them. A failure is
// everybody's, except that who asked another source (`owner`) tries that one before giving up. The task is unstructured, as it must outlive
// whoever began it. Chapter 08.

import Synchronization

/// Flights by key.
final class Flights<Key: Hashable & Sendable, Value: Sendable, Report: Sendable>: Sendable {
    typealias Watch = @Sendable (Report) -> Void

    private let flying = Mutex<[Key: Flight<Value, Report>]>([:])
    private let land: @Sendable (Value) async -> Void

    /// - Parameter land: puts away what a flight held for its passengers
    init(land: @escaping @Sendable (Value) async -> Void = { _ in }) { self.land = land }

    /// Boards or begins the flight for `key` at once, so that the caller decides the order; `Ride.use` waits for it.
    ///
    /// - Parameters:
    ///   - owner: where this caller's would come from
    ///   - watch: told of each report, the latest one at once; quick, and never calls back
    ///   - fly: does it
    func board(
        _ key: Key, owner: String, watch: @escaping Watch, fly: @escaping @Sendable (@escaping Watch) async throws(ImagesError) -> Value
    ) -> Ride<Value, Report> {
        flying.withLock { flying in
            if let flight = flying[key], let seat = flight.board(watch) { return Ride(flight, seat) }
            let flight = Flight<Value, Report>(owner: owner) { flight in
                self.forget(key, flight)
            } land: {
                await self.land($0)
            }
            flying[key] = flight
            let ride = Ride(flight, flight.first(watch))
            flight.takeOff(fly)
            return ride
        }
    }

    /// Boards, waits, and lends the outcome to `use`; the flight holds on to what it made until `use` has returned.
    /// - Parameter boarded: a ride for `key` that the caller has got already
    func ride<Result: Sendable>(
        _ key: Key, owner: String, boarded: Ride<Value, Report>? = nil, watch: @escaping Watch,
        fly: @escaping @Sendable (@escaping Watch) async throws(ImagesError) -> Value,
        use: (Value) async throws(ImagesError) -> Result
    ) async throws(ImagesError) -> Result {
        var boarded = boarded
        while true {
            let ride = boarded ?? board(key, owner: owner, watch: watch, fly: fly)
            boarded = nil
            switch await ride.outcome() {
            case .success(let value):
                do throws(ImagesError) {
                    let result = try await use(value)
                    await ride.leave()
                    return result
                } catch {
                    await ride.leave()
                    throw error
                }
            case .failure(let error):
                await ride.leave()
                // Another's registry is down, or has no such blob: ours may be better.
                guard error.isOfRegistry, ride.owner != owner, !Task.isCancelled else { throw error }
            }
        }
    }

    /// How many are in the air: for tests.
    var count: Int { flying.withLock { $0.count } }

    private func forget(_ key: Key, _ flight: Flight<Value, Report>) {
        flying.withLock { flying in if flying[key] === flight { flying[key] = nil } }
    }
}

/// A place in a flight.
struct Ride<Value: Sendable, Report: Sendable>: Sendable {
    private let flight: Flight<Value, Report>
    private let seat: Int

    init(_ flight: Flight<Value, Report>, _ seat: Int) { (self.flight, self.seat) = (flight, seat) }

    var owner: String { flight.owner }

    /// Waits for the end; `.cancelled` where the caller's task is.
    func outcome() async -> Result<Value, ImagesError> { await flight.outcome(of: seat) }

    /// Must be called once, whatever the outcome.
    func leave() async { await flight.leave(seat) }
}
