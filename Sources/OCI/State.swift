// What `state` prints and what hooks read: a container as a runtime knows it.
//
// https://github.com/opencontainers/runtime-spec/blob/main/runtime.md#state · chapter 06

/// A container's state.
public struct State: Codable, Equatable, Sendable {
    /// Version of the specification.
    public var ociVersion: String
    /// The container's name for this runtime.
    public var id: String
    /// Where its life stands.
    public var status: Status
    /// The first process as the host counts it; 0 or absent once it has ended.
    public var pid: Int32?
    /// Absolute path of the bundle.
    public var bundle: String
    /// The spec's annotations.
    public var annotations: [String: String]?

    /// A state; see the properties.
    public init(ociVersion: String = Spec.version, id: String, status: Status, pid: Int32?, bundle: String, annotations: [String: String]? = nil) {
        self.ociVersion = ociVersion
        self.id = id
        self.status = status
        self.pid = pid
        self.bundle = bundle
        self.annotations = annotations
    }

    /// creating → created → running → stopped; `paused` is no state of the specification's, but runc and crun have it.
    public enum Status: String, Codable, Sendable {
        /// Namespaces are being made.
        case creating
        /// Everything is in place; the command waits for `start`.
        case created
        /// The command runs.
        case running
        /// Its processes stand still until `resume`.
        case paused
        /// The command has ended.
        case stopped
    }
}
