// The parent's end of the line to a child: keeps what is known of it (its number, its pidfd, its terminal) until the caller gets it, and ends
// it if nobody will. man 2 pidfd_send_signal, waitid. Chapter 06.

import Explain
import Linux

/// A child that is being made.
final class ChildLine {
    private var near: Linux.Descriptor?
    private var far: Linux.Descriptor?
    private var process: ProcessID?
    private var descriptor: Linux.Descriptor?
    private var console: Linux.Descriptor?
    /// What the child said has failed.
    private(set) var reported: StepFailure?

    init() throws(KernelError) {
        let pair = try SocketPair(.packets)
        near = try pair.near.duplicate()
        far = try pair.far.duplicate()
    }

    /// The child's end, in the child: the parent's is closed here, or a vanished parent would never be noticed.
    func childsEnd() -> ParentLine {
        near = nil
        return ParentLine(socket: FileDescriptor(rawValue: far?.number ?? -1))
    }

    /// In the parent, after the clone. The child's end must be its alone, or its end would never be seen.
    func childIsBorn(_ process: ProcessID, _ descriptor: consuming Linux.Descriptor) {
        self.process = process
        self.descriptor = consume descriptor
        far = nil
    }

    /// Lets the child go on.
    func go() throws(KernelError) { try sendMessage(socket, Array("go".utf8)) }

    /// Waits until the child has become its command, or stands at its gate.
    /// - Parameter milliseconds: for how long at most, between two messages; nil: as long as it takes.
    /// - Throws: what the child says has failed; that it died, or stopped talking.
    func waitForCommand(milliseconds: CInt? = nil) throws(StepError) {
        var isExecuting = false
        while true {
            var message = try asking { () throws(KernelError) in try receive(milliseconds) }
            if message.bytes.isEmpty {
                guard isExecuting else { throw .refused(what: "the new process", why: "died before it became its command") }
                return
            }
            switch ChildMessage(bytes: message.bytes) {
            case .failed(let failure):
                reported = failure
                throw failure.error
            case .console: console = message.takeDescriptor()
            case .born(let process): try asking { () throws(KernelError) in try adopt(process) }
            case .waiting: return
            case .executing: isExecuting = true
            case nil: throw .refused(what: "the new process", why: "said something that nobody understands")
            }
        }
    }

    /// The child's number, once it is born.
    var number: ProcessID? { process }

    /// What the caller gets.
    func started() throws(RuntimeError) -> StartedProcess {
        guard let process, let descriptor = descriptor.take() else {
            throw RuntimeError(step: "make the process", cause: .refused(what: "the new process", why: "has no number"))
        }
        return StartedProcess(process: process, descriptor: descriptor, console: console.take())
    }

    /// Ends the child, if there is one, and reaps it.
    func abandon() {
        guard let number = descriptor?.number else { return }
        let child = FileDescriptor(rawValue: number)
        try? send(.kill, to: child)  // it may have ended by itself
        _ = try? wait(child)  // a child that somebody else has reaped is gone as well
        descriptor = nil
    }

    private var socket: FileDescriptor { FileDescriptor(rawValue: near?.number ?? -1) }

    private func receive(_ milliseconds: CInt?) throws(KernelError) -> ReceivedMessage {
        if let milliseconds {
            let poll = try Poll()
            try poll.add(socket, .readable, token: 0)
            guard try !poll.wait(milliseconds: milliseconds).isEmpty else {
                throw KernelError(call: "recvmsg", subject: "from the new process", errno: timedOut)
            }
        }
        return try receiveMessage(socket, capacity: 8192)
    }

    /// Exec: the middle process has made the command's, which is our child like itself; the middle one has done its work.
    private func adopt(_ process: ProcessID) throws(KernelError) {
        let command = try openProcess(process)
        if let middle = descriptor?.number { _ = try wait(FileDescriptor(rawValue: middle)) }
        self.process = process
        descriptor = consume command
    }
}

/// ETIMEDOUT, man 3 errno.
private let timedOut: CInt = 110
