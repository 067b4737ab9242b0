// Why a registry did not give what was asked for, in the words that dockerd prints: clients match on them. The case is the class of the error,
// from which the edge chooses a status (Docker's: `notFound` and `denied` 404, `unauthorized` 401 when logging in, everything else 500).
// chapter 08

/// What went wrong between us and a registry.
public enum RegistryError: Error, Sendable, Equatable, CustomStringConvertible {
    /// No connection, or none that can be trusted: `Get "https://host/v2/": dial tcp 127.0.0.1:5999: connect: connection refused`.
    case unreachable(String)
    /// No such manifest, repository or blob.
    case notFound(String)
    /// We may not, or the repository is not there: registries do not say which.
    case denied(String)
    /// The credentials are wrong, or there are none where some are needed.
    case unauthorized(String)
    /// The registry wants to be asked less often (429), after all attempts.
    case tooMany(String)
    /// A status that stands for the registry's own trouble, after all attempts.
    case server(status: Int, String)
    /// What came is not what the protocol has in this place: no manifest, a schema 1 manifest, a redirect into nowhere.
    case malformed(String)
    /// The bytes are not those that the digest names.
    case digestMismatch(String)
    /// More bytes than were promised, or than are allowed.
    case tooLong(String)
    /// Fewer bytes than were promised.
    case tooShort(String)
    /// The registry was silent for too long, after all attempts.
    case stalled(String)
    /// The task was cancelled.
    case cancelled

    public var description: String {
        switch self {
        case .unreachable(let text), .notFound(let text), .denied(let text), .unauthorized(let text), .tooMany(let text), .server(_, let text),
            .malformed(let text), .digestMismatch(let text), .tooLong(let text), .tooShort(let text), .stalled(let text):
            text
        case .cancelled: "context canceled"
        }
    }
}
