// The loop's part of the terminal's size. Somebody who drags a window's corner sends hundreds of signals: one call at a time is under way, and
// when it is answered the size of that moment is told, so the last one counts. An engine that is not ready yet, because the process has only
// just begun, is asked again, some ten milliseconds later each time. chapter 13

internal import DockerClient
internal import Linux

/// What is known of the telling.
struct Resizing {
    /// The call under way.
    var call: Connection?
    /// The size has changed since that was sent.
    var isStale = false
    var failures = 0
    /// When to try again, on the monotonic clock.
    var retryNanoseconds: UInt64?

    static let mostFailures = 10
}

extension AttachmentLoop {
    /// Tells the size of now, or soon.
    func resize() {
        guard resizing.call == nil else { return resizing.isStale = true }
        resizing.retryNanoseconds = nil
        guard let path = attachment.sizePath, let size = try? windowSize(.standardOutput), size.rows > 0 else { return }  // no terminal, no size
        let isOff = attachment.redraws, (rows, columns) = (size.rows &+ (isOff ? 1 : 0), size.columns &+ (isOff ? 1 : 0))
        (attachment.redraws, resizing.isStale) = (false, isOff)
        do throws(ClientError) {
            let call = try engine.begin(Request("POST", path, query: [("h", "\(rows)"), ("w", "\(columns)")]))
            call.borrow { descriptor in try? poll.add(descriptor, .readable, token: Source.resize.rawValue) }  // unwatched, it is never answered: no harm
            resizing.call = call
        } catch { retryResize() }
    }

    func readResize() {
        guard let call = resizing.call else { return }
        do throws(ClientError) {
            _ = try engine.finish(call)
            forget(&resizing.call)
            resizing.failures = 0
            if resizing.isStale { resize() }
        } catch {
            forget(&resizing.call)
            retryResize()
        }
    }

    private func retryResize() {
        resizing.failures += 1
        guard resizing.failures <= Resizing.mostFailures else { return resizing.failures = 0 }  // the terminal keeps the size that it has
        resizing.retryNanoseconds = monotonicNanoseconds() + UInt64(resizing.failures) * 10_000_000
    }

    /// Milliseconds until the next try; -1 where there is none to come.
    var resizeWaitMilliseconds: Int32 {
        guard let due = resizing.retryNanoseconds else { return -1 }
        let now = monotonicNanoseconds()
        return due <= now ? 0 : Int32(clamping: (due - now) / 1_000_000 + 1)
    }

    func resizeIfDue() {
        if let due = resizing.retryNanoseconds, due <= monotonicNanoseconds() { resize() }
    }
}
