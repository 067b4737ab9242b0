// The loop's other side: signals, and the replies and records of the engine. chapter 13

internal import DockerClient
internal import Linux

extension AttachmentLoop {
    /// SIGTSTP, of which only a terminal that isn't raw makes use.
    private static let stopTyped = Signal(rawValue: 20)

    /// Takes the signals that are there; a hundred changes of the window are one.
    func readSignals() throws(KernelError) {
        guard let signals else { return }
        let all = try read(signals, upTo: 4096).map { Signal(rawValue: Int32($0)) }
        for signal in all where signal != .windowChange { handle(signal) }
        if all.contains(.windowChange) { resize() }
    }

    func handle(_ signal: Signal) {
        guard let forward = attachment.forward else {
            if ![.continue, Self.stopTyped].contains(signal) { end = .interrupted(signal) }
            return
        }
        if signal == .interrupt || signal == .terminate {
            urgent += 1
            if urgent >= 3 {
                show(Array("\ngot 3 SIGTERM/SIGINTs, forcefully exiting\n".utf8), on: .standardError)
                end = .interrupted(signal)
                return
            }
        }
        forward(signal)
    }

    /// What came together with a reply's head raises no event any more.
    func takeBuffered() {
        do throws(ClientError) {
            if let explain = attachment.explain { show(records: try explain.takeBuffered(), of: explain) }
            if let wait = attachment.wait { keep(waited: try wait.takeBuffered(), of: wait) }
        } catch { end = .broken(error) }
    }

    func readExplain() {
        guard let connection = attachment.explain else { return }
        let bytes = (try? connection.receive()) ?? nil  // records that can't be read are records that end here
        if let bytes { show(records: bytes, of: connection) } else { endExplain() }
    }

    func show(records: [UInt8], of connection: Connection) {
        show(Array(printer.text(for: records).utf8), on: .standardError)
        if connection.isAtEnd { endExplain() }
    }

    func endExplain() {
        show(Array(printer.summary().utf8), on: .standardError)
        forget(&attachment.explain)
    }

    func readStart() {
        guard let connection = attachment.start else { return }
        do throws(ClientError) {
            _ = try engine.finish(connection)
            forget(&attachment.start)
            resize()
        } catch {
            // The records of the step that failed are still to come: they are what `--explain` is for.
            failure = error
            forget(&attachment.start)
            forget(&attachment.wait)
            attachment.stream = nil
        }
    }

    func readWait() {
        guard let connection = attachment.wait else { return }
        do throws(ClientError) {
            guard let bytes = try connection.receive() else { throw .broken("the engine closed the connection before the container ended") }
            keep(waited: bytes, of: connection)
        } catch { end = .broken(error) }
    }

    func keep(waited bytes: [UInt8], of connection: Connection) {
        waitBytes += bytes
        if connection.isAtEnd { forget(&attachment.wait) }
    }

    func forget(_ connection: inout Connection?) {
        connection?.borrow { descriptor in try? poll.remove(descriptor) }  // closing it removes it as well
        connection = nil
    }
}
