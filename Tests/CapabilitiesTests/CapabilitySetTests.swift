// The pure half of Capabilities: names, numbers, and Docker's arithmetic on them. Chapter 05.
import Capabilities
import Testing

@Suite("Capability sets")
struct CapabilitySetTests {
    @Test("Names and numbers are the kernel's, from CAP_CHOWN 0 to CAP_CHECKPOINT_RESTORE 40")
    func numbers() throws {
        #expect(Capability.known.count == 41)
        #expect(Capability(name: "CAP_CHOWN")?.rawValue == 0)
        #expect(Capability(name: "CAP_SETPCAP")?.rawValue == 8)
        #expect(Capability(name: "CAP_SYS_ADMIN")?.rawValue == 21)
        #expect(Capability(name: "CAP_SETFCAP")?.rawValue == 31)
        #expect(Capability(name: "CAP_CHECKPOINT_RESTORE")?.rawValue == 40)
        for capability in Capability.known { #expect(Capability(name: capability.description) == capability) }
    }

    @Test("A number without a name is still a capability, and one above 63 is none")
    func beyondTheTable() {
        #expect(Capability(rawValue: 63)?.description == "CAP_63")
        #expect(Capability(rawValue: 64) == nil)
    }

    @Test("Docker's default set is a80425fb")
    func dockerDefault() {
        #expect(CapabilitySet.dockerDefault.hexadecimal == "00000000a80425fb")
        #expect(CapabilitySet.dockerDefault.members.count == 14)
    }

    @Test("An OCI list is read exactly: an unknown name, a short one or a lower-case one is an error")
    func ociLists() throws {
        #expect(try CapabilitySet(names: ["CAP_KILL", "CAP_CHOWN"]).names == ["CAP_CHOWN", "CAP_KILL"])
        for name in ["CAP_NOSUCH", "KILL", "cap_kill", "ALL", ""] {
            #expect(throws: CapabilityError.unknown(name)) { try CapabilitySet(names: ["CAP_CHOWN", name]) }
        }
    }

    @Test("Names survive the way to a list and back, for random sets")
    func roundTrip() throws {
        for mask in (0..<200).map({ _ in UInt64.random(in: 0..<1 << 41) }) {
            let set = CapabilitySet(rawValue: mask)
            #expect(try CapabilitySet(names: set.names) == set)
            #expect(UInt64(set.hexadecimal, radix: 16) == mask)
        }
    }
}

@Suite("--cap-add, --cap-drop, --privileged")
struct DockerCapabilityTests {
    let basics = CapabilitySet.dockerDefault

    @Test("Any case, with or without CAP_", arguments: ["net_admin", "NET_ADMIN", "cap_net_admin", "CAP_NET_ADMIN", "Cap_Net_Admin"])
    func spelling(name: String) throws {
        #expect(try basics.adjusted(add: [name], drop: []).names.contains("CAP_NET_ADMIN"))
    }

    @Test("Drops go first, so what is in both lists is there")
    func dropThenAdd() throws {
        #expect(try basics.adjusted(add: ["KILL"], drop: ["KILL"]) == basics)
        #expect(try basics.adjusted(add: [], drop: ["kill"]).contains(#require(Capability(name: "CAP_KILL"))) == false)
    }

    @Test("ALL dropped leaves only what is added; ALL added gives all but what is dropped")
    func all() throws {
        #expect(try basics.adjusted(add: ["CHOWN"], drop: ["all"]).names == ["CAP_CHOWN"])
        #expect(try basics.adjusted(add: [], drop: ["ALL"]).isEmpty)
        #expect(try basics.adjusted(add: ["ALL"], drop: ["SYS_ADMIN"]) == CapabilitySet.known.subtracting(CapabilitySet(names: ["CAP_SYS_ADMIN"])))
        #expect(try basics.adjusted(add: ["ALL"], drop: ["ALL"]) == .known)
    }

    @Test("Privileged gives all that is available, whatever the lists say")
    func privileged() throws {
        let available = try CapabilitySet(names: ["CAP_CHOWN", "CAP_SYS_ADMIN"])
        #expect(try basics.adjusted(add: [], drop: ["ALL"], privileged: true, available: available) == available)
    }

    @Test("Unknown and unavailable names are refused in Docker's words")
    func refusals() throws {
        #expect(throws: CapabilityError.unknown("CAP_NOSUCH")) { try basics.adjusted(add: ["nosuch"], drop: []) }
        #expect(throws: CapabilityError.unavailable("CAP_BPF")) { try basics.adjusted(add: [], drop: ["bpf"], available: basics) }
        #expect("\(CapabilityError.unknown("CAP_NOSUCH"))" == "unknown capability: \"CAP_NOSUCH\"")
    }
}
