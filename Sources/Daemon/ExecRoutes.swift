// Further processes in a container. What cannot be started is told in the stream, for by then the client has its connection. Chapter 12.
import DockerAPI
import Engine
import HTTP

@Sendable func createExec(_ call: Call) async throws -> Response {
    let container = try call.container()
    let (request, _) = try await call.body(ExecRequest.self)
    return try .json(IdentifierReply(try call.engine.makeExec(in: container, request)), status: 201)
}

@Sendable func startExec(_ call: Call) async throws -> Response {
    let engine = call.engine, exec = try engine.exec(call.part("id"))
    let request = try await call.body(ExecStart.self).value
    try engine.claim(exec)
    let isDetached = request.Detach ?? false
    if isDetached {
        _ = try await engine.start(exec, attached: false)
        return .empty(200)
    }
    return call.hijacked(exec.hasTerminal) { connection in
        do {
            let stream = try await engine.start(exec, attached: true, consoleSize: request.ConsoleSize)
            if let socket = stream?.takeSocket() { try await connection.relay(to: socket) }
        } catch let error as EngineError {
            let text = Array((error.message + "\r\n").utf8)
            try await connection.write(exec.hasTerminal ? text : standardFrame(.output, text))
            await connection.finish()
        }
    }
}

@Sendable func resizeExec(_ call: Call) async throws -> Response {
    let exec = try call.engine.exec(call.part("id")), (rows, columns) = try call.size()
    try await call.engine.resize(exec, rows: rows, columns: columns)
    return .empty(200)
}

@Sendable func inspectExec(_ call: Call) async throws -> Response {
    try .json(await call.engine.inspect(try call.engine.exec(call.part("id"))))
}
