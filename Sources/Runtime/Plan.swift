// A plan: all that can be known about a container before it is made. The spec is decoded, names are checked, the filter is compiled, the cgroup
// is made and its doors are open; what is left for the child is to act. Whoever asks for nonsense hears it here, with the host untouched.
//
// The cgroup comes last, because it is the only part that others can see: a plan that fails leaves nothing behind, and one that is not
// started is given back with `cleanUp`. Chapter 06.

import Cgroups
import Explain
public import Linux
import Mounts
import Namespaces
import OCI

/// A container that can be started.
public final class Plan {
    /// What it is made from.
    public let bundle: Bundle
    /// Its name for messages.
    public let identifier: String
    /// Its cgroup's path in every hierarchy.
    public let cgroupPath: String

    let process: ProcessPlan
    let namespaces: NamespacePlan
    let mounts: [PlannedMount]
    let propagation: MountOptions.PropagationChange
    let devices: [DeviceNode]
    let sysctls: [(path: FilePath, name: String, value: String)]
    let runsInit: Bool
    let cgroup: Cgroup

    /// Limits that this kernel can't set, in words; the container runs without them.
    public private(set) var warnings: [String] = []

    /// Makes a plan, and the container's cgroup.
    /// - Parameters:
    ///   - bundle: what to run; its root must be there when it is started, not before.
    ///   - identifier: a name for messages, and the cgroup's if the spec names none.
    ///   - filterCache: a directory of root's in which compiled filters are kept from one run to the next; nil: none are kept.
    /// - Throws: the step `plan` with the key that is wrong, or `make the cgroup`.
    public init(bundle: Bundle, identifier: String, filterCache: FilePath? = nil) throws(RuntimeError) {
        self.bundle = bundle
        self.identifier = identifier
        let spec = bundle.spec
        let linux = spec.linux ?? LinuxSettings()
        do throws(StepError) {
            try checkSupported(spec)
            process = try planProcess(spec, filterCache: filterCache)
            namespaces = try planNamespaces(linux)
            var mounts: [PlannedMount] = []
            for mount in spec.mounts ?? [] { mounts.append(try PlannedMount(mount, bundle: bundle.path)) }
            self.mounts = mounts
            propagation = try rootPropagation(linux.rootfsPropagation)
            devices = try planDevices(linux.devices ?? [])
            sysctls = try planSysctls(linux.sysctl ?? [:], namespaces)
            runsInit = spec.annotations?[Annotation.initProcess] == "true"
            cgroupPath = try planCgroupPath(linux.cgroupsPath, identifier)
            cgroup = Cgroup(FilePath(cgroupPath), in: try asking { () throws(KernelError) in try Hierarchies.discover() })
        } catch {
            throw RuntimeError(planning: error)
        }
        do throws(StepFailure) {
            try run(planSteps, self)
        } catch {
            throw RuntimeError(error)
        }
    }

    func makeCgroup() throws(StepError) {
        let resources = bundle.spec.linux?.resources
        try asking { () throws(KernelError) in try cgroup.create() }
        do throws(KernelError) {
            warnings = try cgroup.apply(Limits(resources)).map(\.description)
            warnings += try cgroup.apply((resources?.devices ?? []).map(Cgroups.DeviceRule.init)).map(\.description)
        } catch {
            try? cgroup.remove()  // the limit's error is the one to tell
            throw .kernel(error)
        }
    }
}

/// What is done on the host before the child is made.
let planSteps: [Step<Plan>] = [
    Step("make the cgroup", because: "limits must hold from the child's first moment, so the group is there, with its limits, before the child", chapter: 4) {
        plan throws(StepError) in
        try plan.makeCgroup()
    }
]

/// Takes away what a plan has made: its cgroup. Processes in it must have ended; what is gone already is no error.
/// - Throws: the step `remove the cgroup`, such as for a process that does not end.
public func cleanUp(_ plan: Plan) throws(RuntimeError) {
    do throws(KernelError) { try plan.cgroup.remove() } catch { throw RuntimeError(step: "remove the cgroup", cause: .kernel(error)) }
}

/// Keys of `annotations` that we understand.
public enum Annotation {
    /// `true`: PID 1 is a small init of ours, which starts the command, forwards signals and reaps.
    public static let initProcess = "io.slipway.init"
    /// `name|uid[:group|gid]`: the user to look up in the container's own files, in place of `process.user`.
    public static let user = "io.slipway.user"
    /// Names or numbers of supplementary groups, joined by commas, looked up likewise.
    public static let additionalGroups = "io.slipway.groupadd"
}
