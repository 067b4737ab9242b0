// The daemon's end of a connection with one shim: synchronous and plain, for a thread that may wait. One thread receives; any thread may
// send, because the kernel keeps packets whole. Chapter 11. man 7 unix: SOCK_SEQPACKET, SCM_RIGHTS.
public import Linux

/// A connection with a shim.
///
///     let channel = try ShimChannel(connectingTo: bundle.appending("shim.sock"))
///     try channel.send(.start, sequence: 1)
///     while let message = try channel.receive() { … }
public final class ShimChannel: Sendable {
    private let socket: Descriptor

    /// Takes over the near end of the socket pair whose far end became the shim's descriptor 3.
    public init(owning socket: consuming Descriptor) { self.socket = socket }

    /// Connects to a shim that an earlier daemon has left behind.
    /// - Parameter path: `BUNDLE/shim.sock`
    /// - Throws: `ECONNREFUSED` or `ENOENT` where no shim listens there any more.
    public init(connectingTo path: FilePath) throws(ShimProtocolError) {
        do throws(KernelError) { socket = try connect(path, .packets) } catch { throw .kernel(error) }
    }

    /// The socket's number, to poll it beside others. It closes with this object.
    public var descriptor: FileDescriptor { FileDescriptor(rawValue: socket.number) }

    /// Sends a request. Blocks while the shim has many unread ones.
    /// - Parameters:
    ///   - sequence: comes back in the reply; unique on this connection
    ///   - descriptors: the stream socket of `attach` and `exec`, the record's of `explain`; they are copied, the caller still owns its own
    /// - Throws: `closed` where the shim is gone.
    public func send(_ request: ShimRequest, sequence: UInt64, descriptors: [FileDescriptor] = []) throws(ShimProtocolError) {
        let bytes = try Packet.encode(ShimEnvelope(sequence: sequence, request: request))
        guard bytes.count <= wireLimit else { throw .tooLarge(bytes: bytes.count) }
        do throws(KernelError) {
            try sendMessage(FileDescriptor(rawValue: socket.number), bytes, descriptors: descriptors)
        } catch {
            throw error.means(.gone) ? .closed : .kernel(error)
        }
    }

    /// The next reply or event; blocks until there is one. Nil when the shim has gone or closed the connection.
    /// - Throws: `malformed` for a packet that cannot be read; the connection goes on.
    public func receive() throws(ShimProtocolError) -> ShimMessage? {
        let bytes: [UInt8]
        do throws(KernelError) {
            bytes = try receiveMessage(FileDescriptor(rawValue: socket.number), capacity: wireLimit).bytes
        } catch {
            guard error.means(.gone) else { throw .kernel(error) }
            return nil
        }
        return bytes.isEmpty ? nil : try Packet.decode(ShimMessage.self, bytes)
    }

    /// Wakes a thread that waits in ``receive()``, which then returns nil.
    public func close() {
        try? shutdown(FileDescriptor(rawValue: socket.number), .both)  // already closed is what we want
    }
}
