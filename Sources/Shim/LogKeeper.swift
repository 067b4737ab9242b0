// Keeps the container's log, and tells when lines are lost: once when the loss begins, and once when it is over or the container ends, with
// the count. Chapter 11.
import Linux
import ShimProtocol

/// The log of one container, with the telling of losses.
final class LogKeeper {
    private let writer: LogWriter
    private let tell: (ShimEvent.LogLoss) -> Void
    private var told: ShimEvent.LogLoss?

    init(_ settings: ShimConfiguration.Log, tell: @escaping (ShimEvent.LogLoss) -> Void) throws(KernelError) {
        writer = try LogWriter(settings)
        self.tell = tell
    }

    func append(_ bytes: ArraySlice<UInt8>, _ stream: LogStream) {
        let before = writer.loss
        writer.append(bytes, stream, at: .now)
        if let before, writer.loss == nil, before != told { tell(before) }
        if before == nil, let loss = writer.loss { report(loss) }
        if writer.loss == nil { told = nil }
    }

    /// The container writes no more.
    func finish() {
        writer.finish(at: .now)
        if let loss = writer.loss, loss != told { report(loss) }
    }

    private func report(_ loss: ShimEvent.LogLoss) {
        told = loss
        tell(loss)
    }
}
