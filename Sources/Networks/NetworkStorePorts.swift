// Published ports in the database. A port at one address and the same port at all addresses exclude each other, which no key can say: that is
// asked within the transaction, and SQLite lets one writer in at a time. The kernel has its word too: the shim holds a bound socket for each,
// so that no other program of the host takes the port. Chapter 09.
public import Metadata
public import Netlink

extension Transaction {
    /// Takes ports for a container's run: all or none. A host port of 0 has been decided before, by the socket that holds it.
    /// - Throws: `portTaken` with the first that is somebody's, the container's own earlier ones among them
    public func takePorts(_ container: String, _ ports: [PublishedPort]) throws(NetworksError) {
        for port in ports {
            precondition(port.hostPort != 0, "the socket that holds a port decides its number")
            let holder = try NetworksError.wrapping { () throws(MetadataError) in try portHolder(port.proto, port.hostAddress, port.hostPort) }
            guard holder == nil else { throw .portTaken(port) }
            try NetworksError.wrapping { () throws(MetadataError) in
                try run(
                    "INSERT INTO takenPorts VALUES (?, ?, ?, ?, ?)", port.proto.rawValue, Int(port.hostPort), Int(port.hostAddress.number), container,
                    Int(port.containerPort))
            }
        }
    }

    /// The container that has a port of the host, at this address or at all of them; at any, where `address` is 0.0.0.0.
    public func portHolder(_ proto: PortProtocol, _ address: IPv4Address, _ port: UInt16) throws(MetadataError) -> String? {
        try first(
            "SELECT container FROM takenPorts WHERE proto = ?1 AND port = ?2 AND (address = ?3 OR address = 0 OR ?3 = 0)", proto.rawValue, Int(port),
            Int(address.number)
        ) { (row) throws(MetadataError) in try row.text("container") }
    }

    /// The ports of a range that no container has, lowest first: what the caller then tries to bind.
    public func freePorts(_ proto: PortProtocol, _ address: IPv4Address, in range: ClosedRange<UInt16>) throws(MetadataError) -> [UInt16] {
        let taken = try rows(
            "SELECT port FROM takenPorts WHERE proto = ?1 AND port BETWEEN ?4 AND ?2 AND (address = ?3 OR address = 0 OR ?3 = 0)", proto.rawValue,
            Int(range.upperBound), Int(address.number), Int(range.lowerBound)
        ) { (row) throws(MetadataError) in UInt16(truncatingIfNeeded: try row.int("port")) }
        let no = Set(taken)
        return range.filter { !no.contains($0) }
    }

    /// What a container that runs publishes, by container port.
    public func ports(of container: String) throws(MetadataError) -> [PublishedPort] {
        try rows("SELECT * FROM takenPorts WHERE container = ? ORDER BY containerPort, proto, port, address", container, decode: published)
    }

    /// All published ports, with their containers.
    public func ports() throws(MetadataError) -> [(container: String, port: PublishedPort)] {
        try rows("SELECT * FROM takenPorts ORDER BY port, proto, address") { (row) throws(MetadataError) in
            (container: try row.text("container"), port: try published(row))
        }
    }

    /// Gives back a container's ports.
    public func releasePorts(of container: String) throws(MetadataError) { try run("DELETE FROM takenPorts WHERE container = ?", container) }

    private func published(_ row: Row) throws(MetadataError) -> PublishedPort {
        PublishedPort(
            proto: PortProtocol(rawValue: try row.text("proto")) ?? .tcp, hostAddress: IPv4Address(UInt32(truncatingIfNeeded: try row.int("address"))),
            hostPort: UInt16(truncatingIfNeeded: try row.int("port")), containerPort: UInt16(truncatingIfNeeded: try row.int("containerPort")))
    }
}
