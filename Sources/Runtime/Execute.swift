// Another process in a container that runs (`exec`). A process can't simply walk in: joining a PID namespace holds for children only, and
// joining takes its privileges along, so between the joins and the command there is a moment in which the container could look at it. Hence
// a middle process, which nobody inside may look into, which holds no descriptor of the host's, and which ends at once:
//
//     shim ──clone3──▶ middle: hide, enter the cgroup, join ──clone3(CLONE_PARENT)──▶ the command, child of the *shim*
//
// man 2 setns, clone3 (CLONE_PARENT), prctl (PR_SET_DUMPABLE). Chapter 06.

import Cgroups
import Explain
public import Linux
import Namespaces
public import OCI

/// A process to be started in a container that runs.
public final class ExecPlan {
    let container: ProcessID
    let process: ProcessPlan
    let cgroup: Cgroup

    /// Checks it all, before anything is cloned.
    /// - Parameters:
    ///   - process: what to run.
    ///   - container: the container's first process.
    ///   - bundle: what the container was made from; its filter holds here too.
    ///   - cgroupPath: `Plan.cgroupPath` of the container.
    ///   - user: `name|uid[:group|gid]`, looked up inside; nil: `process.user` holds.
    ///   - additionalGroups: supplementary groups, looked up likewise.
    ///   - filterCache: as for `Plan`.
    /// - Throws: the step `plan` with the key that is wrong.
    public init(
        _ process: OCI.Process, inside container: ProcessID, of bundle: Bundle, cgroupPath: String, user: String? = nil, additionalGroups: [String] = [],
        filterCache: FilePath? = nil
    ) throws(RuntimeError) {
        self.container = container
        do throws(StepError) {
            let filter = try compile(bundle.spec.linux?.seccomp, cache: filterCache)
            self.process = try ProcessPlan(process, filter: filter, userText: user, additionalGroups: additionalGroups)
            cgroup = Cgroup(FilePath(cgroupPath), in: try asking { () throws(KernelError) in try Hierarchies.discover() })
        } catch {
            throw RuntimeError(planning: error)
        }
    }

    /// The same for whoever has started the container and has its plan still: filter and cgroup are taken from there.
    public init(
        _ process: OCI.Process, inside container: ProcessID, startedFrom plan: Plan, user: String? = nil, additionalGroups: [String] = []
    ) throws(RuntimeError) {
        self.container = container
        cgroup = plan.cgroup
        do throws(StepError) {
            self.process = try ProcessPlan(process, filter: plan.process.filter, userText: user, additionalGroups: additionalGroups)
        } catch {
            throw RuntimeError(planning: error)
        }
    }
}

/// Starts a process in a container that runs, and waits until it has become its command. It is a child of the caller's.
/// - Parameters:
///   - plan: what to start; it can be started once.
///   - streams: its standard streams, unless it has a terminal.
/// - Throws: the step that failed, in whichever process.
public func executeInside(_ plan: ExecPlan, streams: StandardStreams) throws(RuntimeError) -> StartedProcess {
    let entry: Entry
    do throws(KernelError) {
        entry = try Entry(plan, streams)
    } catch {
        throw RuntimeError(step: "open a line to the child", cause: .kernel(error))
    }
    do throws(StepFailure) {
        try run(executeSteps, entry)
    } catch {
        entry.line.abandon()
        throw RuntimeError(entry.line.reported ?? error)
    }
    return try entry.line.started()
}

/// What the caller does.
let executeSteps: [Step<Entry>] = [
    Step("open the cgroup's doors", because: "the container sees its own group only", chapter: 4) { entry throws(KernelError) in
        try entry.openDoors()
    },
    Step("make a middle process", because: "whoever joins a PID namespace stays outside; only its children are in", chapter: 6) { entry throws(StepError) in
        try entry.cloneMiddle()
    },
    Step("wait for the command", because: "a container that is frozen or drowning must not hold us for ever", chapter: 6) { entry throws(StepError) in
        try entry.line.waitForCommand(milliseconds: 30_000)
    }
]

