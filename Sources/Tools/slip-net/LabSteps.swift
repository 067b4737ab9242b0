// The steps of the lab, in the order in which each can first be of use. Each says why it is there and what one can try after it; each can tell
// by looking whether it is done, and undo itself, also if it was only half done.
import Explain
import Linux
import Netlink
import Networks

/// One step of the lab.
struct LabStep: Sendable {
    let name: String, because: String
    /// What to try when it is done.
    let hint: @Sendable (Laboratory) -> String
    let isDone: @Sendable (Laboratory) throws -> Bool
    let act: @Sendable (Laboratory) throws -> Void
    let undo: @Sendable (Laboratory) throws -> Void

    /// The same for the printer of steps, which wants to know why a step failed in its own words.
    var explained: Step<Laboratory> {
        Step(name, because: because, chapter: 9) { (laboratory) throws(StepError) in try inWords { try act(laboratory) } }
    }

    /// Its undoing, likewise.
    var undone: Step<Laboratory> {
        Step("undo: \(name)", because: "nothing of the lab shall be left", chapter: 9) { (laboratory) throws(StepError) in
            try inWords { try undo(laboratory) }
        }
    }
}

/// Whatever goes wrong in a step, as a step says it.
private func inWords(_ body: () throws -> Void) throws(StepError) {
    do { try body() } catch {
        switch error {
        case let error as KernelError: throw .kernel(error)
        case WiringError.netlink(.refused(let request, let errno, let words)), NetlinkError.refused(let request, let errno, let words):
            let reason = KernelError(call: "", subject: "", errno: errno).reason
            throw .refused(what: request, why: words.isEmpty ? reason : "\(reason) (\(words))")
        default: throw .refused(what: "lab", why: "\(error)")
        }
    }
}

let labSteps: [LabStep] = Laboratory.hosts.map(hostStep) + [bridgeStep] + Laboratory.hosts.map(wireStep) + [wayOutStep, translationStep, portStep]

private func hostStep(_ name: String) -> LabStep {
    LabStep(
        name: "host \(name)", because: "a network namespace has links, addresses, routes and ports of its own; so far only a loopback",
        hint: { _ in "slip-net links --namespace \(name)" }, isDone: { _ in try isHost(name) },
        act: { laboratory in try laboratory.makeHost(name) }, undo: { laboratory in try laboratory.removeHost(name) })
}

private let bridgeStep = LabStep(
    name: "bridge \(Laboratory.bridge)", because: "a switch made of software; with an address it is also this machine's own place in the network",
    hint: { _ in "slip-net addresses" },
    isDone: { laboratory in
        guard let link = try laboratory.socket.link(named: Laboratory.bridge) else { return false }
        return try link.isUp && laboratory.socket.addresses(of: link.index).contains { $0.address == laboratory.gateway }
    },
    act: { laboratory in
        let own = try laboratory.socket.link(named: Laboratory.bridge)?.index, routes = try laboratory.socket.routes()
        if let taken = routes.first(where: { !$0.isDefault && $0.index != own && $0.destination.overlaps(laboratory.subnet) }) {
            throw Refusal("subnet \(laboratory.subnet): this machine has a route to \(taken.destination) already (choose another: --subnet)")
        }
        try laboratory.wiring.ensureBridge(
            BridgeWish(
                name: Laboratory.bridge, alias: "\(Laboratory.mark) bridge", gateway: laboratory.gateway, prefixLength: laboratory.subnet.prefixLength,
                forwards: false))
    },
    undo: { laboratory in try laboratory.wiring.removeBridge(Laboratory.bridge, mark: Laboratory.mark) })

private func wireStep(_ name: String) -> LabStep {
    LabStep(
        name: "\(name)'s wire", because: "a pair of links is a cable: what goes in at one end comes out at the other; one end is born in \(name)",
        hint: { "slip-net exec \(name) ping -c 1 \($0.gateway)" }, isDone: { laboratory in try laboratory.isPluggedIn(name) },
        act: { laboratory in try laboratory.plugIn(name) },
        undo: { laboratory in try laboratory.wiring.disconnect(hostLink: Laboratory.link(of: name), mark: Laboratory.mark) })
}

private let wayOutStep = LabStep(
    name: "the way out", because: "what is not on the bridge goes to the bridge's address, and this machine passes on what is not for itself",
    hint: { _ in "slip-net routes 1.1.1.1 --namespace alice" },
    isDone: { laboratory in
        guard try readText(Laboratory.forwarding) == "1\n" else { return false }
        return try Laboratory.hosts.allSatisfy { try isHost($0) && laboratory.insideSocket($0).routes().contains(where: \.isDefault) }
    },
    act: { laboratory in
        for name in Laboratory.hosts { try laboratory.wiring.setDefaultRoute(laboratory.gateway, inside: laboratory.insideSocket(name)) }
        let before = try readText(Laboratory.forwarding)
        guard before != "1\n" else { return }
        try writeFile(Laboratory.folder.appending("ip_forward"), before)
        try writeControl(Laboratory.forwarding, "1")
    },
    undo: { _ in
        let kept = Laboratory.folder.appending("ip_forward")
        guard exists(kept) else { return }
        try writeControl(Laboratory.forwarding, readText(kept))
        try remove(kept)
    })
