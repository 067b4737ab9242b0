// What a container finds made when it starts: its root and its network. Both are made by the shim and not by the runtime, so that any OCI
// runtime, ours or runc, gets an ordinary bundle: a directory that is there, and a namespace with a path.
//
// The root is mounted in a mount namespace of the shim's own. The host never sees it, and when the shim and the container are gone, by
// whatever death, the kernel takes it down with the namespace. Chapter 11, with chapters 02, 03 and 07 at work.
import Explain
import Linux
import Mounts
import Namespaces
import ShimProtocol

/// The root and the network of one container.
final class Surroundings {
    let root: FilePath
    private let configuration: ShimConfiguration
    private var hasOwnMounts = false
    private var isMounted = false
    private var network: Descriptor?

    init(bundle: FilePath, _ configuration: ShimConfiguration) {
        root = bundle.appending("rootfs")
        self.configuration = configuration
    }

    /// Where the runtime joins the container's network namespace; nil for the host's.
    var networkPath: String? {
        switch configuration.network {
        case .host: return nil
        case .path(let path): return path
        case .new: return (network?.number).map { "/proc/\(currentProcess())/fd/\($0)" }
        }
    }

    /// Makes everything, step by step.
    func make() throws(StepFailure) { try run(surroundingSteps, self) }

    /// Takes down what was made. What the namespace's end takes down anyway is done now, so that the exit is told with the root free.
    /// - Returns: what would not go, in words.
    func takeDown() -> [String] {
        network = nil
        guard isMounted else { return [] }
        isMounted = false
        do throws(KernelError) {
            try unmount(root)
        } catch {
            try? unmount(root, [.detach])  // a process that still has it open keeps it, unseen
            return ["\(error)"]
        }
        return []
    }

    var needsMounts: Bool { !hasOwnMounts }
    var wantsOverlay: Bool { configuration.overlay != nil }
    var wantsNetwork: Bool { configuration.network == .new }

    func separateMounts() throws(KernelError) {
        try enterNew([.mount])
        try setPropagation("/", .slave)
        hasOwnMounts = true
    }

    func mountLayers() throws(KernelError) {
        guard let overlay = configuration.overlay else { return }
        try makeDirectories(root)
        try mountOverlay(Overlay(lower: overlay.lower.map { FilePath($0) }, upper: FilePath(overlay.upper), work: FilePath(overlay.work)), at: root)
        isMounted = true
    }

    /// Makes the namespace by going there, and comes back: the shim itself stays in the host's.
    func makeNetwork() throws(KernelError) {
        let here = FilePath("/proc/self/ns/net")
        let home = try open(here, .readOnly)
        try enterNew([.network])
        defer { precondition((try? setNamespace(FileDescriptor(rawValue: home.number), .network)) != nil, "the way home is closed") }  // the precondition tells
        network = try open(here, .readOnly)
        try bringUpLoopback()
    }
}

private let surroundingSteps: [Step<Surroundings>] = [
    Step(
        "keep the shim's mounts to itself", because: "the host never sees the root, and it goes when we go; slave, so that the host's unmounts reach us",
        chapter: 11, when: \.needsMounts
    ) { surroundings throws(StepError) in
        try asking { () throws(KernelError) in try surroundings.separateMounts() }
    },
    Step(
        "stack the layers", because: "the image's layers below, the container's own directory on top: together they are its root", chapter: 7,
        when: \.wantsOverlay
    ) { surroundings throws(StepError) in
        try asking { () throws(KernelError) in try surroundings.mountLayers() }
    },
    Step(
        "make the network namespace", because: "whoever runs the container joins it by its path, and we hold it until the end", chapter: 9, when: \.wantsNetwork
    ) { surroundings throws(StepError) in
        try asking { () throws(KernelError) in try surroundings.makeNetwork() }
    }
]
