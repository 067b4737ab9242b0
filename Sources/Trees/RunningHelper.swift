// One helper at work: the process, its answers, a line of JSON each, and the pipe through which a tar comes or goes. It is killed when nobody
// holds it any more. See TreeStream for the threads.

import Linux
import Synchronization

/// slipway-tree at one task.
final class RunningHelper: Sendable {
    /// Which way the tar goes.
    enum Direction { case none, fromHelper, toHelper }

    private let child: Spawned, answers: Descriptor
    private let state: Mutex<State>

    private struct State: ~Copyable {
        /// Our end of the tar's pipe.
        var tar: Descriptor?
        /// What was read of the answers and not used yet.
        var rest: [UInt8] = []
        var hasEnded = false
    }

    /// Starts the helper.
    init(
        _ helper: TreeHelper, _ name: TreeTask, _ task: Request.Task, _ tree: ContainerTree?, direction: Direction = .none
    ) throws(TreesError) {
        let question = try kernel { () throws(KernelError) in try memoryFile("slipway-tree \(name)") }
        let reply = try kernel { () throws(KernelError) in try Pipe() }, tar = try kernel { () throws(KernelError) in try Pipe() }
        let request = line(Request(parent: currentProcess().rawValue, task: task))
        child = try question.borrow { (question) throws(TreesError) in
            var descriptors = [(ours: question, number: Number.request), (ours: FileDescriptor(rawValue: reply.writing.number), number: Number.reply)]
            switch direction {
            case .none: break
            case .fromHelper: descriptors.append((ours: FileDescriptor(rawValue: tar.writing.number), number: Number.archive))
            case .toHelper: descriptors.append((ours: FileDescriptor(rawValue: tar.reading.number), number: Number.archive))
            }
            if case .running(let process) = tree { descriptors.append((ours: process.number, number: Number.process)) }
            return try kernel { () throws(KernelError) in
                try Linux.write(question, request)
                try seek(question, to: 0)
                return try spawn(Spawn(helper.executable, ["slipway-tree", name.rawValue], environment: ["SWIFT_ROOT=/"], descriptors: descriptors))
            }
        }
        // The helper's ends go with the pipes, or neither side would ever hear of the other's end.
        answers = reply.takeReading()
        switch direction {
        case .none: state = Mutex(State())
        case .fromHelper: state = Mutex(State(tar: tar.takeReading()))
        case .toHelper: state = Mutex(State(tar: tar.takeWriting()))
        }
    }

    deinit {
        if state.withLock({ !$0.hasEnded }) {
            cancel()
            _ = try? child.descriptor.borrow { (process) throws(KernelError) in try wait(process) }  // killed: nothing to learn from it
        }
    }

    /// Ends the process, wherever it is.
    func cancel() {
        try? child.descriptor.borrow { (process) throws(KernelError) in try send(.kill, to: process) }  // ended already is as good
    }

    // MARK: The tar

    /// The next bytes of the tar; none at its end.
    func read() throws(TreesError) -> [UInt8] {
        let number = tarNumber
        return try kernel { () throws(KernelError) in try Linux.read(number, upTo: 1 << 18) }
    }

    /// Hands on bytes of the tar. A helper that has ended too early has said why.
    func write(_ bytes: [UInt8]) throws(TreesError) {
        let number = tarNumber
        do throws(KernelError) { try Linux.write(number, bytes) } catch {
            _ = try finish(\.extracted)
            throw .died("took no more of the archive")
        }
    }

    /// Stays open until `finish`, which the same thread calls.
    private var tarNumber: FileDescriptor {
        FileDescriptor(
            rawValue: state.withLock { state in
                switch state.tar {
                case .some(let tar): tar.number
                case .none: -1
                }
            })
    }

    // MARK: Answers

    /// What the helper says before it goes on.
    func told<Value>(_ value: KeyPath<Reply, Value?>) throws(TreesError) -> Value {
        let reply = try nextReply()
        if reply.failed != nil { return try result(reply, value) }
        guard let told = reply[keyPath: value] else { throw .died("an empty answer") }
        return told
    }

    /// Closes the tar, and waits for what the helper says at last.
    func finish<Value>(_ value: KeyPath<Reply, Value?>) throws(TreesError) -> Value {
        state.withLock { $0.tar = nil }
        return try result(try nextReply(), value)
    }

    private func result<Value>(_ reply: Reply, _ value: KeyPath<Reply, Value?>) throws(TreesError) -> Value {
        _ = try ended()
        if let failed = reply.failed { throw failed.error }
        guard let value = reply[keyPath: value] else { throw .died("an empty answer") }
        return value
    }

    private func ended() throws(TreesError) -> ExitStatus? {
        state.withLock { $0.hasEnded = true }
        return try child.descriptor.borrow { (process) throws(TreesError) in try kernel { () throws(KernelError) in try wait(process) } }
    }

    /// The next line.
    private func nextReply() throws(TreesError) -> Reply {
        var bytes = state.withLock { state in
            defer { state.rest = [] }
            return state.rest
        }
        var searched = 0
        while true {
            if let end = bytes[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                state.withLock { $0.rest = Array(bytes[(end + 1)...]) }
                return try decode(Reply.self, Array(bytes[..<end]))
            }
            searched = bytes.count
            guard bytes.count < 64 << 20 else { throw .died("an answer without end") }
            let more = try answers.borrow { (answers) throws(TreesError) in
                try kernel { () throws(KernelError) in try Linux.read(answers, upTo: 65_536) }
            }
            guard !more.isEmpty else { throw .died("ended without an answer: \(try ended().map { "\($0)" } ?? "unknown")") }
            bytes += more
        }
    }
}
