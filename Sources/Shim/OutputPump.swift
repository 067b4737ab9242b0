// From a process's output to its log and to the attached clients. The log comes first and depends on no client. Reading pauses while a
// client's queue is full: the process then waits in write(2), as it would for a terminal that is slow. Chapter 11. man 7 pipe, pty.
import Linux
import ShimProtocol

/// One output stream of a process: the reading end of a pipe, or a terminal's master.
final class OutputPump {
    let stream: LogStream
    private var source: Descriptor?
    private var watch: Watch?
    private var buffer = [UInt8](repeating: 0, count: 65_536)

    /// Gets what was read.
    var onOutput: (ArraySlice<UInt8>) -> Void = { _ in }
    /// Nobody has the writing end any more, or it was given up.
    var onEnd: () -> Void = {}

    init(_ source: consuming Descriptor, _ stream: LogStream) {
        self.source = consume source
        self.stream = stream
    }

    var hasEnded: Bool { watch == nil }

    func begin(in loop: Loop) throws(KernelError) {
        guard let raw = source?.number else { return }
        let number = FileDescriptor(rawValue: raw)
        try setNonBlocking(number)
        watch = try loop.watch(number, .readable) { [weak self] _ in self?.read(number) }
    }

    func pause(_ isPaused: Bool) { watch?.want(isPaused ? nil : .readable) }

    /// Gives up on what may still come.
    func abandon() {
        guard let watch else { return }
        watch.end()
        self.watch = nil
        source = nil
        buffer = []
        onEnd()
    }

    private func read(_ number: FileDescriptor) {
        do throws(KernelError) {
            switch try readSome(number, into: &buffer) {
            case .bytes(let count): onOutput(buffer[..<count])
            case .later: break
            case .end: abandon()
            }
        } catch {
            abandon()
        }
    }
}
