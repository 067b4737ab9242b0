// What goes on while a client looks: attach takes the connection itself, wait and logs are chunked, with the head sent before there is anything
// to say (the docker command holds its `start` back until `wait` has answered). Chapter 12; Engine API, "Stream format".
import DockerAPI
import Engine
import HTTP
import Linux
import Offload
import ShimProtocol

extension Call {
    /// The content type of a container's stream: raw with a terminal and for clients before 1.42, which do not know the other word.
    func streamType(_ hasTerminal: Bool) -> String {
        hasTerminal || version < APIVersion(1, 42) ? "application/vnd.docker.raw-stream" : "application/vnd.docker.multiplexed-stream"
    }

    /// A reply that takes the connection over: 101 where the client asked for an upgrade, else 200.
    func hijacked(_ hasTerminal: Bool, _ use: @escaping @Sendable (HijackedConnection) async throws -> Void) -> Response {
        let upgrades = request.asksForUpgrade
        var headers: Headers = ["Content-Type": streamType(hasTerminal)]
        if upgrades {
            headers.add("Connection", "Upgrade")
            headers.add("Upgrade", "tcp")
        }
        return Response(status: upgrades ? 101 : 200, headers: headers, body: .hijack(use))
    }
}

@Sendable func attachContainer(_ call: Call) async throws -> Response {
    let container = try call.container(), query = call.query
    let replay = query.flag("logs") ? try await call.engine.log(of: container, LogQuery(output: query.flag("stdout"), error: query.flag("stderr"))) : nil
    let rendering = LogRendering(framed: !container.hasTerminal)
    let stream =
        query.flag("stream")
        ? try await call.engine.attach(
            container, input: query.flag("stdin"), output: query.flag("stdout"), error: query.flag("stderr"), detachKeys: query["detachKeys"]) : nil
    return call.hijacked(container.hasTerminal) { connection in
        defer { stream?.forget() }
        while let piece = try await replay?.next(rendering) { try await connection.write(piece) }
        if let socket = stream?.takeSocket() { try await connection.relay(to: socket) } else { await connection.finish() }
    }
}

@Sendable func waitContainer(_ call: Call) async throws -> Response {
    let container = try call.container(), text = call.query["condition"] ?? ""
    guard let condition = WaitCondition(rawValue: text.isEmpty ? "not-running" : text) else { throw EngineError(.invalid, "invalid condition: \"\(text)\"") }
    // Taken now: what ends between this line and the first byte of the reply counts.
    let end = container.wait(for: condition)
    return .lines { writer in
        guard let code = await end.valueUnlessCancelled else { return }
        try await writer.write(try jsonLine(WaitReply(Int(code))))
    }
}

@Sendable func containerLogs(_ call: Call) async throws -> Response {
    let container = try call.container(), query = call.query
    let (output, error) = (query.flag("stdout"), query.flag("stderr"))
    guard output || error else { throw EngineError(.invalid, "Bad parameters: you must choose at least one stream") }
    let wanted = LogQuery(
        since: try moment(query["since"], "since").map { WallTime(nanoseconds: $0) },
        until: try moment(query["until"], "until").map { WallTime(nanoseconds: $0) },
        tail: query["tail"].flatMap { Int($0) }.flatMap { $0 < 0 ? nil : $0 }, follow: query.flag("follow"), output: output, error: error)
    let log = try await call.engine.log(of: container, wanted)
    let rendering = LogRendering(framed: !container.hasTerminal, timestamps: query.flag("timestamps"))
    return Response(
        status: 200, headers: ["Content-Type": call.streamType(container.hasTerminal)],
        body: .stream { writer in
            while let piece = try await log.next(rendering) { try await writer.write(piece) }
        })
}

// MARK: --explain

@Sendable func explain(_ call: Call) async throws -> Response {
    let records = RecordStream(try await call.engine.explain(try call.container()))
    return .lines { writer in
        try await withTaskCancellationHandler {
            while let piece = try await records.next() { try await writer.write(piece) }
        } onCancel: {
            records.stop()
        }
    }
}

/// The records of a start, read on a thread of their own.
private final class RecordStream: Sendable {
    private let socket: Descriptor
    private let thread = OwnThread()

    init(_ socket: consuming Descriptor) { self.socket = socket }

    func next() async throws -> [UInt8]? {
        let bytes = try await thread.run { () throws(KernelError) in try read(FileDescriptor(rawValue: self.socket.number), upTo: 65_536) }
        return bytes.isEmpty ? nil : bytes
    }

    func stop() {
        try? shutdown(FileDescriptor(rawValue: socket.number), .both)  // ended already: nobody waits
    }
}
