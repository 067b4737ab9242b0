// Which network is meant: this process's own, that of another process, that behind a file such as /run/netns/x, or that of a host of the lab.
// A socket to the kernel's network code belongs to the namespace in which it was made; so we go there, make it, and come back.
import ArgumentParser
import Explain
import Linux
import Namespaces
import Netlink

/// What all that looks at a network has in common.
struct Where: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Look into this network namespace: a process, a path such as /run/netns/x, or a host of the lab.", valueName: "pid|path|host"))
    var namespace: String?

    @Flag(help: "Show each message and each kernel call.")
    var explain = false

    /// Begins to explain where that is asked for, and opens the socket.
    func socket() throws -> RouteSocket {
        if explain { startRecording(to: FileDescriptor(rawValue: 2), as: "slip-net", format: .text) }
        guard let namespace else { return try routeSocket() }
        return try inside(namespacePath(namespace)) { (_) throws in try routeSocket() }
    }
}

/// A socket whose messages are explained, if anything is.
func routeSocket() throws(NetlinkError) -> RouteSocket { try RouteSocket(witness: { note($0.words) }) }

/// The file of a network namespace, for a process, a path or a host of the lab.
func namespacePath(_ name: String) throws -> FilePath {
    if let process = Int32(name) { return Namespace.network.path(of: ProcessID(process)) }
    if name.contains("/") { return FilePath(name) }
    guard Laboratory.hosts.contains(name), try isHost(name) else {
        throw Refusal("namespace \(name): no such host (try: slip-net lab show); a file of this directory is ./\(name)")
    }
    return Laboratory.file(of: name)
}

/// Does something in another network namespace, and comes back. For programs with one thread.
func inside<Result>(_ path: FilePath, _ body: (FileDescriptor) throws -> Result) throws -> Result {
    let own = try open("/proc/self/ns/net", [.readOnly]), other = try open(path, [.readOnly])
    return try other.borrow { (other) throws in
        try setNamespace(other, .network, subject: "\(path)")
        let result = Swift.Result { try body(other) }
        try own.borrow { (own) throws(KernelError) in try setNamespace(own, .network, subject: "our own") }
        return try result.get()
    }
}

/// What this tool itself refuses.
struct Refusal: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Runs a command's work; a refusal by the kernel's network code says what would help, too.
func carryOut(_ work: () throws -> Int32) -> Never {
    finish(as: "slip-net") {
        do { return try work() } catch {
            guard effectiveUser() != 0, !(error is KernelError), !(error is CommandError), !(error is Refusal) else { throw error }
            throw Refusal("\(error) (this needs root: try sudo)")
        }
    }
}
