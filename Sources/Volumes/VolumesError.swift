// Why the volume store refused, in Docker's words where its clients match on them. Errors of the modules below are carried, not translated.
// moby, volume/service/errors.go. Chapter 10.

public import Linux
public import Metadata
public import Trees

/// Why a volume could not be made, found, used or removed.
public enum VolumesError: Error, Equatable, CustomStringConvertible {
    /// The kernel refused, on a full disk for example.
    case kernel(KernelError)
    /// The database refused.
    case metadata(MetadataError)
    /// The copy failed.
    case trees(TreesError)
    /// No volume can have this name.
    case badName(String, why: String)
    /// The driver's options make no sense.
    case badOptions(String, why: String)
    /// The driver's options mean something that is Docker's and not built here.
    case unbuilt(String, what: String)
    /// There is no such driver.
    case noDriver(String, driver: String)
    /// No volume has this name.
    case notFound(String)
    /// Containers use it: their ids.
    case inUse(String, by: [String])
    /// The database knows it, but its directory is not what it was.
    case spoilt(String, path: FilePath, why: String)
    /// The notation of a mount makes no sense.
    case badNotation(String)

    public var description: String {
        switch self {
        case .kernel(let error): "volumes: \(error)"
        case .metadata(let error): "volumes: \(error)"
        case .trees(let error): "\(error)"
        case .badName(let name, let why), .badOptions(let name, let why): "create \(name): \(why)"
        case .unbuilt(let name, let what): "create \(name): \(what) is not supported by this engine yet"
        case .noDriver(let name, let driver): "create \(name): error looking up volume plugin \(driver): plugin \"\(driver)\" not found"
        case .notFound(let name): "get \(name): no such volume"
        case .inUse(let name, let users): "remove \(name): volume is in use - [\(users.joined(separator: ", "))]"
        case .spoilt(let name, let path, let why): "error while mounting volume '\(path)': volume \(name): \(why)"
        case .badNotation(let text): text
        }
    }
}

/// Runs kernel calls, wrapping their error.
func kernel<Result: ~Copyable>(_ body: () throws(KernelError) -> Result) throws(VolumesError) -> Result {
    do throws(KernelError) { return try body() } catch { throw .kernel(error) }
}

/// Runs a transaction, wrapping its error.
func stored<Result>(_ body: () throws(MetadataError) -> Result) throws(VolumesError) -> Result {
    do throws(MetadataError) { return try body() } catch { throw .metadata(error) }
}

/// Runs a task of slipway-tree, wrapping its error.
func tree<Result>(_ body: () throws(TreesError) -> Result) throws(VolumesError) -> Result {
    do throws(TreesError) { return try body() } catch { throw .trees(error) }
}
