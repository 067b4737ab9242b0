// A stream of progress shown while it comes: drawn where the output is a terminal, plain lines where it isn't, nothing where nobody wants to see
// it. What the stream reports as an error becomes the command's. chapter 13

internal import DockerClient
internal import Linux

struct ProgressOutput {
    let stream: FileDescriptor
    /// Whether nothing is to be shown.
    let isQuiet: Bool

    /// Shows a reply to its end.
    ///
    /// - Throws: the engine's error in the stream, in its own words, or what is wrong with the stream.
    func show(_ reply: Connection) throws(Failure) {
        let isDrawn = isTerminal(stream)
        var board = ProgressBoard(), messages = MessageStream()
        do throws(ClientError) {
            while let part = try reply.nextPart() {
                let window = isDrawn ? Self.window(of: stream) : nil
                var text = ""
                for json in try messages.messages(in: part) {
                    let message = ProgressMessage(json)
                    text += board.text(for: message, window: window)
                    guard let error = message.error else { continue }
                    write(text + board.finish())
                    throw .refused(status: 500, message: error)
                }
                write(text)
            }
            try messages.finish()
            write(board.finish())
        } catch {
            if case .refused(_, let message) = error { throw Failure(message) }
            write(board.finish())
            throw Failure(error)
        }
    }

    private func write(_ text: String) {
        if !isQuiet, !text.isEmpty { Output.write(text.utf8, to: stream) }
    }

    /// A side that a terminal doesn't know, a serial line perhaps, is taken for a common terminal's.
    private static func window(of stream: FileDescriptor) -> Window {
        let size = try? windowSize(stream), rows = Int(size?.rows ?? 0), columns = Int(size?.columns ?? 0)  // without a size as without both sides
        return Window(rows: rows > 0 ? rows : 24, columns: columns > 0 ? columns : 80)
    }
}
