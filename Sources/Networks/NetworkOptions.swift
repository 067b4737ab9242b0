// What the options of a bridge mean, under the names that Docker gives them, and what a container may ask of which network. Options that nobody
// knows are kept and shown, as Docker does: other tools write theirs there. Chapter 09.
public import Netlink

/// Options of the driver `bridge`.
public enum BridgeOption: String, Sendable, CaseIterable {
    /// The bridge's name on the host.
    case name = "com.docker.network.bridge.name"
    /// Whether containers on it may speak with each other.
    case interContainer = "com.docker.network.bridge.enable_icc"
    /// Whether what leaves it bears the host's address.
    case masquerade = "com.docker.network.bridge.enable_ip_masquerade"
    /// The host's address at which ports are published that name none.
    case hostBinding = "com.docker.network.bridge.host_binding_ipv4"
    /// Bytes in a packet.
    case mtu = "com.docker.network.driver.mtu"
    /// Marks the one that is always there.
    case isDefault = "com.docker.network.bridge.default_bridge"
}

extension NetworkRecord {
    /// Whether containers on it may speak with each other.
    public var allowsInterContainer: Bool { flag(.interContainer) ?? true }
    /// Whether what leaves it bears the host's address; never for an internal one.
    public var masquerades: Bool { !isInternal && flag(.masquerade) ?? true }
    /// The host's address at which ports are published that name none.
    public var hostBinding: IPv4Address { options[BridgeOption.hostBinding.rawValue].flatMap { IPv4Address($0) } ?? .any }
    /// Bytes in a packet; nil for the kernel's own choice.
    public var mtuBytes: Int? { options[BridgeOption.mtu.rawValue].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil } }

    private func flag(_ option: BridgeOption) -> Bool? { options[option.rawValue].flatMap(truth) }

    /// Refuses options of ours whose values mean nothing.
    func checkOptions() throws(NetworksError) {
        for option in [BridgeOption.interContainer, .masquerade, .isDefault] {
            guard let text = options[option.rawValue] else { continue }
            guard truth(text) != nil else { throw bad(option, text, "strconv.ParseBool: parsing \"\(text)\": invalid syntax") }
        }
        if let text = options[BridgeOption.isDefault.rawValue], truth(text) == true {
            throw .forbidden("another default bridge network cannot be made: there is one")
        }
        if let text = options[BridgeOption.hostBinding.rawValue], IPv4Address(text) == nil { throw bad(.hostBinding, text, "nil ip") }
        if let text = options[BridgeOption.mtu.rawValue] {
            guard let number = Int(text) else { throw bad(.mtu, text, "strconv.Atoi: parsing \"\(text)\": invalid syntax") }
            // IPv4 works with 68 bytes (RFC 791); a bridge takes 65,535.
            guard number == 0 || (68...65_535).contains(number) else { throw .invalid("invalid MTU number: \(number)") }
        }
    }

    private func bad(_ option: BridgeOption, _ text: String, _ why: String) -> NetworksError {
        .invalid("failed to parse \(option.rawValue) value: \(text) (\(why))")
    }

    /// Turns a record into the default bridge's, with the options that Docker shows of its own.
    mutating func becomeDefaultBridge(link: String, subnet: Subnet) {
        (self.link, pools) = (link, [IPAMPool(subnet: subnet, gateway: subnet.firstHost)])
        options = [
            BridgeOption.isDefault.rawValue: "true", BridgeOption.interContainer.rawValue: "true", BridgeOption.masquerade.rawValue: "true",
            BridgeOption.hostBinding.rawValue: "0.0.0.0", BridgeOption.name.rawValue: link, BridgeOption.mtu.rawValue: "1500"
        ]
    }

    /// Whether a container may ask this of the network.
    /// - Throws: `invalid`, `addressOutside`
    public func check(_ asked: AskedEndpoint) throws(NetworksError) {
        if isPredefined {
            guard asked.aliases.isEmpty else { throw .invalid("network-scoped alias is supported only for containers in user defined networks") }
            guard asked.address == nil else { throw .invalid("user specified IP address is supported on user defined networks only") }
        }
        if let address = asked.address {
            guard isSubnetAsked else {
                throw .invalid("user specified IP address is supported only when connecting to networks with user configured subnets")
            }
            guard subnets.contains(where: { $0.contains(address) }) else { throw .addressOutside(address) }
        }
        if let mac = asked.mac, mac.isMulticast { throw .invalid("invalid MAC address \(mac): it names a group, not a host") }
    }
}

/// The words that Go's strconv.ParseBool takes.
private func truth(_ text: String) -> Bool? {
    switch text {
    case "1", "t", "T", "true", "TRUE", "True": true
    case "0", "f", "F", "false", "FALSE", "False": false
    default: nil
    }
}
