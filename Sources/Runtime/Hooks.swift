// Hooks: programs that the spec names for moments of a container's life, each with the container's state as JSON on its standard input. Docker
// wires its networks through one. Only those that run on the host are called here. man 2 posix_spawn.
//
// https://github.com/opencontainers/runtime-spec/blob/main/config.md#posix-platform-hooks · chapter 06

import Explain
import FoundationEssentials
import Linux
public import OCI

extension Plan {
    /// Whether a program is to be called before the command may run.
    var hasHooks: Bool {
        let hooks = bundle.spec.hooks
        return !(hooks?.prestart ?? []).isEmpty || !(hooks?.createRuntime ?? []).isEmpty
    }
}

extension Launch {
    /// Calls `prestart` and `createRuntime`, then lets the child go on. The first that fails ends the start.
    func callHooks() throws(StepError) {
        let hooks = plan.bundle.spec.hooks
        let state = State(
            id: plan.identifier, status: .creating, pid: line.number?.rawValue, bundle: "\(plan.bundle.path)", annotations: plan.bundle.spec.annotations)
        for hook in (hooks?.prestart ?? []) + (hooks?.createRuntime ?? []) { try call(hook, state) }
        try asking { () throws(KernelError) in try line.go() }
    }
}

/// Calls hooks whose failure must not stop anything (`poststart`, `poststop`); every one is called.
/// - Returns: what went wrong, in words, to be told as warnings.
public func callHooks(_ hooks: [Hook]?, state: State) -> [String] {
    var problems: [String] = []
    for hook in hooks ?? [] {
        do throws(StepError) { try call(hook, state) } catch { problems.append("\(error)") }
    }
    return problems
}

private func call(_ hook: Hook, _ state: State) throws(StepError) {
    let name = "hook \(hook.path)"
    guard hook.path.hasPrefix("/") else { throw .refused(what: name, why: "must be an absolute path") }
    let bytes: [UInt8]
    do { bytes = Array(try JSONEncoder().encode(state)) } catch { throw .refused(what: name, why: "its state is no JSON: \(error)") }
    let ended = try asking { () throws(KernelError) in try feed(hook, bytes) }
    guard let ended else { throw .refused(what: name, why: "took longer than \(hook.timeout ?? 0) s") }
    guard ended.code == 0 else { throw .refused(what: name, why: "failed with status \(ended.code)") }
}

/// Runs the program with `bytes` on its standard input; nil if it took too long. The state fits into a pipe's buffer (64 KiB) or is cut off at it:
/// a program that doesn't read must not hold us.
private func feed(_ hook: Hook, _ bytes: [UInt8]) throws(KernelError) -> ExitStatus? {
    var pipe: Pipe? = try Pipe()
    var what = Spawn(FilePath(hook.path), hook.args.flatMap { $0.isEmpty ? nil : $0 } ?? [hook.path], environment: hook.env ?? [])
    what.descriptors = [((pipe?.reading.number).map(FileDescriptor.init(rawValue:)) ?? .standardInput, 0), (.standardOutput, 1), (.standardError, 2)]
    let child = try spawn(what)
    try pipe?.writing.borrow { (end) throws(KernelError) in
        try setNonBlocking(end)
        do throws(KernelError) { try write(end, bytes) } catch  where error.errno == 11 || error.errno == 32 {}  // EAGAIN, EPIPE: it does not read
    }
    pipe = nil  // the program reads the end of its input
    return try child.descriptor.borrow { (process) throws(KernelError) in
        if let seconds = hook.timeout {
            let poll = try Poll()
            try poll.add(process, .readable, token: 0)
            if try poll.wait(milliseconds: CInt(clamping: seconds * 1000)).isEmpty {
                try send(.kill, to: process)
                _ = try wait(process)
                return nil
            }
        }
        return try wait(process)
    }
}
