// One attached client: a stream socket that brings bytes for the process's standard input and takes its output away.
//
//     client's bytes ──► onInput           half-closed by the client: onInputEnd
//     output ──► queue ──► socket          a full queue pauses whoever produces; a client that is gone is dropped
//
// The two directions end apart. A client that sends its input and then goes altogether has still sent it: its socket is read to the end
// before it is dropped. Chapter 11. man 7 unix.
import Linux
import ShimProtocol
import Terminals

/// A client attached to a process's streams.
final class Attachment {
    /// What the client wants of the three streams.
    struct Wishes {
        var input: Bool, output: Bool, error: Bool
        /// What is looked for in the input.
        var keys: DetachKeys?

        func include(_ stream: LogStream) -> Bool { stream == .output ? output : error }
    }

    let wishes: Wishes
    private let socket: Descriptor
    private var watch: Watch?
    private var queue: ByteQueue
    private var hasInputEnded = false, isOutputDead = false, isClosing = false
    private var mayRead = true
    private var buffer: [UInt8]
    private var keys: DetachKeys?
    /// How much output it was given.
    private(set) var sentBytes = 0

    /// Bytes for the process's standard input.
    var onInput: (ArraySlice<UInt8>) -> Void = { _ in }
    /// The client will send no more; only where it wished for input.
    var onInputEnd: () -> Void = {}
    /// The client has typed its detach keys; it is dropped next.
    var onDetach: () -> Void = {}
    /// The queue has room again.
    var onRoom: () -> Void = {}
    /// The attachment is over; it has closed its socket.
    var onEnd: () -> Void = {}

    /// - Throws: `KernelError` where the descriptor cannot be polled.
    init(_ socket: consuming Descriptor, _ wishes: Wishes, queueBound: Int, in loop: Loop) throws(KernelError) {
        let number = FileDescriptor(rawValue: socket.number)
        self.socket = socket
        self.wishes = wishes
        keys = wishes.keys
        queue = ByteQueue(bound: queueBound)
        buffer = []
        try setNonBlocking(number)
        watch = try loop.watch(number, nil) { [weak self] events in self?.handle(events) }
    }

    private var number: FileDescriptor { FileDescriptor(rawValue: socket.number) }

    /// Whether its producers should pause.
    var isFull: Bool { queue.isFull }

    /// Begins, and says by `mayRead` whether its input is welcome at present.
    func allowInput(_ mayRead: Bool) {
        self.mayRead = mayRead
        updateWishes()
    }

    /// Takes more output before it counts as full.
    func extendBound(to bound: Int) { queue.bound = bound }

    // MARK: Output

    /// Queues output, and hands over what goes at once.
    func send(_ bytes: ArraySlice<UInt8>) {
        guard !isOutputDead, watch != nil else { return }
        queue.append(bytes)
        sentBytes += bytes.count
        flush()
    }

    /// Closes the socket once everything is handed over.
    func finish() {
        isClosing = true
        flush()
    }

    /// Closes the socket now.
    func drop() {
        guard let watch else { return }
        watch.end()
        self.watch = nil
        queue.removeAll()
        try? shutdown(number, .both)  // other copies of the descriptor must not keep it open; already gone is fine
        onEnd()
    }

    private func flush() {
        let wasFull = queue.isFull
        do throws(KernelError) {
            try queue.write(to: number)
        } catch {
            isOutputDead = true
            queue.removeAll()
        }
        if isClosing && queue.isEmpty || isOutputDead && (hasInputEnded || isClosing || !wishes.input) {
            drop()
        } else {
            updateWishes()
        }
        if wasFull && !queue.isFull { onRoom() }
    }

    // MARK: Input

    private func handle(_ events: Readiness) {
        if wantsToRead { readOnce() } else if hasInputEnded, !events.isDisjoint(with: [.hungUp, .failed]) { isOutputDead = true }
        if watch != nil, !events.isDisjoint(with: [.writable, .hungUp, .failed]) { flush() }
    }

    private var wantsToRead: Bool { !hasInputEnded && (mayRead || !wishes.input) }

    private func readOnce() {
        if buffer.isEmpty { buffer = [UInt8](repeating: 0, count: 65_536) }
        do throws(KernelError) {
            switch try readSome(number, into: &buffer) {
            case .bytes(let count): if wishes.input { take(buffer[..<count]) }
            case .later: return
            case .end: endInput()
            }
        } catch {
            endInput()
        }
    }

    private func take(_ typed: ArraySlice<UInt8>) {
        guard let (passed, detach) = keys?.filter(typed) else { return onInput(typed) }
        if !passed.isEmpty { onInput(passed[...]) }
        guard detach else { return }
        onDetach()
        drop()
    }

    private func endInput() {
        hasInputEnded = true
        buffer = []
        if let held = keys?.flush(), !held.isEmpty { onInput(held[...]) }
        if wishes.input { onInputEnd() }
        if watch != nil { updateWishes() }
    }

    private func updateWishes() {
        guard let watch else { return }
        var events: Readiness = []
        if wantsToRead { events.insert(.readable) }
        if !queue.isEmpty { events.insert(.writable) }
        // With nothing to read or write, only the client's going away is of interest, and only once it can be told from its half-close.
        watch.want(events.isEmpty && (!hasInputEnded || isOutputDead) ? nil : events)
    }
}