/// What the middle process does.
let middleSteps: [Step<Entry>] = [
    Step("say how soon to kill it", because: "the file lies in the host's /proc", chapter: 4, when: { $0.plan.process.outOfMemoryScore != nil }) {
        entry throws(KernelError) in
        try setOutOfMemoryScore(entry.plan.process.outOfMemoryScore ?? 0)
    },
    Step("hide", because: "once we are inside, root of the container could trace us and read what we hold", chapter: 6) { _ throws(KernelError) in
        try setDumpable(false)
    },
    Step("enter the cgroup", because: "what the command uses is the container's from its first moment", chapter: 4) { entry throws(KernelError) in
        try entry.enter()
    },
    Step("join the namespaces", because: "mount last, for it changes what every path means", chapter: 3) { entry throws(StepError) in
        try entry.joinNamespaces()
    },
    Step("close what is the host's", because: "a descriptor of a host directory is a way out", chapter: 6) { entry throws(KernelError) in
        try entry.closeOthers()
    },
    Step("make the command's process", because: "as our sibling, so that our parent reaps it", chapter: 6) { entry throws(StepError) in
        try entry.cloneCommand()
    }
]

/// An exec in progress.
final class Entry {
    let plan: ExecPlan
    let line: ChildLine
    private let streams: StandardStreams
    private var joiner: Joiner?
    private var birthplace: Linux.Descriptor?
    private var parent = ParentLine(socket: FileDescriptor(rawValue: -1))

    init(_ plan: ExecPlan, _ streams: StandardStreams) throws(KernelError) {
        self.plan = plan
        self.streams = streams
        line = try ChildLine()
    }

    func openDoors() throws(KernelError) {
        birthplace = try plan.cgroup.descriptorForClone()
        joiner = try plan.cgroup.openForSelf(bornInside: birthplace != nil)
    }

    /// Clones the middle process into the v2 group; it never returns from here.
    func cloneMiddle() throws(StepError) {
        let cloned = try asking { () throws(KernelError) in try clone(into: (birthplace?.number).map(FileDescriptor.init(rawValue:))) }
        switch consume cloned {
        case .child: runMiddle()
        case .parent(let process, let descriptor): line.childIsBorn(process, descriptor)
        }
        joiner = nil
        birthplace = nil
    }

    private func runMiddle() -> Never {
        continueRecording(as: "exec")
        parent = line.childsEnd()
        do throws(StepFailure) {
            try run(middleSteps, self)
            exitNow(0)
        } catch { parent.fail(error) }
    }

    func enter() throws(KernelError) { try joiner?.join() }

    func joinNamespaces() throws(StepError) {
        do throws(KernelError) {
            try join(plan.container)
        } catch {
            let isGone = error.errno == 2 || error.errno == 3  // ENOENT, ESRCH
            throw isGone ? .refused(what: "the container", why: "is not running") : .kernel(error)
        }
    }

    func closeOthers() throws(KernelError) {
        try closeDescriptors(except: [parent.socket, streams.input, streams.output, streams.error] + [recordingDescriptor].compactMap(\.self))
    }

    /// The sibling walks through the list that every process of a container walks through; we tell its number, and end.
    func cloneCommand() throws(StepError) {
        let cloned = try asking { () throws(KernelError) in try clone(sibling: true) }
        switch consume cloned {
        case .child:
            let child = Child(plan.process, streams: streams, parent: parent)
            do throws(StepFailure) {
                try run(processSteps, child)
                exitNow(126)  // the last step does not return
            } catch { parent.fail(error) }
        case .parent(let process, let descriptor):
            _ = descriptor.release()  // our end closes it
            try asking { () throws(KernelError) in try parent.tell(.born(process)) }
        }
    }
}
