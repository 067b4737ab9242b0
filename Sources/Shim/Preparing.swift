// What the daemon may ask for before the start, so that it can do its part between: the network namespace, into which it lays wires and for
// which it publishes ports, and sockets that keep those ports taken on the host. All of it belongs to the run: it ends with it, or when the start
// fails, whether a daemon lives or not. Chapter 11; the namespace is chapter 03's, the wires are chapter 09's.
import Explain
import Linux
import Namespaces
import ShimProtocol

extension Supervisor {
    /// Makes the network namespace, or opens the one at `path`. A second request replaces what the first has made.
    /// - Returns: a path that leads to it for as long as we hold it.
    func prepareNetwork(at path: String?) throws(ShimFailure) -> String? {
        guard case .parked = life else { throw ShimFailure(.other, "network: the container was started before") }
        beginRecording()
        defer { pauseRecording() }
        do throws(StepFailure) {
            try surroundings.prepareNetwork(at: path)
        } catch {
            throw ShimFailure(.other, step: error.step, "\(error.error)")
        }
        return surroundings.networkPath
    }

    /// Keeps every descriptor that came along until the run ends.
    func hold(_ message: inout ReceivedMessage) throws(ShimFailure) {
        if case .exited = life { throw ShimFailure(.notRunning, "the container has exited") }
        var count = 0
        while let descriptor = message.takeDescriptor() {
            surroundings.hold(descriptor)
            count += 1
        }
        guard count > 0 else { throw ShimFailure(.other, "hold: no descriptor came along") }
    }

    /// Begins the record that was asked for, or goes on with it: `start` ends it.
    func beginRecording() {
        guard let number = record?.number else { return }
        guard recordingDescriptor == nil else { return resumeRecording() }
        startRecording(to: FileDescriptor(rawValue: number), as: "shim", notes: ["Namespaces: \(provenance)"])
    }
}
