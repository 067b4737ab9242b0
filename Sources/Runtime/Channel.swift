// The line between a container's maker and the process that it made: a pair of sockets, close-on-exec on both sides. The kernel closes the
// child's end when execve succeeds, so the end of the stream is the good news, and everything else is a message:
//
//     child → parent    failed STEP, ERROR      and the child exits
//                       console + descriptor    the terminal's master
//                       born PID                exec only: the middle process tells who the command will be
//                       waiting                 all is ready; only the gate is between here and the command
//                       executing               the last word before execve; an end without it is the child's death
//     parent → child    go                      the hooks have run
//
// Packets, so that a message is whole or not there. man 7 unix (SOCK_SEQPACKET). Chapter 06.

import Explain
import Linux

/// What the child says.
enum ChildMessage: Equatable {
    case failed(StepFailure)
    case console
    case born(ProcessID)
    case waiting
    case executing
}

extension ChildMessage {
    /// Fields with a zero byte between them, for that can't occur in any.
    var bytes: [UInt8] { Array(fields.joined(separator: "\0").utf8) }

    private var fields: [String] {
        switch self {
        case .failed(let failure):
            switch failure.error {
            case .kernel(let error): ["failed", failure.step, "kernel", error.call, error.subject, "\(error.errno)"]
            case .refused(let what, let why): ["failed", failure.step, "refused", what, why, ""]
            }
        case .console: ["console"]
        case .born(let process): ["born", "\(process)"]
        case .waiting: ["waiting"]
        case .executing: ["executing"]
        }
    }

    /// Reads a message; nil for what is none.
    init?(bytes: [UInt8]) {
        let fields = String(decoding: bytes, as: UTF8.self).split(separator: "\0", omittingEmptySubsequences: false).map(String.init)
        switch (fields.first, fields.count) {
        case ("failed", 6) where fields[2] == "kernel":
            guard let errno = Int32(fields[5]) else { return nil }
            self = .failed(StepFailure(step: fields[1], error: .kernel(KernelError(call: fields[3], subject: fields[4], errno: errno))))
        case ("failed", 6): self = .failed(StepFailure(step: fields[1], error: .refused(what: fields[3], why: fields[4])))
        case ("console", 1): self = .console
        case ("born", 2):
            guard let number = Int32(fields[1]) else { return nil }
            self = .born(ProcessID(number))
        case ("waiting", 1): self = .waiting
        case ("executing", 1): self = .executing
        default: return nil
        }
    }
}

/// The child's end.
struct ParentLine: Sendable {
    let socket: FileDescriptor

    /// Tells the parent something.
    func tell(_ message: ChildMessage, descriptors: [FileDescriptor] = []) throws(KernelError) {
        try sendMessage(socket, message.bytes, descriptors: descriptors)
    }

    /// Waits for the parent's `go`.
    /// - Throws: refused if the parent has gone instead.
    func waitForGo() throws(StepError) {
        let message = try asking { () throws(KernelError) in try receiveMessage(socket, capacity: 16) }
        guard !message.bytes.isEmpty else { throw .refused(what: "the runtime", why: "ended before it let the container go on") }
    }

    /// Tells the failure and ends. If the parent has gone already (an exec format error behind the gate), standard error hears it.
    func fail(_ failure: StepFailure) -> Never {
        do throws(KernelError) {
            try tell(.failed(failure))
        } catch {
            _ = writeUnseen(.standardError, Array("\(failure)\n".utf8))
        }
        exitNow(RuntimeError(failure).exitCode)
    }
}

extension RuntimeError {
    /// What Docker's command line shows for it: 127, 126 or 125.
    public var exitCode: Int32 {
        switch kind {
        case .commandNotFound: 127
        case .commandNotExecutable: 126
        case .userNotFound, .other: 125
        }
    }
}
