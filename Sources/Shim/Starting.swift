// From parked to running: surroundings, plan, streams, and then the runtime, in this very process. A failure undoes what was made, and the
// shim is parked again. Chapter 11; the runtime is chapter 06.
import Cgroups
import Explain
import Linux
import Namespaces
import OCI
import Runtime
import ShimProtocol

/// A container whose process has been started.
final class Container {
    let process: ProcessID
    let startedAt: WallTime
    let plan: Plan
    let cgroup: Cgroup?
    /// Its processes stand still.
    var isPaused = false
    /// How and when the process ended.
    var end: (status: ExitStatus, at: WallTime)?

    init(process: ProcessID, startedAt: WallTime, plan: Plan) {
        (self.process, self.startedAt, self.plan) = (process, startedAt, plan)
        let hierarchies = try? Hierarchies.discover()  // the runtime has just found them; without them we only lose `all` and the OOM count
        cgroup = hierarchies.map { Cgroup(FilePath(plan.cgroupPath), in: $0) }
    }
}

extension Supervisor {
    /// Starts the container's process.
    func start() throws(ShimFailure) -> Container {
        guard case .parked = life else { throw ShimFailure(.other, "start: the container was started before") }
        if let other = configuration.runtime { throw ShimFailure(.notYet, "this shim runs containers by itself, not by \(other)") }
        beginRecording()
        defer {
            if record != nil { stopRecording() }
            record = nil
        }
        do throws(RuntimeError) {
            try forgetEarlierExit()
            let container = try startProcess()
            life = .running(container)
            return container
        } catch {
            _ = surroundings.takeDown()  // the failure that led here is the one to tell
            close(streams) {}
            makeStreams()
            throw ShimFailure(error)
        }
    }

    private func forgetEarlierExit() throws(RuntimeError) {
        do throws(ShimProtocolError) {
            try ExitRecord.forget(at: FilePath(configuration.exitRecordPath))
        } catch {
            throw RuntimeError(step: "forget the earlier exit", cause: .refused(what: configuration.exitRecordPath, why: "\(error)"))
        }
    }

    private func startProcess() throws(RuntimeError) -> Container {
        do throws(StepFailure) { try surroundings.make() } catch { throw RuntimeError(error) }
        let plan = try Plan(bundle: adaptedBundle(), identifier: configuration.id, filterCache: configuration.filterCache.map { FilePath($0) })
        do throws(RuntimeError) {
            let ends = try StreamEnds(isTerminal: configuration.terminal, hasInput: configuration.openStdin)
            var started = try Runtime.start(plan, streams: ends.theirs)
            let startedAt = WallTime.now
            try ends.hand(over: started.takeConsole(), takesInput: configuration.openStdin, to: streams)
            return Container(process: started.process, startedAt: startedAt, plan: plan)
        } catch {
            try? cleanUp(plan)  // the failure that led here is the one to tell
            throw error
        }
    }

    /// The bundle as it lies there, with the terminal's size and the path of the network namespace put in.
    private func adaptedBundle() throws(RuntimeError) -> Bundle {
        let bundle = try Bundle(path: bundle)
        var spec = bundle.spec
        if let firstSize { spec.process?.consoleSize = firstSize }
        guard let path = surroundings.networkPath else { return Bundle(path: bundle.path, spec: spec) }
        var namespaces = spec.linux?.namespaces ?? []
        namespaces.removeAll { $0.type == "network" }
        namespaces.append(OCI.Namespace(type: "network", path: path))
        if spec.linux == nil { spec.linux = OCI.LinuxSettings() }
        spec.linux?.namespaces = namespaces
        return Bundle(path: bundle.path, spec: spec)
    }
}

extension ShimFailure {
    init(_ error: RuntimeError) {
        let kind: Kind =
            switch error.kind {
            case .commandNotFound: .notFound
            case .commandNotExecutable: .notExecutable
            case .userNotFound: .userNotFound
            case .other: .other
            }
        self.init(kind, step: error.step, error.reason)
    }
}
