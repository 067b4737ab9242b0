// A request for a network, as a client sends it, and how it becomes a record: what makes no sense is refused in Docker's words, all reasons at
// once; what is left open is chosen. Only bridges are built here; what else Docker knows is refused by name, so that nobody waits for packets
// that never come. Chapter 09.
public import Netlink

/// What a client says of a network that it wants.
public struct NetworkRequest: Sendable, Equatable {
    /// A subnet as the request words it; each part but the subnet may be empty.
    public struct Pool: Sendable, Equatable {
        public var subnet: String
        public var range: String
        public var gateway: String
        public var auxiliary: [String: String]

        public init(subnet: String = "", range: String = "", gateway: String = "", auxiliary: [String: String] = [:]) {
            (self.subnet, self.range, self.gateway, self.auxiliary) = (subnet, range, gateway, auxiliary)
        }

        var isEmpty: Bool { subnet.isEmpty && range.isEmpty && gateway.isEmpty && auxiliary.isEmpty }
    }

    public var name: String
    /// Empty for `bridge`.
    public var driver: String
    public var pools: [Pool]
    /// Empty for `default`.
    public var ipamDriver: String
    public var ipamOptions: [String: String]?
    public var wantsIPv6: Bool
    public var isInternal: Bool
    public var isAttachable: Bool
    public var options: [String: String]
    public var labels: [String: String]

    public init(
        name: String, driver: String = "", pools: [Pool] = [], ipamDriver: String = "", ipamOptions: [String: String]? = nil, wantsIPv6: Bool = false,
        isInternal: Bool = false, isAttachable: Bool = false, options: [String: String] = [:], labels: [String: String] = [:]
    ) {
        (self.name, self.driver, self.pools, self.ipamDriver, self.ipamOptions) = (name, driver, pools, ipamDriver, ipamOptions)
        (self.wantsIPv6, self.isInternal, self.isAttachable) = (wantsIPv6, isInternal, isAttachable)
        (self.options, self.labels) = (options, labels)
    }

    /// Checks the request and fills in what it leaves open.
    /// - Parameters:
    ///   - id: of the new network
    ///   - others: all networks that there are
    ///   - hostSubnets: what the host's routes lead to: pools that are not chosen. A subnet that is asked for may overlap them, as with Docker.
    /// - Throws: `invalid`, `unsupported`, `forbidden`, `notFound` for a driver, `poolOverlaps`, `poolsExhausted`
    public func plan(id: String, among others: [NetworkRecord], hostSubnets: [Subnet], at nowNanoseconds: Int64) throws(NetworksError) -> NetworkRecord {
        try checkNames()
        try checkDrivers()
        guard !others.contains(where: { $0.name == name }) else { throw .nameTaken(name) }
        let wanted = pools.filter { !$0.isEmpty }
        guard wanted.count < 2 else { throw .forbidden("bridge driver doesn't support multiple subnets") }
        let pool: IPAMPool
        if let asked = wanted.first {
            pool = try asked.parsed()
            guard !others.flatMap(\.subnets).contains(where: { $0.overlaps(pool.subnet) }) else { throw .poolOverlaps }
        } else {
            let subnet = try choosePool(excluding: others.flatMap(\.subnets) + hostSubnets)
            pool = IPAMPool(subnet: subnet, gateway: subnet.firstHost)
        }
        let record = NetworkRecord(
            id: id, name: name, driver: "bridge", pools: [pool], isSubnetAsked: !wanted.isEmpty, ipamDriver: ipamDriver.isEmpty ? "default" : ipamDriver,
            ipamOptions: ipamOptions, isInternal: isInternal, isAttachable: isAttachable, options: options, labels: labels,
            createdNanoseconds: nowNanoseconds, link: try linkName(id))
        try record.checkOptions()
        return record
    }

