// Which subnet a network gets that asks for none, and which address a container gets that asks for none. Both are the lowest that is free, so
// that a machine's numbers stay small and a test's repeat; but an address that somebody had a moment ago is left alone while others are free,
// for neighbours, clients and conntrack still think that it is the other's. Chapter 09.
public import Netlink

/// Docker's pools for networks without a subnet of their own: 172.17.0.0/16 to 172.31.0.0/16, then 192.168.0.0/20, 192.168.16.0/20, ….
public let defaultPools: [Subnet] =
    (17...31).map { Subnet(containing: IPv4Address(172 << 24 | UInt32($0) << 16), prefixLength: 16) }
    + (0..<16).map { Subnet(containing: IPv4Address(192 << 24 | 168 << 16 | UInt32($0) << 12), prefixLength: 20) }

/// The first of the default pools that overlaps none of `taken`.
/// - Parameter taken: subnets of networks, and of the host's routes (without its default route, which overlaps everything).
/// - Throws: `poolsExhausted`
public func choosePool(excluding taken: [Subnet]) throws(NetworksError) -> Subnet {
    guard let free = defaultPools.first(where: { pool in !taken.contains { $0.prefixLength > 0 && $0.overlaps(pool) } }) else { throw .poolsExhausted }
    return free
}

extension IPAMPool {
    /// What no container gets: the subnet's own address and its broadcast (where it has room for such), the gateway, the auxiliary ones.
    public var reserved: Set<IPv4Address> {
        let ends = subnet.prefixLength < 31 ? [subnet.address, subnet.broadcast] : []
        return Set(ends).union([gateway]).union(auxiliary.values)
    }

    /// The default route of containers: the gateway, or the auxiliary address that Docker's bridge driver takes instead by its name.
    public var defaultRoute: IPv4Address { auxiliary["DefaultGatewayIPv4"] ?? gateway }

    /// The lowest address that nobody has; where all are somebody's, the one whose release is longest ago.
    /// - Parameters:
    ///   - taken: of containers that run
    ///   - resting: released a moment ago, with the time of that
    /// - Returns: nil where there is none
    public func freeAddress(taken: Set<IPv4Address>, resting: [IPv4Address: Int64] = [:]) -> IPv4Address? {
        let among = range ?? subnet, no = reserved.union(taken)
        // Each step but the last meets one of `no` or `resting`, so this is short however large the subnet is.
        for number in among.address.number...among.broadcast.number {
            let address = IPv4Address(number)
            if !no.contains(address), resting[address] == nil { return address }
        }
        return resting.filter { among.contains($0.key) && !no.contains($0.key) }.min { ($0.value, $0.key) < ($1.value, $1.key) }?.key
    }
}
