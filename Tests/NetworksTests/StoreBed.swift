// A database of its own for each test, and what tests ask of it.

import Linux
import Metadata
import Netlink
import Networks
import Testing

struct NetworkStoreBed {
    let path: FilePath
    let metadata: Metadata

    init(_ path: FilePath) throws {
        self.path = path
        metadata = try Metadata(path: path.appending("slipway.db"), schemas: [networksSchema])
    }

    func identifier(_ number: Int) -> String {
        let text = String(number, radix: 16)
        return text + String(repeating: "0", count: 64 - text.count)
    }

    /// Makes a network of a subnet; its id begins with the number.
    @discardableResult
    func network(_ number: Int, _ name: String, _ subnet: String, range: String = "", isInternal: Bool = false) throws -> NetworkRecord {
        let request = NetworkRequest(name: name, pools: [.init(subnet: subnet, range: range)], isInternal: isInternal)
        return try metadata.change { (transaction) throws(NetworksError) in
            try transaction.makeNetwork(request, id: identifier(number), hostSubnets: [], at: Int64(number))
        }
    }

    @discardableResult
    func take(_ container: String, _ network: NetworkRecord, _ wanted: String? = nil, at now: Int64 = 0) throws -> TakenEndpoint {
        let asked = AskedEndpoint(address: wanted.flatMap { IPv4Address($0) })
        return try metadata.change { (transaction) throws(NetworksError) in
            try transaction.takeEndpoint(container, named: container, on: network, asked, at: now)
        }
    }

    @discardableResult
    func release(_ container: String, at now: Int64 = 0) throws -> [PlacedEndpoint] {
        try metadata.write { (transaction) throws(MetadataError) in try transaction.releaseAll(of: container, at: now) }
    }

    func publish(_ container: String, _ ports: [PublishedPort]) throws {
        try metadata.change { (transaction) throws(NetworksError) in try transaction.takePorts(container, ports) }
    }

    var endpoints: [PlacedEndpoint] {
        get throws { try metadata.read { (transaction) throws(MetadataError) in try transaction.endpoints() } }
    }

    var ports: [String: Set<PublishedPort>] {
        get throws {
            let all = try metadata.read { (transaction) throws(MetadataError) in try transaction.ports() }
            return Dictionary(grouping: all, by: \.container).mapValues { Set($0.map(\.port)) }
        }
    }

    /// The database as it would be found if the machine stopped now: file and log are copied while ours is open.
    func afterCrash(_ number: Int) throws -> NetworkStoreBed {
        let folder = path.appending("crash-\(number)")
        try makeDirectory(folder)
        for name in ["slipway.db", "slipway.db-wal"] { try writeFile(folder.appending(name), try readFile(path.appending(name))) }
        return try NetworkStoreBed(folder)
    }
}

/// Runs a test with a directory of its own, removed afterwards.
func withBed(_ body: (NetworkStoreBed) throws -> Void) throws {
    let path = FilePath("/tmp/slipway-networks-\(currentProcess())-\(monotonicNanoseconds())")
    try makeDirectory(path)
    defer { try? removeTree(path) }  // a leftover would show in the host comparison
    try body(NetworkStoreBed(path))
}

/// What an operation is refused with.
func refusal(_ body: () throws -> Void) -> NetworksError? {
    do { try body() } catch { return error as? NetworksError }
    return nil
}

func port(_ host: UInt16, _ container: UInt16 = 80, _ address: String = "0.0.0.0", _ proto: PortProtocol = .tcp) throws -> PublishedPort {
    PublishedPort(proto: proto, hostAddress: try #require(IPv4Address(address)), hostPort: host, containerPort: container)
}
