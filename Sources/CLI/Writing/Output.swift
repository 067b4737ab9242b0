// Our two streams. Results go to standard output, everything else to standard error; a reader that has gone ends us quietly, as it ends every
// program in a pipeline. chapter 13

internal import Linux

enum Output {
    /// Writes text to standard output.
    static func print(_ text: String) { write(Array(text.utf8), to: .standardOutput) }

    /// Writes a line to standard output.
    static func line(_ text: String) { print(text + "\n") }

    /// Writes text to standard error.
    static func complain(_ text: String) { write(Array(text.utf8), to: .standardError) }

    /// Writes all bytes; ends the program where nobody reads any more.
    static func write(_ bytes: some Sequence<UInt8>, to stream: FileDescriptor) {
        guard !isWritten(Array(bytes), to: stream) else { return }
        exitNow(stream == .standardOutput ? 128 + Signal.brokenPipe.rawValue : 125)
    }

    /// Writes all bytes, waiting where the stream is slow.
    ///
    /// - Returns: false where nobody reads any more.
    static func isWritten(_ bytes: [UInt8], to stream: FileDescriptor) -> Bool {
        var written = 0
        while written < bytes.count {
            do throws(KernelError) {
                written += try writeSome(stream, bytes, from: written)
            } catch {
                guard error.errno == 11 else { return false }
                pause(milliseconds: 1)  // EAGAIN: somebody made our stream non-blocking, a terminal that we share perhaps
            }
        }
        return true
    }
}
