// The pipes of one process: the ends that it gets, and the ends that the shim keeps. Where nobody is to read or write, /dev/null. With a
// terminal there are none: the runtime opens it inside the container, and hands its master back. Chapter 11. man 7 pipe.
import Explain
import Linux
import Runtime

/// Both ends of a process's standard streams.
final class StreamEnds {
    private var nothing: Descriptor
    private var input: Pipe?
    private var output: Pipe?
    private var error: Pipe?

    /// - Parameters:
    ///   - hasInput: the process reads from a pipe of ours; otherwise from /dev/null
    ///   - hasOutput: somebody reads what it writes
    init(isTerminal: Bool, hasInput: Bool, hasOutput: Bool = true) throws(RuntimeError) {
        do throws(KernelError) {
            nothing = try open("/dev/null", .readWrite)
            input = !isTerminal && hasInput ? try Pipe() : nil
            output = !isTerminal && hasOutput ? try Pipe() : nil
            error = !isTerminal && hasOutput ? try Pipe() : nil
        } catch {
            throw RuntimeError(step: "make the streams", cause: .kernel(error))
        }
    }

    /// What the process gets.
    var theirs: StandardStreams {
        func number(_ raw: Int32?) -> FileDescriptor { FileDescriptor(rawValue: raw ?? nothing.number) }
        return StandardStreams(
            input: number(input?.reading.number), output: number(output?.writing.number), error: number(error?.writing.number))
    }

    /// Gives our ends to the pumps, and closes the process's: only then does the end of the process end its output.
    func hand(over console: consuming Descriptor?, takesInput: Bool, to streams: ProcessStreams) throws(RuntimeError) {
        do throws(KernelError) {
            if let console {
                try streams.begin(console: console, takesInput: takesInput)
            } else {
                try streams.begin(input: input.take()?.takeWriting(), output: output.take()?.takeReading(), error: error.take()?.takeReading())
            }
        } catch {
            throw RuntimeError(step: "join the streams", cause: .kernel(error))
        }
    }
}
