// From a name and a bundle to a process, for `create` and `run`: what was made before something fails is taken back.
import ArgumentParser
import Linux
import OCI
import Runtime

final class Making {
    let store: ContainerStore, options: CreateOptions, bundle: Bundle
    private var plan: Plan?

    init(_ options: CreateOptions, in store: ContainerStore) throws {
        (self.store, self.options) = (store, options)
        bundle = try Bundle(path: absolute(options.bundle))
        let hasTerminal = bundle.spec.process?.terminal ?? false
        guard hasTerminal || options.consoleSocket == nil else { throw ValidationError("--console-socket is given, but process.terminal is not set") }
    }

    /// Makes the container; its master, if it has a terminal and no socket takes it, comes along.
    @discardableResult
    func create(waiting: Bool, streams: StandardStreams) throws -> StartedProcess {
        let hasTerminal = bundle.spec.process?.terminal ?? false
        guard !waiting || !hasTerminal || options.consoleSocket != nil else {
            throw ValidationError("a detached container with a terminal needs --console-socket")
        }
        try store.reserve(options.id)
        do {
            let plan = try Plan(bundle: bundle, identifier: options.id, filterCache: store.filterCache)
            self.plan = plan
            warn(plan.warnings)
            do {
                let gate = waiting ? try store.makeGate(options.id) : nil
                return try remember(try start(plan, streams: streams, gate: gate), plan)
            } catch {
                try? cleanUp(plan)  // the first error is the one to tell
                throw error
            }
        } catch {
            try? store.forget(options.id)  // as above
            throw error
        }
    }

    /// Takes away a container that has ended.
    func discard() throws {
        guard let plan, (try? cleanUp(plan)) != nil else {  // processes without a PID namespace of their own may live on: they are killed
            return warn(try store.delete(options.id, force: true))
        }
        try store.forget(options.id)
        let state = State(id: options.id, status: .stopped, pid: 0, bundle: "\(bundle.path)", annotations: bundle.spec.annotations)
        warn(callHooks(bundle.spec.hooks?.poststop, state: state))
    }

    private func remember(_ started: consuming StartedProcess, _ plan: Plan) throws -> StartedProcess {
        do {
            try handOver(&started, to: options.consoleSocket)
            try store.write(StoredContainer(id: options.id, bundle: bundle.path, process: started.process, cgroupPath: plan.cgroupPath))
            if let file = options.pidFile { try writeDurably(absolute(file), Array("\(started.process)".utf8)) }
            return started
        } catch {
            try? started.descriptor.borrow { (process) throws(KernelError) in  // it may have ended by itself
                try send(.kill, to: process)
                _ = try wait(process)
            }
            throw error
        }
    }

}

/// Tells what went wrong without stopping anything.
func warn(_ problems: [String]) {
    for problem in problems { try? write(.standardError, "slipway-runtime: warning: \(problem)\n") }  // nobody may be listening
}

/// Gives the terminal's master to whoever listens at `socket`, as runc does: one message with the descriptor.
func handOver(_ started: inout StartedProcess, to socket: String?) throws {
    guard let socket, let console = started.takeConsole() else { return }
    try connect(absolute(socket), .stream).borrow { (line) throws(KernelError) in
        try console.borrow { (master) throws(KernelError) in _ = try sendMessage(line, Array("/dev/ptmx".utf8), descriptors: [master]) }
    }
}
