// What a container finds made when it starts: its root and its network. Both are made by the shim and not by the runtime, so that any OCI
// runtime, ours or runc, gets an ordinary bundle: a directory that is there, and a namespace with a path.
//
// The network may be made before the start, on request, so that somebody can lay wires into it; it and the sockets that hold the container's
// published ports stay for as long as the run lasts, whatever becomes of the daemon.
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
    private var held = HeldDescriptors()

    init(bundle: FilePath, _ configuration: ShimConfiguration) {
        root = bundle.appending("rootfs")
        self.configuration = configuration
    }

    /// Where the runtime joins the container's network namespace; nil for the host's. What was asked for on the wire goes before the configuration.
    var networkPath: String? {
        if let number = network?.number { return "/proc/\(currentProcess())/fd/\(number)" }
        if case .path(let path) = configuration.network { return path }
        return nil
    }

    /// Makes the network namespace before the start, or opens the one at `path`, and holds it in place of any before.
    func prepareNetwork(at path: String?) throws(StepFailure) {
        network = nil
        if let path { return try run(networkJoiningSteps(FilePath(path)), self) }
        try run([networkStep(when: { _ in true })], self)
    }

    /// Keeps a descriptor until the run ends.
    func hold(_ descriptor: consuming Descriptor) { held.add(descriptor) }

    /// Makes everything, step by step.
    func make() throws(StepFailure) { try run(surroundingSteps, self) }

    /// Takes down what was made. What the namespace's end takes down anyway is done now, so that the exit is told with the root free.
    /// - Returns: what would not go, in words.
    func takeDown() -> [String] {
        network = nil
        held.closeAll()
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
    var wantsNetwork: Bool { configuration.network == .new && network == nil }

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
        try travel { () throws(KernelError) in
            try enterNew([.network])
            let made = try open(ownNetwork, .readOnly)
            try bringUpLoopback()
            network = consume made
        }
    }

    /// Opens somebody's namespace; going there and back shows that it is one of a network.
    func openNetwork(_ path: FilePath) throws(KernelError) {
        let opened = try open(path, .readOnly)
        try travel { () throws(KernelError) in
            try setNamespace(FileDescriptor(rawValue: opened.number), .network, subject: "\(path)")
        }
        network = consume opened
    }

    private func travel(_ abroad: () throws(KernelError) -> Void) throws(KernelError) {
        let home = try open(ownNetwork, .readOnly)
        defer { precondition((try? setNamespace(FileDescriptor(rawValue: home.number), .network)) != nil, "the way home is closed") }  // the precondition tells
        try abroad()
    }
}

private let ownNetwork: FilePath = "/proc/self/ns/net"

/// Descriptors that are kept for their own sake, such as sockets that hold ports.
struct HeldDescriptors: ~Copyable {
    private var numbers: [FileDescriptor] = []

    mutating func add(_ descriptor: consuming Descriptor) { numbers.append(descriptor.release()) }

    mutating func closeAll() {
        for number in numbers { _ = Descriptor(owning: number) }
        numbers = []
    }

    deinit { for number in numbers { _ = Descriptor(owning: number) } }
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
    networkStep(when: \.wantsNetwork)
]

private func networkStep(when isWanted: @escaping @Sendable (Surroundings) -> Bool) -> Step<Surroundings> {
    Step(
        "make the network namespace", because: "whoever runs the container joins it by its path, and we hold it until the end", chapter: 9, when: isWanted
    ) { surroundings throws(StepError) in
        try asking { () throws(KernelError) in try surroundings.makeNetwork() }
    }
}

private func networkJoiningSteps(_ path: FilePath) -> [Step<Surroundings>] {
    [
        Step(
            "open the other container's network namespace", because: "held open it stays, and its path here leads to it even when its maker has gone",
            chapter: 9
        ) { surroundings throws(StepError) in
            try asking { () throws(KernelError) in try surroundings.openNetwork(path) }
        }
    ]
}
