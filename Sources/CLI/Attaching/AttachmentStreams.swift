// The loop's container side: what is typed goes in, what is written comes out, each with its end. Input is read only when the last piece has
// gone out, so that nothing piles up here; a container that reads no more keeps its output. chapter 13

internal import DockerClient
internal import Linux
internal import Terminals

extension AttachmentLoop {
    func readInput() {
        guard inputIsOpen, pending.isEmpty, attachment.stream != nil else { return }
        let typed = (try? read(.standardInput, upTo: 32_768)) ?? []  // a terminal that hung up is an input that ended
        let (passed, detach) = attachment.hasTerminal ? attachment.keys.filter(typed) : (typed, false)
        pending = passed
        if detach { end = .detached }
        if typed.isEmpty {
            if attachment.hasTerminal { pending = attachment.keys.flush() }
            closeInput()
        }
        do throws(KernelError) { try writePending() } catch { closeInput() }
    }

    func closeInput() {
        stopReading()
        if pending.isEmpty { halfClose() }
    }

    func stopReading() {
        if inputIsOpen, !inputIsFile { try? poll.remove(.standardInput) }  // it may be gone from there already
        inputIsOpen = false
    }

    /// Tells the container that its input has ended.
    func halfClose() {
        attachment.stream?.borrow { descriptor in try? shutdown(descriptor, .writing) }  // a container that has ended needs no telling
    }

    /// Writes what the engine takes now; the rest waits until it can take more, and so does our own input.
    func writePending() throws(KernelError) {
        guard let stream = attachment.stream else { return }
        while !pending.isEmpty {
            do throws(KernelError) {
                pending.removeFirst(try stream.writeSome(pending, wait: false))
            } catch {
                if error.errno == 11 { break }  // EAGAIN
                pending = []  // the container reads no more; its output may go on
                stopReading()
            }
        }
        try watchWriting(!pending.isEmpty)
        if pending.isEmpty, !inputIsOpen, attachment.passesInput { halfClose() }
    }

    func watchWriting(_ on: Bool) throws(KernelError) {
        guard on != watchesWriting, let stream = attachment.stream else { return }
        watchesWriting = on
        try stream.borrow { descriptor throws(KernelError) in
            try poll.modify(descriptor, on ? [.readable, .writable] : .readable, token: Source.stream.rawValue)
        }
        guard inputIsOpen, !inputIsFile else { return }
        if on { try poll.remove(.standardInput) } else { try poll.add(.standardInput, .readable, token: Source.input.rawValue) }
    }

    func readStream() throws(KernelError) {
        guard let stream = attachment.stream else { return }
        do throws(KernelError) {
            let bytes = try stream.borrow { descriptor throws(KernelError) in try read(descriptor, upTo: 65_536) }
            if bytes.isEmpty { return try endStream() }
            show(bytes)
        } catch {
            if error.errno == 11 { return }
            try endStream()
        }
    }

    func endStream() throws(KernelError) {
        try attachment.stream?.borrow { descriptor throws(KernelError) in try poll.remove(descriptor) }
        stopReading()
        attachment.stream = nil
    }

    func show(_ bytes: [UInt8]) {
        guard !attachment.hasTerminal else { return show(bytes, on: .standardOutput) }
        do throws(ClientError) {
            for piece in try frames.pieces(of: bytes) {
                switch piece.stream {
                case .input, .output: show(Array(piece.bytes), on: .standardOutput)
                case .error: show(Array(piece.bytes), on: .standardError)
                case .system: throw .broken("error from daemon in stream: \(String(decoding: piece.bytes, as: UTF8.self))")
                }
            }
        } catch { end = .broken(error) }
    }
}

extension AttachmentLoop {
    /// Writes all bytes, and heeds signals while the stream takes none: a terminal that stands still must not make us deaf.
    /// Output that nobody reads any more ends us, but not before the terminal has been given back.
    func show(_ bytes: [UInt8], on stream: FileDescriptor) {
        var written = 0
        while written < bytes.count, end == nil {
            do throws(KernelError) {
                let ready = try waitForAny(of: [(stream, .writable)] + (signals.map { [($0, .readable)] } ?? []))
                if ready.count > 1, ready[1].contains(.readable) { try readSignals() }
                guard end == nil, !ready[0].isEmpty else { continue }
                written += try writeSome(stream, bytes, from: written)
            } catch {
                if error.errno != 11 { end = .interrupted(.brokenPipe) }  // EAGAIN: a terminal that somebody else has made non-blocking
            }
        }
    }
}
