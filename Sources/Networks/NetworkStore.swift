// Networks in the database. Every function runs in somebody's transaction, so that a container's row and what it has change together or not at
// all. Rules that must never break are the tables' own: a name, an address, a port have one owner because they are keys.
//
//     networks ◄── takenEndpoints (at start, until the end of the run)     releasedAddresses (for a second)
//     takenPorts (at start, until the end of the run)
//
// A transaction is written before the kernel hears of it, and undone after it: what is in here and not in the kernel is repaired when the
// engine starts; the other way round an address could be handed out twice. Chapter 09.
import FoundationEssentials
public import Metadata
public import Netlink

/// The tables of this store.
public let networksSchema = Schema(
    store: "networks",
    migrations: [
        """
        CREATE TABLE networks (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, created INTEGER NOT NULL, record TEXT NOT NULL) STRICT;
        CREATE TABLE takenEndpoints (
            network TEXT NOT NULL REFERENCES networks (id), address INTEGER NOT NULL, container TEXT NOT NULL, hostLink TEXT NOT NULL UNIQUE,
            endpoint TEXT NOT NULL, PRIMARY KEY (network, address), UNIQUE (container, network)) STRICT, WITHOUT ROWID;
        CREATE TABLE releasedAddresses (
            network TEXT NOT NULL REFERENCES networks (id) ON DELETE CASCADE, address INTEGER NOT NULL, released INTEGER NOT NULL,
            PRIMARY KEY (network, address)) STRICT, WITHOUT ROWID;
        CREATE TABLE takenPorts (
            proto TEXT NOT NULL, port INTEGER NOT NULL, address INTEGER NOT NULL, container TEXT NOT NULL, containerPort INTEGER NOT NULL,
            PRIMARY KEY (proto, port, address)) STRICT, WITHOUT ROWID;
        CREATE INDEX portsByContainer ON takenPorts (container);
        """
    ])

extension Transaction {
    /// All networks, oldest first.
    public func networks() throws(MetadataError) -> [NetworkRecord] {
        try rows("SELECT record FROM networks ORDER BY created, id") { (row) throws(MetadataError) in try value(row.text("record")) }
    }

    /// The network with this id, or nil.
    public func network(id: String) throws(MetadataError) -> NetworkRecord? {
        try first("SELECT record FROM networks WHERE id = ?", id) { (row) throws(MetadataError) in try value(row.text("record")) }
    }

    /// The network that `text` means: a full id, a name, or the beginning of an id.
    /// - Throws: `notFound`, or `ambiguous` where several ids begin so.
    public func findNetwork(_ text: String) throws(NetworksError) -> NetworkRecord {
        let all = try NetworksError.wrapping { () throws(MetadataError) in try networks() }
        if let network = all.first(where: { $0.id == text }) ?? all.first(where: { $0.name == text }) { return network }
        let matches = text.isEmpty ? [] : all.filter { $0.id.hasPrefix(text) }
        guard matches.count < 2 else { throw .ambiguous(text, count: matches.count) }
        guard let network = matches.first else { throw .notFound(text) }
        return network
    }

    /// Makes a network of a request: checks it, chooses what it leaves open, and writes it down.
    /// - Parameters:
    ///   - id: 64 hex digits
    ///   - hostSubnets: what the host's routes lead to, for the choice of a pool
    /// - Throws: `invalid`, `unsupported`, `forbidden`, `nameTaken`, `poolOverlaps`, `poolsExhausted`
    public func makeNetwork(_ request: NetworkRequest, id: String, hostSubnets: [Subnet], at nowNanoseconds: Int64) throws(NetworksError) -> NetworkRecord {
        let all = try NetworksError.wrapping { () throws(MetadataError) in try networks() }
        let record = try request.plan(id: id, among: all, hostSubnets: hostSubnets, at: nowNanoseconds)
        try insertNetwork(record)
        return record
    }

    /// Writes a network down.
    /// - Throws: `nameTaken`, `poolOverlaps`, `forbidden` where two would have one bridge.
    public func insertNetwork(_ record: NetworkRecord) throws(NetworksError) {
        for other in try NetworksError.wrapping({ () throws(MetadataError) in try networks() }) { try record.check(beside: other) }
        try NetworksError.wrapping { () throws(MetadataError) in
            try run("INSERT INTO networks VALUES (?, ?, ?, ?)", record.id, record.name, record.createdNanoseconds, text(record))
        }
    }

    /// Makes `bridge`, `host` and `none`, those that are not there.
    /// - Parameters:
    ///   - link: the default bridge's name on the host
    ///   - newID: makes 64 hex digits
    /// - Throws: `poolsExhausted`
    public func ensurePredefinedNetworks(link: String, hostSubnets: [Subnet], at nowNanoseconds: Int64, newID: () -> String) throws(NetworksError) {
        let all = try NetworksError.wrapping { () throws(MetadataError) in try networks() }
        for (name, driver) in [("bridge", "bridge"), ("host", "host"), ("none", "null")] where !all.contains(where: { $0.name == name }) {
            var record = NetworkRecord(id: newID(), name: name, driver: driver, createdNanoseconds: nowNanoseconds, isPredefined: true)
            if driver == "bridge" { try record.becomeDefaultBridge(link: link, subnet: choosePool(excluding: all.flatMap(\.subnets) + hostSubnets)) }
            try insertNetwork(record)
        }
    }

    /// Takes a network out. What stopped containers ask of it stays; they are told at their start.
    /// - Throws: `forbidden` for those that are always there, `inUse` while a container that runs is on it, `notFound`
    public func deleteNetwork(_ id: String) throws(NetworksError) {
        guard let record = try NetworksError.wrapping({ () throws(MetadataError) in try network(id: id) }) else { throw .notFound(id) }
        guard !record.isPredefined else { throw .forbidden("\(record.name) is a pre-defined network and cannot be removed") }
        let isUsed = try NetworksError.wrapping { () throws(MetadataError) in try exists("SELECT 1 FROM takenEndpoints WHERE network = ?", id) }
        guard !isUsed else { throw .inUse(name: record.name, id: id) }
        try NetworksError.wrapping { () throws(MetadataError) in try run("DELETE FROM networks WHERE id = ?", id) }
    }
}

extension NetworkRecord {
    /// The subnets of its pools.
    public var subnets: [Subnet] { pools.map(\.subnet) }

    /// Whether it can be there together with another.
    fileprivate func check(beside other: NetworkRecord) throws(NetworksError) {
        guard name != other.name else { throw .nameTaken(name) }
        guard link.isEmpty || link != other.link else {
            throw .forbidden("cannot create network \(id) (\(link)): conflicts with network \(other.id) (\(other.link)): networks have same bridge name")
        }
        for subnet in subnets where other.subnets.contains(where: { $0.overlaps(subnet) }) { throw .poolOverlaps }
    }
}

/// A value of ours as JSON; it always encodes.
func text(_ value: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do { return String(decoding: try encoder.encode(value), as: UTF8.self) } catch { preconditionFailure("cannot encode a record: \(error)") }
}

/// A value of ours from JSON.
func value<Value: Decodable>(_ text: String) throws(MetadataError) -> Value {
    do { return try JSONDecoder().decode(Value.self, from: Data(text.utf8)) } catch { throw .corrupt("a network's record cannot be read: \(error)") }
}
