// The parent's side: from a plan to a running process. The parent's list is short, because the child does the work; what it must get right is
// the end of every path. A child that fails is reaped, its cgroup is removed, its words are handed on; a child that dies without a word
// is told from one that has become its command by the last message that it sent. man 2 clone3, waitid. Chapter 06.

import Cgroups
import Explain
public import Linux
import Namespaces
import OCI

/// Makes the container's first process and waits until it has become its command, or (with a gate) stands before it.
///
/// On failure nothing is left: the child has been reaped and the cgroup removed.
/// - Parameters:
///   - plan: what to make; it can be started once.
///   - streams: its standard streams, unless it has a terminal.
///   - gate: a FIFO; the process waits before its command until somebody writes a byte to it. For `create`.
/// - Throws: the step that failed, on either side.
public func start(_ plan: Plan, streams: StandardStreams, gate: FilePath? = nil) throws(RuntimeError) -> StartedProcess {
    let launch: Launch
    do throws(KernelError) {
        launch = try Launch(plan, streams, gate)
    } catch {
        try? cleanUp(plan)  // the first error is the one to tell
        throw RuntimeError(step: "open a line to the child", cause: .kernel(error))
    }
    do throws(StepFailure) {
        try run(startSteps, launch)
    } catch {
        launch.line.abandon()
        try? cleanUp(plan)  // the failure itself is the one to tell
        throw RuntimeError(launch.line.reported ?? error)
    }
    return try launch.line.started()
}

/// What the parent does.
let startSteps: [Step<Launch>] = [
    Step("open the cgroup's doors", because: "they are host paths, and the child should lose no time", chapter: 4) { launch throws(KernelError) in
        try launch.openDoors()
    },
    Step("make the process", because: "clone3 makes it and its namespaces in one call, inside the v2 cgroup if there is one", chapter: 3) {
        launch throws(StepError) in
        try launch.cloneChild()
    },
    Step(
        "call the hooks", because: "the namespaces are there and the command isn't running: now others can wire a network into them", chapter: 6,
        when: \.plan.hasHooks
    ) {
        launch throws(StepError) in
        try launch.callHooks()
    },
    Step("wait for the command", because: "execve closes the child's end of the socket; until then it may still fail", chapter: 6) { launch throws(StepError) in
        try launch.line.waitForCommand()
    }
]

/// A start in progress.
final class Launch {
    let plan: Plan
    let line: ChildLine
    private let streams: StandardStreams
    private let gate: FilePath?
    private var joiner: Joiner?
    private var birthplace: Descriptor?

    init(_ plan: Plan, _ streams: StandardStreams, _ gate: FilePath?) throws(KernelError) {
        self.plan = plan
        self.streams = streams
        self.gate = gate
        line = try ChildLine()
    }

    func openDoors() throws(KernelError) {
        birthplace = try plan.cgroup.descriptorForClone()
        joiner = try plan.cgroup.openForSelf(bornInside: birthplace != nil)
    }

    /// Clones; the child never returns from here.
    func cloneChild() throws(StepError) {
        // A cgroup namespace takes the group in which it is made as its root, so the child makes that one by itself.
        let flags = cloneFlags(for: plan.namespaces.create.filter { $0 != .cgroup })
        let cloned = try asking { () throws(KernelError) in
            try inProcessNamespaceOf(plan.namespaces.joinBeforeClone) { () throws(KernelError) in
                try clone(flags, into: (birthplace?.number).map(FileDescriptor.init(rawValue:)))
            }
        }
        switch consume cloned {
        case .child: runFirstChild()
        case .parent(let process, let descriptor): line.childIsBorn(process, descriptor)
        }
        joiner = nil
        birthplace = nil
    }

    private func runFirstChild() -> Never {
        continueRecording(as: "init")
        let child = FirstChild(plan, streams: streams, parent: line.childsEnd(), gate: gate)
        do throws(StepFailure) {
            try run([enterCgroup], self)
            try run(containerSteps, child)
            try run(processSteps, child)
            exitNow(126)  // the last step does not return
        } catch {
            child.parent.fail(error)
        }
    }

    fileprivate func enter() throws(KernelError) { try joiner?.join() }
}

/// The child's very first step; it needs the doors that its parent has opened.
let enterCgroup = Step<Launch>(
    "enter the cgroup", because: "one thread that moves itself needs not wait for all processors, as moving a process would", chapter: 4
) { launch throws(KernelError) in
    try launch.enter()
}

/// Clones while our children's PID namespace is another one, and takes that back: joining holds for later children, too.
private func inProcessNamespaceOf(_ targets: [JoinTarget], _ body: () throws(KernelError) -> Cloned) throws(KernelError) -> Cloned {
    guard !targets.isEmpty else { return try body() }
    let own = try open("/proc/self/ns/pid", .readOnly)
    try join(targets)
    let cloned = try body()
    switch consume cloned {
    case .child: return .child  // it is inside, and the kernel lets nobody out
    case .parent(let process, let descriptor):
        try own.borrow { (descriptor) throws(KernelError) in try setNamespace(descriptor, .pid) }
        return .parent(process, descriptor: descriptor)
    }
}
