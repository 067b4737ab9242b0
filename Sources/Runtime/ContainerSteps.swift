// The first list of a container's first process: it builds the world that it will live in. The order is the kernel's, and each step says why it
// stands where it stands. Three thoughts explain most of it: what needs the host comes before `enter the root`, what needs privilege comes
// before it is given up (ProcessSteps.swift), and what would be in the way of later steps (read-only) comes last.
//
// This list is what runs, what `--explain` shows and what a test checks. Chapter 06.

import Cgroups
import Explain
import Linux
import Mounts
import Namespaces
import OCI
import Rootfs

/// From the clone to a finished world.
let containerSteps: [Step<FirstChild>] = [
    Step(
        "see only its own cgroup", because: "the namespace's root is the group in which we are when we make it, so we had to enter first", chapter: 4,
        when: \.hidesCgroups
    ) {
        _ throws(KernelError) in
        try enterNew([.cgroup])
    },
    Step("join the namespaces that are there", because: "what is mounted below (sysfs) shows the network that we are in", chapter: 3, when: \.joinsNamespaces) {
        child throws(KernelError) in
        try join(child.plan.namespaces.joinAfterClone)
    },
    Step("bring up the loopback", because: "a new network namespace has one interface, and it is down", chapter: 3, when: \.hasNewNetwork) {
        _ throws(KernelError) in
        try bringUpLoopback()
    },
    Step("say how soon to kill it", because: "the file lies in the host's /proc, and execve keeps the score", chapter: 4, when: \.hasScore) {
        child throws(KernelError) in
        try setOutOfMemoryScore(child.process.outOfMemoryScore ?? 0)
    },
    Step("name the host", because: "it takes CAP_SYS_ADMIN, which is given up later", chapter: 3, when: \.hasNames) { child throws(KernelError) in
        try child.nameHost()
    },
    Step(
        "keep our mounts to ourselves", because: "a shared mount would reach the host; as slave we still hear the host's unmounts, so no disk stays busy",
        chapter: 2
    ) { child throws(KernelError) in
        try setPropagation("/", child.plan.propagation.kind, recursive: child.plan.propagation.recursive)
    },
    Step("take what the host lends", because: "it is out of sight once the root is changed; a detached copy can be placed later", chapter: 2, when: \.needsHost)
    {
        child throws(KernelError) in
        try child.takeFromHost()
    },
    Step("enter the root", because: "from here on no path, and no symbolic link of the image, leads to the host", chapter: 2) { child throws(KernelError) in
        try pivot(to: child.plan.bundle.root)
    },
    Step("mount what the container sees", because: "the spec's order: /dev before /dev/pts", chapter: 2, when: { !$0.plan.mounts.isEmpty }) {
        child throws(StepError) in
        try child.mountAll()
    },
    Step("fill /dev", because: "a fresh /dev is empty, and every program expects /dev/null", chapter: 2, when: \.fillsDev) { child throws(KernelError) in
        try child.makeDevices()
    },
    Step(
        "set kernel parameters", because: "/proc/sys is still writable, and shows the namespaces that are ours", chapter: 3, when: { !$0.plan.sysctls.isEmpty }
    ) {
        child throws(KernelError) in
        for setting in child.plan.sysctls { try writeControl(setting.path, setting.value) }
    },
    Step("make the working directory", because: "an image may name one that it has not, and the root may be read-only from here on", chapter: 6) {
        child throws(KernelError) in
        try child.withWorkingDirectory { _ in }
    },
    Step("make the root read-only", because: "all mount points are there now", chapter: 2, when: \.hasReadOnlyRoot) { _ throws(KernelError) in
        try makeReadOnly("/")
    },
    Step("hide what tells about the machine", because: "/proc and /sys must be mounted before something can lie over them", chapter: 5, when: \.hasMasks) {
        child throws(KernelError) in
        for path in child.plan.bundle.spec.linux?.maskedPaths ?? [] { try mask(FilePath(path)) }
    },
    Step("protect what would change the machine", because: "parameters are set by now", chapter: 5, when: \.hasProtections) { child throws(KernelError) in
        for path in child.plan.bundle.spec.linux?.readonlyPaths ?? [] { try protect(FilePath(path)) }
    }
]

// MARK: When a step has something to do

extension FirstChild {
    fileprivate var hidesCgroups: Bool { plan.namespaces.create.contains(.cgroup) }
    fileprivate var joinsNamespaces: Bool { !plan.namespaces.joinAfterClone.isEmpty }
    fileprivate var hasNewNetwork: Bool { plan.namespaces.create.contains(.network) }
    fileprivate var hasScore: Bool { process.outOfMemoryScore != nil }
    fileprivate var hasNames: Bool { !(plan.bundle.spec.hostname ?? "").isEmpty || !(plan.bundle.spec.domainname ?? "").isEmpty }
    fileprivate var hasReadOnlyRoot: Bool { plan.bundle.spec.root?.readonly ?? false }
    fileprivate var hasMasks: Bool { !(plan.bundle.spec.linux?.maskedPaths ?? []).isEmpty }
    fileprivate var hasProtections: Bool { !(plan.bundle.spec.linux?.readonlyPaths ?? []).isEmpty }
}
