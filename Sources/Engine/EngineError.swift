// What the engine refuses, in the words that Docker's clients match on. The class of an error is all that the edge needs to find its status;
// the text is what people read, told once. Chapter 12.
import Images
import Linux
import Metadata
import Networks
import Registry
import ShimProtocol
import Snapshots
import Volumes

/// Why a request was not carried out.
public struct EngineError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What clients tell apart by the HTTP status.
    public enum Kind: Sendable, Equatable, CaseIterable {
        /// The request makes no sense.
        case invalid
        /// A registry does not accept the credential.
        case unauthorized
        /// Nothing has this name.
        case notFound
        /// It contradicts the state of things.
        case conflict
        /// It is so already.
        case unchanged
        /// It is not allowed to anybody.
        case forbidden
        /// It is Docker's, and not built here yet.
        case unsupported
        /// The machine refused.
        case failed
    }
    public let kind: Kind
    public let message: String

    public init(_ kind: Kind, _ message: String) { (self.kind, self.message) = (kind, message) }

    public var description: String { message }

    static func noSuchContainer(_ name: String) -> EngineError { EngineError(.notFound, "No such container: \(name)") }
    static func notRunning(_ id: String) -> EngineError { EngineError(.conflict, "container \(id) is not running") }
    static func restarting(_ id: String) -> EngineError {
        EngineError(.conflict, "Container \(id) is restarting, wait until the container is running")
    }
    static let unchanged = EngineError(.unchanged, "")

    /// Sorts an error of the modules below; the text is theirs.
    public init(_ error: any Error) {
        switch error {
        case let error as EngineError: self = error
        case let error as ImagesError: self.init(error)
        case let error as NetworksError: self.init(error)
        case let error as VolumesError: self.init(error)
        case let error as ShimFailure: self.init(.failed, error.description)
        default: self.init(.failed, "\(error)")
        }
    }

    private init(_ error: ImagesError) {
        let kind: Kind =
            switch error {
            case .notFound, .registry(.notFound), .registry(.denied): .notFound
            case .ambiguous, .invalid: .invalid
            case .conflict: .conflict
            case .damaged, .content, .metadata, .snapshots, .layer, .registry, .unusable, .noMatch, .cancelled: .failed
            }
        self.init(kind, error.description)
    }
}

/// Runs `body` and throws whatever it throws as an `EngineError`.
func asEngineError<Result>(_ body: () async throws -> Result) async throws(EngineError) -> Result {
    do { return try await body() } catch { throw EngineError(error) }
}
