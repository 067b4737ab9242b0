// Registries are busy, restart, and count what we ask. So an exchange that fails for a reason that may pass is tried again, each time after twice
// the wait, a little more or less so that many who failed together do not come back together; where the registry says when to come back, then.
// RFC 9110 §10.2.3 (Retry-After). chapter 08
import HTTP

extension Transport {
    /// Sends a question as often as it takes and the settings allow.
    ///
    /// - Returns: an answer; one of 429 or 5xx where there was no other
    func exchange(_ question: Question) async throws(RegistryError) -> Answer {
        var patience = Patience(settings)
        while true {
            do throws(ExchangeFailure) {
                let answer = try await once(question)
                guard answer.isOverload, let pause = patience.pause(after: answer) else { return answer }
                try await rest(pause)
            } catch {
                guard let pause = patience.pause(after: error) else { throw error.error }
                do throws(ExchangeFailure) { try await rest(pause) } catch { throw error.error }
            }
        }
    }

    func rest(_ pause: Duration) async throws(ExchangeFailure) {
        do { try await Task.sleep(for: pause) } catch { throw ExchangeFailure(error: .cancelled, isTransient: false) }
    }
}

extension Answer {
    /// Whether the registry may answer otherwise later.
    var isOverload: Bool { status == 429 || [500, 502, 503, 504].contains(status) }
}

/// How many more attempts there are, and how long to wait before the next.
struct Patience {
    private let settings: RegistrySettings
    private var failures = 0

    init(_ settings: RegistrySettings) { self.settings = settings }

    /// Something went well: all attempts are there again.
    mutating func refill() { failures = 0 }

    /// nil where there is no further attempt. Silence has cost so much time already that it is borne once.
    mutating func pause(after failure: ExchangeFailure) -> Duration? {
        guard failure.isTransient else { return nil }
        if case .stalled = failure.error { failures += settings.attempts / 2 }
        return next()
    }

    mutating func pause(after answer: Answer) -> Duration? {
        guard let pause = next() else { return nil }
        guard let asked = answer.headers["Retry-After"].flatMap({ Int64($0) }), asked >= 0 else { return pause }
        return .seconds(asked) <= settings.longestPause ? .seconds(asked) : nil
    }

    private mutating func next() -> Duration? {
        failures += 1
        guard failures < settings.attempts else { return nil }
        return min(settings.firstPause * (1 << min(failures - 1, 16)), settings.longestPause) * Double.random(in: 0.8...1.2)
    }
}
