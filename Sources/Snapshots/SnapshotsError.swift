// Why the snapshot store refused. Errors of the modules below are carried, not translated: their text names the entry or the path.

public import Linux
public import Metadata
public import Trees

/// Why a snapshot could not be made, found or removed.
public enum SnapshotsError: Error, Equatable, CustomStringConvertible {
    /// The kernel refused, on a full disk for example.
    case kernel(KernelError)
    /// The database refused.
    case metadata(MetadataError)
    /// The layer could not be unpacked: hostile, damaged, too big.
    case trees(TreesError)
    /// No layer has this chain id.
    case unknownChain(ChainID)
    /// The container has no overlay here.
    case unknownContainer(String)

    public var description: String {
        switch self {
        case .kernel(let error): "snapshots: \(error)"
        case .metadata(let error): "snapshots: \(error)"
        case .trees(let error): "\(error)"
        case .unknownChain(let chain): "snapshots: no layer \(chain)"
        case .unknownContainer(let container): "snapshots: no overlay of container \(container)"
        }
    }
}

/// Runs kernel calls, wrapping their error.
func kernel<Result: ~Copyable>(_ body: () throws(KernelError) -> Result) throws(SnapshotsError) -> Result {
    do throws(KernelError) { return try body() } catch { throw .kernel(error) }
}

/// Runs a transaction, wrapping its error.
func stored<Result>(_ body: () throws(MetadataError) -> Result) throws(SnapshotsError) -> Result {
    do throws(MetadataError) { return try body() } catch { throw .metadata(error) }
}

/// Runs a task of slipway-tree, wrapping its error.
func tree<Result>(_ body: () throws(TreesError) -> Result) throws(SnapshotsError) -> Result {
    do throws(TreesError) { return try body() } catch { throw .trees(error) }
}
