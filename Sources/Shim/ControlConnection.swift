// One daemon's connection: requests come in, replies and events go out, a packet each. Whoever is at the other end may be broken or
// malicious: a packet that makes no sense is answered (if it has a number) and forgotten, and a daemon that does not read is cut off, for
// its replies must not pile up here. Chapter 11. man 7 unix.
import Linux
import ShimProtocol

/// A daemon, as seen from the shim.
final class ControlConnection {
    private let socket: Descriptor
    private var watch: Watch?
    private var waiting: [[UInt8]] = []
    private static let mostWaiting = 1_000

    /// Called with each request, its number, and the descriptors that came along.
    var onRequest: (ShimEnvelope, inout ReceivedMessage) -> Void = { _, _ in }
    /// The daemon has gone.
    var onEnd: () -> Void = {}

    init(_ socket: consuming Descriptor, in loop: Loop) throws(KernelError) {
        let number = FileDescriptor(rawValue: socket.number)
        self.socket = socket
        try setNonBlocking(number)
        watch = try loop.watch(number, .readable) { [weak self] events in self?.handle(events) }
    }

    private var number: FileDescriptor { FileDescriptor(rawValue: socket.number) }

    /// Sends a reply or event, at once or when there is room.
    func send(_ message: ShimMessage) {
        guard watch != nil else { return }
        do throws(ShimProtocolError) {
            waiting.append(try Packet.encode(message))
        } catch {
            preconditionFailure("a message of ours does not encode: \(error)")
        }
        waiting.count > Self.mostWaiting ? end() : flush()
    }

    private func flush() {
        do throws(KernelError) {
            while let packet = waiting.first {
                try sendMessage(number, packet, wait: false)
                waiting.removeFirst()
            }
            watch?.want(.readable)
        } catch {
            error.means(.later) ? watch?.want([.readable, .writable]) : end()
        }
    }

    private func handle(_ events: Readiness) {
        if events.contains(.writable) { flush() }
        guard watch != nil, !events.isDisjoint(with: [.readable, .hungUp, .failed]) else { return }
        do throws(KernelError) {
            var message = try receiveMessage(number, capacity: wireLimit, wait: false)
            guard !message.bytes.isEmpty else { return end() }
            handle(&message)
        } catch {
            if !error.means(.later) { end() }
        }
    }

    private func handle(_ message: inout ReceivedMessage) {
        do throws(ShimProtocolError) {
            if message.isTruncated { throw .malformed("it is too long") }
            onRequest(try Packet.decode(ShimEnvelope.self, message.bytes), &message)
        } catch {
            guard let sequence = Packet.sequence(ofUnknown: message.bytes) else { return }
            send(.reply(ShimReply(sequence: sequence, error: ShimFailure(.other, "this shim does not know that request: \(error)"))))
        }
    }

    private func end() {
        guard let watch else { return }
        watch.end()
        self.watch = nil
        onEnd()
    }
}
