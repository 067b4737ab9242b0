// Stands before NIO's HTTP decoder and gives it one message at a time. The decoder swallows whatever it is fed: the bytes behind a request that
// takes the connection over (attach's first input, sent along with its head) would be parsed as a request, or be lost with the end of input.
// So a head is passed on up to its empty line, then as much body as the head announced; the rest waits here. It also bounds heads in size and
// time, and stops reading from the socket while nobody wants more. RFC 9112 §2, §6. Chapter 12.
import NIOCore

/// What the gate tells whoever sits behind the decoder.
protocol GateKeeper: AnyObject {
    /// The other side sends no more; all that it sent lies before the gate or has passed it.
    func inputEnded()
    /// The head is too large, or took too long.
    func headRefused(status: Int, why: String)
}

/// Touched on its event loop only.
final class Gate: ChannelDuplexHandler, RemovableChannelHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What may pass.
    enum Passing: Equatable {
        /// A head, once it is whole.
        case head
        /// So many bytes of a body, then nothing.
        case body(left: Int)
        /// Everything: a body that says itself where it ends.
        case all
        /// Nothing until told otherwise.
        case nothing
        /// What comes is thrown away.
        case discarding
    }

    private(set) var passing = Passing.head { didSet { readOn() } }
    /// Whether the reader behind has enough for now.
    var isHeld = false { didSet { readOn() } }
    private(set) var hasEnded = false
    weak var keeper: (any GateKeeper)?

    private let limits: Limits
    private var context: ChannelHandlerContext?
    private var pending = ByteBuffer()
    /// How much of `pending` was searched for the end of a head in vain.
    private var searched = 0
    private var deadline: Scheduled<Void>?
    private var wantsRead = false, isPassing = false, awaitsHead = false

    init(_ limits: Limits) { self.limits = limits }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        deadline?.cancel()
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        pending.writeBuffer(&bytes)
        pass()
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        context.fireChannelInactive()
    }

    /// The decoder does not hear of the end of input: it would forget what it holds.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed = event else { return context.fireUserInboundEventTriggered(event) }
        hasEnded = true
        keeper?.inputEnded()
    }

    func read(context: ChannelHandlerContext) {
        wantsRead = true
        readOn()
    }

    /// Says what may pass from now on. Whoever is given a head must answer so, at once.
    func allow(_ next: Passing) {
        awaitsHead = false
        passing = next
    }

    private func readOn() {
        guard wantsRead, !isHeld, passing != .nothing else { return }
        wantsRead = false
        context?.read()
    }

    /// Takes what has not passed, for another use of the connection.
    func takeRest() -> ByteBuffer {
        defer { pending = ByteBuffer() }
        return pending
    }

    /// Whether bytes wait that have not passed.
    var isEmpty: Bool { pending.readableBytes == 0 }

    // MARK: Passing

    /// Passes on what may pass. What is passed changes what may pass next.
    func pass() {
        guard !isPassing else { return }
        isPassing = true
        defer { isPassing = false }
        while let context, let part = nextPart() {
            context.fireChannelRead(wrapInboundOut(part))
            if awaitsHead { _ = refuse(400, "malformed request") }
        }
        if pending.readableBytes == 0 { pending.clear() } else { pending.discardReadBytes() }
    }

    private func nextPart() -> ByteBuffer? {
        guard pending.readableBytes > 0 else { return nil }
        switch passing {
        case .nothing: return nil
        case .discarding:
            pending.clear()
            return nil
        case .all: return pending.readSlice(length: pending.readableBytes)
        case .body(let left):
            let part = pending.readSlice(length: min(left, pending.readableBytes))
            let rest = left - (part?.readableBytes ?? 0)
            passing = rest == 0 ? .nothing : .body(left: rest)
            return part
        case .head: return head()
        }
    }

    /// A whole head, up to and with the empty line; nil while it is not there.
    private func head() -> ByteBuffer? {
        // Empty lines before a request are allowed.
        while searched == 0, let first = pending.readableBytesView.first, first == 0x0A || first == 0x0D { pending.moveReaderIndex(forwardBy: 1) }
        let bytes = pending.readableBytesView
        // A greeting of TLS has no empty line to wait for, and whoever sent it waits for us.
        if searched == 0, bytes.first == 0x16 { return refuse(400, "this is a server of HTTP, without TLS") }
        var index = bytes.startIndex + searched
        while index < bytes.endIndex {
            guard bytes[index] == 0x0A else { index += 1; continue }
            let after = bytes[(index + 1)...].prefix(2)
            guard after.first == 0x0A || after.elementsEqual([0x0D, 0x0A]) else { index += 1; continue }
            let length = index - bytes.startIndex + (after.first == 0x0A ? 2 : 3)
            guard length <= limits.headBytes else { return refuse(431, "request head is larger than \(limits.headBytes) bytes") }
            searched = 0
            deadline?.cancel()
            deadline = nil
            (passing, awaitsHead) = (.nothing, true)
            return pending.readSlice(length: length)
        }
        searched = max(0, bytes.count - 2)
        guard bytes.count <= limits.headBytes else { return refuse(431, "request head is larger than \(limits.headBytes) bytes") }
        awaitRest()
        return nil
    }

    private func awaitRest() {
        guard deadline == nil, let context else { return }
        let limit = limits.headSeconds
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(Int64(limit * 1000))) {
            _ = self.refuse(408, "request head took longer than \(limit) seconds")
        }
    }

    private func refuse(_ status: Int, _ why: String) -> ByteBuffer? {
        awaitsHead = false
        passing = .discarding
        pending.clear()
        keeper?.headRefused(status: status, why: why)
        return nil
    }
}
