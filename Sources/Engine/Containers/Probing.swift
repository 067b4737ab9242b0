// One probe of a health check: an exec like any other, told in the events like any other, but forgotten when it is over. What it writes is read to
// its end, and the first 4096 bytes kept. One that takes too long is killed with its whole session, so that nothing of it goes on: which processes
// belong to the container is the kernel's word (its cgroup), which to the probe says the session that the runtime began for it. Chapter 12.
import Cgroups
import DockerAPI
import Linux
import Offload
import ShimProtocol
import Synchronization

extension ContainerEngine {
    /// Runs a probe to its end.
    /// - Returns: nil where the container has ended, so that there is nothing to say.
    func probe(_ container: Container, _ check: HealthCheck) async -> ProbeResult? {
        let startedAt = WallTime.now
        func result(_ code: Int, _ output: String) -> ProbeResult { ProbeResult(startedAt: startedAt, endedAt: .now, code: code, output: output) }
        do {
            let exec = try probeExec(container, check.command)
            defer { forget(exec) }
            guard let socket = try await start(exec, attached: true)?.takeSocket() else { return nil }
            let stream = ProbeStream(Descriptor(owning: socket)), milliseconds = check.timeoutNanoseconds / 1_000_000
            if await stream.read(forMilliseconds: milliseconds) {
                let code = await inspect(exec).ExitCode
                return container.isRunning ? code.map { result($0, stream.text) } : nil
            }
            await killSession(exec.state.withLock { $0.pid }, container)
            let before = stream.text
            _ = await stream.read(forMilliseconds: 5_000)
            let text = "Health check exceeded timeout (\(durationText(check.timeoutNanoseconds)))"
            return result(-1, before.isEmpty ? text : "\(text): \(before)")
        } catch {
            return container.isRunning && !container.isPaused ? result(-1, "\(error)") : nil
        }
    }

    private func probeExec(_ container: Container, _ command: [String]) throws(EngineError) -> Exec {
        var request = ExecRequest()
        (request.Cmd, request.AttachStdout, request.AttachStderr) = (command, true, true)
        let exec = try exec(try makeExec(in: container, request))
        try claim(exec)
        return exec
    }

    /// Nobody asks for a probe's code later. One whose end was not heard yet stays until then, for that is told.
    private func forget(_ exec: Exec) {
        guard !exec.isRunning else { return }
        exec.container.state.withLock { state in state.execs.removeAll { $0 == exec.id } }
        execs.withLock { $0[exec.id] = nil }
    }

    /// Kills what belongs to a session, again until nothing is left: what is killed may have started more.
    private func killSession(_ leader: Int32, _ container: Container) async {
        guard leader > 0 else { return }
        let group = cgroup(container)
        await offload {
            for _ in 0..<10 {
                let members = ((try? group.processes()) ?? []).filter { session(of: $0) == leader }  // the group is gone: so are they
                if members.isEmpty { return }
                for member in members { try? send(.kill, to: member) }  // it was quicker
                Linux.pause(milliseconds: 5)
            }
        }
    }
}

/// The session that a process belongs to; nil where it is gone. man 5 proc_pid_stat, field 6.
private func session(of process: ProcessID) -> Int32? {
    guard let text = try? readText(FilePath("/proc/\(process.rawValue)/stat")), let end = text.lastIndex(of: ")") else { return nil }  // gone
    let fields = text[text.index(after: end)...].split(separator: " ")
    return fields.count > 3 ? Int32(fields[3]) : nil
}

/// What a probe writes: frames whose payloads are kept up to a limit.
final class ProbeStream: Sendable {
    /// How much is kept, in bytes.
    static let limit = 4096
    private let socket: Descriptor
    private let kept = Mutex<(frames: [UInt8], text: [UInt8], isCut: Bool)>(([], [], false))

    init(_ socket: consuming Descriptor) { self.socket = socket }

    /// What was kept; three dots behind it tell that there was more.
    var text: String { kept.withLock { String(decoding: $0.text, as: UTF8.self) + ($0.isCut ? "..." : "") } }

    /// Reads on, on a thread of its own.
    /// - Returns: whether the end came within that time.
    func read(forMilliseconds milliseconds: Int64) async -> Bool {
        await offloadAlone {
            do { return try self.readNow(until: WallTime.now.nanoseconds + milliseconds * 1_000_000) } catch { return true }  // broken is at its end
        }
    }

    private func readNow(until deadline: Int64) throws(KernelError) -> Bool {
        let poll = try Poll(), number = FileDescriptor(rawValue: socket.number)
        try poll.add(number, .readable, token: 0)
        while true {
            let left = (deadline - WallTime.now.nanoseconds) / 1_000_000
            guard left > 0 else { return false }
            guard !(try poll.wait(milliseconds: CInt(clamping: left))).isEmpty else { continue }
            let bytes = try Linux.read(number, upTo: 65_536)
            if bytes.isEmpty { return true }
            take(bytes)
        }
    }

    /// Takes frames apart, which may come in pieces.
    func take(_ bytes: [UInt8]) {
        kept.withLock { kept in
            kept.frames += bytes
            while kept.frames.count >= Frame.headerBytes {
                let count = kept.frames[4..<8].reduce(0) { $0 << 8 | Int($1) }
                guard kept.frames.count >= Frame.headerBytes + count else { return }
                let payload = kept.frames[Frame.headerBytes..<Frame.headerBytes + count], room = Self.limit - kept.text.count
                kept.text += payload.prefix(room)
                kept.isCut = kept.isCut || payload.count > room
                kept.frames.removeFirst(Frame.headerBytes + count)
            }
        }
    }
}

/// A duration as Go writes it: `1s`, `1m30s`, `500ms`.
func durationText(_ nanoseconds: Int64) -> String {
    if nanoseconds < 1_000_000_000 {
        let (unit, name): (Double, String) = nanoseconds < 1_000 ? (1, "ns") : nanoseconds < 1_000_000 ? (1e3, "µs") : (1e6, "ms")
        return nanoseconds == 0 ? "0s" : number(Double(nanoseconds) / unit) + name
    }
    let minutes = nanoseconds / 60_000_000_000, seconds = number(Double(nanoseconds % 60_000_000_000) / 1e9) + "s"
    if minutes == 0 { return seconds }
    return minutes < 60 ? "\(minutes)m\(seconds)" : "\(minutes / 60)h\(minutes % 60)m\(seconds)"
}

private func number(_ value: Double) -> String { value == value.rounded() ? "\(Int64(value))" : "\(value)" }
