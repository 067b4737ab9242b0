// The program: `slipway-shim BUNDLE`, with a connection to the daemon as descriptor 3.
//
// The shim outlives the daemon, so it must not be tied to it: a session of its own, no signal that ends it, and the last one whom the kernel
// would kill for memory. Chapter 11. man 2 setsid, prctl; man 5 proc (oom_score_adj).
import Linux
import ShimProtocol

/// Runs a shim to its end.
/// - Parameter arguments: those of the process, its own name first.
/// - Returns: the exit status.
public func runShim(_ arguments: [String]) -> Int32 {
    guard arguments.count == 2, !arguments[1].hasPrefix("-") else {
        complain("usage: slipway-shim BUNDLE\n\nSupervises the container of an OCI bundle; started by slipwayd, with a SOCK_SEQPACKET socket as descriptor 3.")
        return arguments.contains("--help") ? 0 : 2
    }
    do {
        try supervise(bundle: FilePath(arguments[1]))
        return 0
    } catch {
        complain("slipway-shim: \(error)")
        return 1
    }
}

private func complain(_ text: String) {
    try? write(.standardError, text + "\n")  // if nobody listens, the exit status speaks
}

private func supervise(bundle: FilePath) throws {
    try detach()
    let configuration = try ShimConfiguration(readFrom: bundle.appending("shim.json"))
    let loop = try Loop()
    let supervisor = Supervisor(bundle: bundle, configuration: configuration, in: loop)
    try supervisor.open()
    let first = FileDescriptor(rawValue: 3)
    if let kind = try? status(first).kind, kind == .socket {  // started by hand there is none, and shim.sock serves
        try supervisor.serve(Descriptor(owning: first))
    }
    try loop.run()
}

private func detach() throws(KernelError) {
    try closeOnExec(from: 3)
    try? newSession()  // we are a leader already where the daemon's spawn made us one
    try setSubreaper()
    try? setOutOfMemoryScore(-999)  // without the privilege for it we are killed like anybody
    for signal in [Signal.hangUp, .interrupt, .quit, .terminate, .user1, .user2, .brokenPipe] { ignore(signal) }
    try block([.child])
}
