// Why networks refuse, in Docker's words: clients match on these texts, and the engine finds the HTTP status by the kind alone. Chapter 09.
public import Linux
public import Metadata
public import Netlink

/// Why a network, an address or a port could not be had.
public enum NetworksError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The database refused.
    case metadata(MetadataError)
    /// The kernel refused.
    case kernel(KernelError)
    /// The request makes no sense: the reason, in full.
    case invalid(String)
    /// The request is sensible, and not built here.
    case unsupported(String)
    /// Nobody may do this: the reason, in full.
    case forbidden(String)
    /// No network has this name or id.
    case notFound(String)
    /// No driver has this name.
    case unknownDriver(String)
    /// Several networks have an id that begins so.
    case ambiguous(String, count: Int)
    /// Another network has the name.
    case nameTaken(String)
    /// Containers that run are on the network.
    case inUse(name: String, id: String)
    /// The subnet overlaps another network's.
    case poolOverlaps
    /// All of the default pools are used, by networks or by the host's routes.
    case poolsExhausted
    /// The address that was asked for is somebody's.
    case addressInUse
    /// The network has no address left.
    case noAddress(name: String, id: String)
    /// The address that was asked for is in none of the network's subnets.
    case addressOutside(IPv4Address)
    /// The container is on the network already.
    case alreadyConnected(container: String, network: String)
    /// The container is not on the network.
    case notConnected(container: String, network: String)
    /// Another container has the port.
    case portTaken(PublishedPort)

    /// What clients tell apart by the HTTP status.
    public enum Kind: Sendable, Equatable { case invalid, unsupported, notFound, conflict, forbidden, failed }

    public var kind: Kind {
        switch self {
        case .metadata, .kernel, .noAddress, .notConnected, .portTaken: .failed
        case .invalid, .ambiguous, .addressOutside: .invalid
        case .unsupported: .unsupported
        case .notFound, .unknownDriver, .poolsExhausted: .notFound
        case .nameTaken: .conflict
        case .forbidden, .inUse, .poolOverlaps, .addressInUse, .alreadyConnected: .forbidden
        }
    }

    public var description: String {
        switch self {
        case .metadata(let error): "networks: \(error)"
        case .kernel(let error): "networks: \(error)"
        case .invalid(let text), .unsupported(let text), .forbidden(let text): text
        case .notFound(let name): "network \(name) not found"
        case .unknownDriver(let name): "plugin \"\(name)\" not found"
        case .ambiguous(let name, let count): "network \(name) is ambiguous (\(count) matches found based on ID prefix)"
        case .nameTaken(let name): "network with name \(name) already exists"
        case .inUse(let name, let id): "error while removing network: network \(name) id \(id) has active endpoints"
        case .poolOverlaps: "Pool overlaps with other one on this address space"
        case .poolsExhausted: "could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network"
        case .addressInUse: "Address already in use"
        case .noAddress(let name, let id): "no available IPv4 addresses on this network's address pools: \(name) (\(id))"
        case .addressOutside(let address): "Invalid address \(address): It does not belong to any of this network's subnets"
        case .alreadyConnected(let container, let network): "endpoint with name \(container) already exists in network \(network)"
        case .notConnected(let container, let network): "container \(container) is not connected to network \(network)"
        case .portTaken(let port): "Bind for \(port.hostAddress):\(port.hostPort) failed: port is already allocated"
        }
    }

    /// Runs what only the database can refuse, among things that networks refuse.
    @discardableResult
    public static func wrapping<Result>(_ body: () throws(MetadataError) -> Result) throws(NetworksError) -> Result {
        do throws(MetadataError) { return try body() } catch { throw .metadata(error) }
    }
}

extension Metadata {
    /// Runs `body` and commits what it wrote, or keeps nothing of it: `write` for what networks can refuse.
    @discardableResult
    public func change<Result: Sendable>(_ body: (Transaction) throws(NetworksError) -> Result) throws(NetworksError) -> Result {
        var refusal: NetworksError?
        do throws(MetadataError) {
            return try write { (transaction) throws(MetadataError) in
                do throws(NetworksError) { return try body(transaction) } catch {
                    refusal = error
                    // Any error rolls back; this one never leaves the function.
                    throw .constraint("refused")
                }
            }
        } catch { throw refusal ?? .metadata(error) }
    }
}
