// From attached clients to the process's standard input. The process may not read: its pipe fills, then this queue, then the clients'
// sockets are read no more, and they wait. Nothing is lost, and the loop never waits itself. Bytes that come before the process has started
// are kept: `echo x | docker run -i` sends them before it asks for the start. Chapter 11. man 7 pipe.
import Linux

/// The queue in front of a process's standard input.
final class InputPump {
    private let loop: Loop
    private var queue = ByteQueue(bound: 262_144)
    private var target: Descriptor?
    private var watch: Watch?
    private var isEnding = false, isClosed = false

    /// Whether more bytes are welcome. Once the process takes none any more they are, to be thrown away: a client is not made to wait then.
    private(set) var hasRoom = true
    /// `hasRoom` has changed.
    var onRoomChange: () -> Void = {}

    init(in loop: Loop) { self.loop = loop }

    /// The process has started: begins to write to `target`, non-blocking. Nil where it has no standard input.
    func begin(_ target: consuming Descriptor?) throws(KernelError) {
        guard let target else { return close() }
        let number = FileDescriptor(rawValue: target.number)
        try setNonBlocking(number)
        watch = try loop.watch(number, nil) { [weak self] _ in self?.flush() }
        self.target = consume target
        flush()
    }

    func append(_ bytes: ArraySlice<UInt8>) {
        guard !isClosed, !isEnding else { return }
        queue.append(bytes)
        flush()
    }

    /// Closes the process's standard input once it has taken everything.
    func finish() {
        isEnding = true
        flush()
    }

    /// Closes it now.
    func close() {
        watch?.end()
        watch = nil
        target = nil
        isClosed = true
        queue.removeAll()
        updateRoom()
    }

    private func flush() {
        guard let watch, let number = target?.number else { return updateRoom() }
        do throws(KernelError) {
            try queue.write(to: FileDescriptor(rawValue: number))
            if queue.isEmpty && isEnding { return close() }
            watch.want(queue.isEmpty ? nil : .writable)
            updateRoom()
        } catch {
            close()  // the process has closed its end
        }
    }

    private func updateRoom() {
        let now = isClosed || !queue.isFull
        guard now != hasRoom else { return }
        hasRoom = now
        onRoomChange()
    }
}
