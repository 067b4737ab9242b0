// Containers on networks: what they have there, for as long as they run. An address is taken by inserting its row; the table's key refuses a
// second owner whatever this code does. What a container asks for is in its own record. Chapter 09.
public import Metadata
import Netlink

/// An endpoint with its two ends: whose, and where.
public struct PlacedEndpoint: Sendable, Equatable {
    public var container: String
    /// The network's id.
    public var network: String
    public var endpoint: TakenEndpoint

    public init(container: String, network: String, endpoint: TakenEndpoint) { (self.container, self.network, self.endpoint) = (container, network, endpoint) }
}

/// How long an address rests after its release while others are free.
public let restNanoseconds: Int64 = 1_000_000_000

extension Transaction {
    /// Gives a container a place on a network: the address that it asks for, or the lowest free one, and names for both ends of its wire.
    /// - Parameters:
    ///   - containerName: for the error's text
    ///   - nowNanoseconds: since 1970, to leave alone what was released a moment ago
    /// - Throws: `addressInUse`, `addressOutside`, `noAddress`, `alreadyConnected`, `notFound`
    public func takeEndpoint(
        _ container: String, named containerName: String, on network: NetworkRecord, _ asked: AskedEndpoint, at nowNanoseconds: Int64
    ) throws(NetworksError) -> TakenEndpoint {
        let current = try NetworksError.wrapping { () throws(MetadataError) in try self.network(id: network.id) }
        guard let current, let pool = current.pools.first else { throw .notFound(network.name) }
        let mine = try NetworksError.wrapping { () throws(MetadataError) in try endpoints(of: container) }
        guard !mine.contains(where: { $0.network == network.id }) else { throw .alreadyConnected(container: containerName, network: network.name) }
        let address = try chooseAddress(asked.address, in: pool, of: current, at: nowNanoseconds)
        let used = Set(mine.map(\.endpoint.insideLink))
        var endpoint = TakenEndpoint(
            endpointID: "", address: address, prefixLength: pool.subnet.prefixLength, gateway: current.isInternal ? nil : pool.defaultRoute,
            mac: asked.mac ?? HardwareAddress(for: address), hostLink: "", insideLink: (0...).lazy.map { "eth\($0)" }.first { !used.contains($0) } ?? "eth0")
        (endpoint.endpointID, endpoint.hostLink) = try NetworksError.wrapping { () throws(MetadataError) in try newEndpointNames() }
        let taken = endpoint
        try NetworksError.wrapping { () throws(MetadataError) in
            try run("DELETE FROM releasedAddresses WHERE network = ? AND address = ?", network.id, Int(address.number))
            try run("INSERT INTO takenEndpoints VALUES (?, ?, ?, ?, ?)", network.id, Int(address.number), container, taken.hostLink, text(taken))
        }
        return endpoint
    }

    /// What a container that runs has: `eth0` first.
    public func endpoints(of container: String) throws(MetadataError) -> [PlacedEndpoint] {
        try rows("SELECT * FROM takenEndpoints WHERE container = ?", container, decode: placed).sorted {
            ($0.endpoint.insideLink.utf8.count, $0.endpoint.insideLink) < ($1.endpoint.insideLink.utf8.count, $1.endpoint.insideLink)
        }
    }

    /// Who is on a network, by address.
    public func endpoints(on network: String) throws(MetadataError) -> [PlacedEndpoint] {
        try rows("SELECT * FROM takenEndpoints WHERE network = ? ORDER BY address", network, decode: placed)
    }

    /// All endpoints.
    public func endpoints() throws(MetadataError) -> [PlacedEndpoint] {
        try rows("SELECT * FROM takenEndpoints ORDER BY network, address", decode: placed)
    }

    /// Takes a container off a network.
    /// - Returns: what it had there; nil where it had nothing
    @discardableResult
    public func releaseEndpoint(of container: String, on network: String, at nowNanoseconds: Int64) throws(MetadataError) -> TakenEndpoint? {
        let had = try endpoints(of: container).first { $0.network == network }
        guard let endpoint = had?.endpoint else { return nil }
        try run("DELETE FROM takenEndpoints WHERE network = ? AND address = ?", network, Int(endpoint.address.number))
        try run(
            "INSERT INTO releasedAddresses VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET released = excluded.released", network, Int(endpoint.address.number),
            nowNanoseconds)
        return endpoint
    }

    /// Gives back all that a run had: addresses and ports.
    /// - Returns: the endpoints that it had
    @discardableResult
    public func releaseAll(of container: String, at nowNanoseconds: Int64) throws(MetadataError) -> [PlacedEndpoint] {
        let all = try endpoints(of: container)
        for one in all { try releaseEndpoint(of: container, on: one.network, at: nowNanoseconds) }
        try releasePorts(of: container)
        return all
    }

    private func placed(_ row: Row) throws(MetadataError) -> PlacedEndpoint {
        PlacedEndpoint(container: try row.text("container"), network: try row.text("network"), endpoint: try value(row.text("endpoint")))
    }

    // MARK: Choosing

    private func chooseAddress(
        _ wanted: IPv4Address?, in pool: IPAMPool, of network: NetworkRecord, at now: Int64
    ) throws(NetworksError) -> IPv4Address {
        let (taken, resting) = try NetworksError.wrapping { () throws(MetadataError) in
            try forgetRested(network.id, at: now)
            return (try takenAddresses(network.id), try restingAddresses(network.id))
        }
        if let wanted {
            guard pool.subnet.contains(wanted) else { throw .addressOutside(wanted) }
            guard !taken.contains(wanted), !pool.reserved.contains(wanted) else { throw .addressInUse }
            return wanted
        }
        guard let free = pool.freeAddress(taken: taken, resting: resting) else { throw .noAddress(name: network.name, id: network.id) }
        return free
    }

    private func takenAddresses(_ network: String) throws(MetadataError) -> Set<IPv4Address> {
        Set(try rows("SELECT address FROM takenEndpoints WHERE network = ?", network) { (row) throws(MetadataError) in try address(row) })
    }

    private func restingAddresses(_ network: String) throws(MetadataError) -> [IPv4Address: Int64] {
        let all = try rows("SELECT address, released FROM releasedAddresses WHERE network = ?", network) { (row) throws(MetadataError) in
            (try address(row), Int64(try row.int("released")))
        }
        return Dictionary(all) { $1 }
    }

    /// A release in the future is one before the clock was set back; it has rested.
    private func forgetRested(_ network: String, at now: Int64) throws(MetadataError) {
        try run("DELETE FROM releasedAddresses WHERE network = ? AND (released <= ? OR released > ?)", network, now - restNanoseconds, now)
    }

    private func address(_ row: Row) throws(MetadataError) -> IPv4Address { IPv4Address(UInt32(truncatingIfNeeded: try row.int("address"))) }

    /// An endpoint's id, and the name of its wire's end on the host, which no other has.
    private func newEndpointNames() throws(MetadataError) -> (id: String, link: String) {
        while true {
            let id = (0..<8).map { _ in hex(UInt32.random(in: 0...UInt32.max)) }.joined(), link = "veth" + id.prefix(7)
            if try !exists("SELECT 1 FROM takenEndpoints WHERE hostLink = ?", link) { return (id, link) }
        }
    }
}

/// Eight hex digits.
private func hex(_ number: UInt32) -> String {
    let text = String(number, radix: 16)
    return String(repeating: "0", count: 8 - text.count) + text
}