    private func checkNames() throws(NetworksError) {
        guard name.contains(where: { !$0.isWhitespace }), !name.contains("/"), !name.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7f })
        else { throw .invalid("invalid name: \(name)") }
        guard !["bridge", "host", "none", "default"].contains(name) else { throw .forbidden("operation is not permitted on predefined \(name) network") }
    }

    private func checkDrivers() throws(NetworksError) {
        switch driver {
        case "", "bridge", "default": break
        case "host", "null": throw .forbidden("only one instance of \"\(driver)\" network is allowed")
        case "macvlan", "ipvlan", "overlay":
            throw .unsupported("networks with driver \"\(driver)\" are not built in this engine; use the driver \"bridge\"")
        default: throw .unknownDriver(driver)
        }
        guard ["", "default"].contains(ipamDriver) else { throw .invalid("IPAM driver \"\(ipamDriver)\" is not built in this engine; use \"default\"") }
        guard !wantsIPv6, !pools.contains(where: { $0.subnet.contains(":") }) else {
            throw .unsupported("IPv6 is not built in this engine's networks; leave out the option and the IPv6 subnet")
        }
    }

    /// `br-` and twelve digits of the id, or what the option says; a link's name has 15 bytes at most. linux/if.h, IFNAMSIZ.
    private func linkName(_ id: String) throws(NetworksError) -> String {
        guard let asked = options[BridgeOption.name.rawValue], !asked.isEmpty else { return "br-" + id.prefix(12) }
        let isFine = asked.utf8.count <= 15 && asked != "." && asked != ".." && asked.utf8.allSatisfy { (0x21...0x7e).contains($0) && $0 != 0x2f && $0 != 0x3a }
        guard isFine else { throw .invalid("invalid bridge name \(asked): a link's name has 1 to 15 printable characters without blanks, colons and slashes") }
        return asked
    }
}

// MARK: A pool

extension NetworkRequest.Pool {
    /// The pool that the words mean.
    /// - Throws: `invalid` with all that is wrong, in the words and the form of Docker 28.
    func parsed() throws(NetworksError) -> IPAMPool {
        var faults: [String] = []
        guard let subnet = parsedSubnet(&faults) else { throw .invalid(listed(faults)) }
        let range = parsedRange(in: subnet, &faults)
        var fixed: [String: IPv4Address] = [:]
        for (name, text) in auxiliary.sorted(by: { $0.key < $1.key }) {
            fixed[name] = address(text, in: subnet, "auxiliary address \(name)", &faults)
        }
        let asked = gateway.isEmpty ? nil : address(gateway, in: subnet, "gateway \(gateway)", &faults)
        guard faults.isEmpty else { throw .invalid(listed(faults)) }
        let taken = Set(fixed.values)
        guard taken.count == fixed.count, asked.map({ !taken.contains($0) }) ?? true else { throw .addressInUse }
        guard let gateway = asked ?? (subnet.firstHost.number...subnet.lastHost.number).lazy.map(IPv4Address.init).first(where: { !taken.contains($0) })
        else { throw .invalid("subnet \(subnet) has no address left for its gateway") }
        return IPAMPool(subnet: subnet, range: range, gateway: gateway, auxiliary: fixed)
    }

    private func parsedSubnet(_ faults: inout [String]) -> Subnet? {
        guard let parts = Subnet.parts(of: subnet) else {
            faults.append("invalid subnet \(subnet): invalid CIDR block notation")
            return nil
        }
        let masked = Subnet(containing: parts.address, prefixLength: parts.prefixLength)
        if masked.address != parts.address { faults.append("invalid subnet \(subnet): it should be \(masked)") }
        if masked.prefixLength == 0 || masked.address.isMulticast || masked.address.isLoopback {
            faults.append("invalid subnet \(subnet): no host can have an address of it")
        }
        return faults.isEmpty ? masked : nil
    }

    private func parsedRange(in subnet: Subnet, _ faults: inout [String]) -> Subnet? {
        guard !range.isEmpty else { return nil }
        guard let parts = Subnet.parts(of: range) else {
            faults.append("invalid ip-range \(range): invalid CIDR block notation")
            return nil
        }
        let masked = Subnet(containing: parts.address, prefixLength: parts.prefixLength)
        if masked.prefixLength < subnet.prefixLength { faults.append("invalid ip-range \(range): CIDR block is bigger than its parent subnet \(subnet)") }
        if masked.address != parts.address { faults.append("invalid ip-range \(range): it should be \(masked)") }
        if !subnet.overlaps(masked) { faults.append("invalid ip-range \(range): parent subnet \(subnet) doesn't contain ip-range") }
        return masked
    }

    private func address(_ text: String, in subnet: Subnet, _ what: String, _ faults: inout [String]) -> IPv4Address? {
        guard let address = IPv4Address(text) else {
            faults.append("invalid \(what): invalid address")
            return nil
        }
        if !subnet.contains(address) { faults.append("invalid \(what): parent subnet \(subnet) doesn't contain this address") }
        return address
    }

    private func listed(_ faults: [String]) -> String { "invalid network config:\n" + faults.joined(separator: "\n") }
}
