// From running to exited. The order is what makes the exit trustworthy: the output is read to its end, then everything that was made for
// the container is taken down, then the record is safe on disk, then the clients' streams close, and only then does anybody hear of it:
// who hears it may start the next run at once. Chapter 11. man 2 waitid, prctl (PR_SET_CHILD_SUBREAPER).
import Cgroups
import Linux
import Runtime
import ShimProtocol

extension Supervisor {
    /// Reaps every child that has ended: the container's process, execs, and orphans that came to us because we are a subreaper.
    func reap() {
        while let (process, status) = try? waitAny(noHang: true) {  // an error means that there is none
            if case .running(let container) = life, container.process == process {
                end(container, status)
            } else if let exec = execs.removeValue(forKey: process) {
                end(exec, status)
            }
        }
    }

    private func end(_ container: Container, _ status: ExitStatus) {
        container.end = (status, .now)
        life = .draining(container)
        // Where the container shares a PID namespace, the first process's end does not take the others along.
        if let cgroup = container.cgroup, let rest = try? cgroup.processes(), !rest.isEmpty {  // gone already: empty
            try? cgroup.kill()  // what cannot be killed shows when the cgroup is removed
        }
        streams.drain { [unowned self] in finish(container, status) }
    }

    private func finish(_ container: Container, _ status: ExitStatus) {
        log?.finish()
        var problems: [String] = []
        let kills = container.cgroup?.outOfMemoryKills() ?? 0
        do throws(RuntimeError) { try cleanUp(container.plan) } catch { problems.append("\(error)") }
        problems += surroundings.takeDown()
        var record = ExitRecord(code: status.code, startedAt: container.startedAt, finishedAt: container.end?.at ?? .now, oomKilled: kills > 0)
        if case .signaled(let signal) = status { record.signal = signal }
        record.error = problems.isEmpty ? nil : problems.joined(separator: "; ")
        do throws(ShimProtocolError) {
            try record.write(to: FilePath(configuration.exitRecordPath))
        } catch {
            // A disk without room for this: who is connected hears it all the same, and the shim keeps it for who comes later.
            record.error = [record.error, "exit record: \(error)"].compactMap { $0 }.joined(separator: "; ")
        }
        close(streams) { [unowned self] in
            life = .exited(record)
            tell(.exited(record))
        }
    }

    /// Closes streams, and keeps them for as long as a client still reads.
    func close(_ streams: ProcessStreams, then: @escaping () -> Void) {
        let key = ObjectIdentifier(streams)
        lingering[key] = streams
        streams.onLastClientGone = { [unowned self] in
            lingering[key] = nil
            endIfIdle()
        }
        streams.close(then: then)
    }
}
