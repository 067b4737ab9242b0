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

    /// Writes all bytes; waits where the stream is slow, and ends the program where nobody reads any more.
    static func write(_ bytes: some Sequence<UInt8>, to stream: FileDescriptor) {
        let bytes = Array(bytes)
        var written = 0
        while written < bytes.count {
            do throws(KernelError) {
                written += try writeSome(stream, bytes, from: written)
            } catch {
                guard error.errno == 11 else { exitNow(stream == .standardOutput ? 1 : 125) }
                pause(milliseconds: 1)  // somebody made our stream non-blocking, a terminal that we share perhaps
            }
        }
    }
}
