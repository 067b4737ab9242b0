// What a cloned child knows while it walks through its list. Everything here belongs to the child alone: after the clone its memory is a copy,
// so what a step finds out (the user, the command's file) is noted here for the steps after it. Chapter 06.

import Explain
import Linux
import Mounts
import Rootfs

/// A process on its way to becoming a command in a container.
class Child {
    let process: ProcessPlan
    let streams: StandardStreams
    let parent: ParentLine

    /// Whether the parent runs hooks first, and says when.
    var mustWaitForGo: Bool { false }
    /// Whether the terminal is the container's /dev/console too.
    var hasConsole: Bool { false }
    /// Whether a small init of ours stays behind as PID 1.
    var runsInit: Bool { false }
    /// A FIFO that somebody writes to when the command may begin.
    var gate: FileDescriptor? { nil }

    /// The terminal end of the pseudo-terminal, once it is open.
    var terminal: FileDescriptor?
    var user = ResolvedUser(user: 0, group: 0, groups: [], home: "/")
    var environment: [String] = []
    var command: FilePath = "/"

    init(_ process: ProcessPlan, streams: StandardStreams, parent: ParentLine) {
        self.process = process
        self.streams = streams
        self.parent = parent
    }

    private var openRoot: FileDescriptor?

    /// The container's `/`, for looking things up beneath it. Open until execve: nearly every step of the world needs it.
    func withRoot<Result: ~Copyable>(_ body: (FileDescriptor) throws(KernelError) -> Result) throws(KernelError) -> Result {
        if let openRoot { return try body(openRoot) }
        let root = try open("/", [.path, .directory]).release()
        openRoot = root
        return try body(root)
    }
}

/// The first process of a container: it builds the world that it then lives in.
final class FirstChild: Child {
    let plan: Plan
    private let gatePath: FilePath?
    private var openGate: FileDescriptor?

    /// What was taken from the host, by the index of its mount.
    var taken: [Int: [TakenTree]] = [:]

    init(_ plan: Plan, streams: StandardStreams, parent: ParentLine, gate: FilePath?) {
        self.plan = plan
        gatePath = gate
        super.init(plan.process, streams: streams, parent: parent)
    }

    override var mustWaitForGo: Bool { plan.hasHooks }
    override var hasConsole: Bool { true }
    override var runsInit: Bool { plan.runsInit }
    override var gate: FileDescriptor? { openGate }

    /// Whether there is a gate.
    var hasGate: Bool { gatePath != nil }

    /// Opens the gate while its path can be seen: for reading *and* writing, so that opening doesn't wait for the other side.
    func holdGate() throws(KernelError) {
        if let gatePath { openGate = try open(gatePath, .readWrite).release() }
    }
}

/// A part of the host's tree that is to be placed in the container.
struct TakenTree {
    let tree: FileDescriptor
    let isDirectory: Bool
    /// Below the mount's target; empty: at it.
    let name: String
}
