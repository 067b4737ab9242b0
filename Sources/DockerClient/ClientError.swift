// What can go wrong between a client and an engine, in the words that Docker's users know. chapter 13

/// A call to the engine that failed.
public enum ClientError: Error, Equatable, Sendable, CustomStringConvertible {
    /// `-H` or DOCKER_HOST is no address; a sentence.
    case badAddress(String)
    /// Nobody answers there.
    case unreachable(Address, reason: String)
    /// We may not connect.
    case forbidden(Address)
    /// The engine refused: its status and message.
    case refused(status: Int, message: String)
    /// What came is no HTTP, or ended too early.
    case broken(String)

    public var description: String {
        switch self {
        case .badAddress(let text): text
        case .unreachable(let address, let reason):
            "Cannot connect to the Docker daemon at \(address.text). Is the docker daemon running? (\(reason))"
        case .forbidden(let address): "permission denied while trying to connect to the Docker daemon socket at \(address.text)"
        case .refused(_, let message): "Error response from daemon: \(message)"
        case .broken(let what): "error during connect: \(what)"
        }
    }

    /// The engine's status, if it was the engine that refused.
    public var status: Int? { if case .refused(let status, _) = self { status } else { nil } }
}
