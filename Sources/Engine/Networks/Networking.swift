// What the engine knows of networks, in memory: the networks, and what every container that runs has of them. The database says the same, and is
// written first; from here inspect and list answer without waiting for it. One lock guards it, held for some lines at a time only. The kernel's
// part (bridges, wires, rules) is the network thread's. Chapter 12 over chapter 09.
import Digests
import Linux
import Logging
import Netlink
public import Networks
import Synchronization

/// What a container asks of one network.
public struct AskedNetwork: Codable, Sendable, Equatable {
    /// The network's name, or what the request called it where there was none such.
    public var network: String
    public var endpoint: AskedEndpoint

    public init(_ network: String, _ endpoint: AskedEndpoint = AskedEndpoint()) { (self.network, self.endpoint) = (network, endpoint) }

    /// Records of the first engines have the network's name alone.
    public init(from decoder: any Decoder) throws {
        if let name = try? decoder.singleValueContainer().decode(String.self) {  // where it is no name, it is the whole
            self.init(name)
        } else {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            self.init(try container.decode(String.self, forKey: .network), try container.decode(AskedEndpoint.self, forKey: .endpoint))
        }
    }
}

/// A container's place on a network while it runs.
struct LiveEndpoint: Sendable, Equatable {
    var network: NetworkRecord
    /// The address and the wire; nil on `host` and `none`, which have neither.
    var taken: TakenEndpoint?
    /// Further names there.
    var aliases: [String] = []
    /// `container:name`: names that only this container knows.
    var links: [String] = []
    /// `connect` has been told, so `disconnect` will be.
    var isAnnounced = false
}

/// All that a run has of networks.
struct LiveNetworks: Sendable {
    /// The container's name.
    var name = ""
    /// Leads to the namespace.
    var sandbox = ""
    /// Who is asked for names that are not ours; the host's servers where empty.
    var servers: [IPv4Address] = []
    var endpoints: [LiveEndpoint] = []
    var ports: [PublishedPort] = []
    /// The container whose namespace it shares.
    var sharedWith: String?

    /// The endpoint through which the container reaches the world: Docker takes the first network by name that is not internal.
    var gatewayEndpoint: LiveEndpoint? {
        endpoints.filter { $0.taken?.gateway != nil }.min { $0.network.name < $1.network.name }
    }
}

/// The engine's networks.
final class Networking: Sendable {
    struct State: Sendable {
        /// By id.
        var networks: [String: NetworkRecord] = [:]
        /// By container.
        var live: [String: LiveNetworks] = [:]
    }
    let state = Mutex(State())
    let thread: NetworkThread
    /// Once somebody needs it.
    let names = Mutex<NameService?>(nil)

    init(instance: String, log: Logger) { thread = NetworkThread(instance: instance, log: log) }

    /// All networks, oldest first.
    var all: [NetworkRecord] {
        state.withLock { Array($0.networks.values) }.sorted { ($0.createdNanoseconds, $0.name) < ($1.createdNanoseconds, $1.name) }
    }

    /// The network that `text` means: a full id, a name, or the beginning of an id.
    func find(_ text: String) throws(NetworksError) -> NetworkRecord {
        let all = all
        if let network = all.first(where: { $0.id == text }) ?? all.first(where: { $0.name == text }) { return network }
        let matches = text.isEmpty ? [] : all.filter { $0.id.hasPrefix(text) }
        guard matches.count < 2 else { throw .ambiguous(text, count: matches.count) }
        guard let network = matches.first else { throw .notFound(text) }
        return network
    }

    func live(_ container: String) -> LiveNetworks? { state.withLock { $0.live[container] } }

    /// The containers on a network, with their places there.
    func members(of network: String) -> [(container: String, endpoint: LiveEndpoint)] {
        state.withLock { state in
            state.live.flatMap { id, live in live.endpoints.filter { $0.network.id == network }.map { (container: id, endpoint: $0) } }
        }
    }

    /// Changes what a container has; what is empty afterwards is forgotten.
    func change(_ container: String, _ body: (inout LiveNetworks) -> Void) {
        state.withLock { state in
            var live = state.live[container] ?? LiveNetworks()
            body(&live)
            state.live[container] = live
        }
    }
}

/// The endpoint's id of a container on a network without addresses: always the same, for there is nothing else to tell them apart.
func endpointIdentifier(_ container: String, _ network: String) -> String { Digest(of: Array("\(container) \(network)".utf8)).hex }

extension EngineError {
    /// Docker's words and the class that they belong to.
    init(_ error: NetworksError) {
        let kind: Kind =
            switch error.kind {
            case .invalid: .invalid
            case .unsupported: .unsupported
            case .notFound: .notFound
            case .conflict: .conflict
            case .forbidden: .forbidden
            case .failed: .failed
            }
        self.init(kind, error.description)
    }
}
