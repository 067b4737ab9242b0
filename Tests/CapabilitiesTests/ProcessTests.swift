// The sets of a process as the kernel tells them. What changes a process's own sets needs a program with one thread, and is tested
// through the runtime. Chapter 05.
import Capabilities
import Linux
import Testing

@Suite("The sets of a process")
struct ProcessCapabilityTests {
    static let status = """
        Name:\tsleep
        CapInh:\t0000000000000000
        CapPrm:\t00000000a80425fb
        CapEff:\t00000000a80425fb
        CapBnd:\t00000000a80425fb
        CapAmb:\t0000000000000000
        NoNewPrivs:\t0
        """

    @Test("are read from /proc/PID/status: this is a container of Docker's")
    func container() {
        #expect(CapabilitySets(status: Self.status) == .dockerDefault)
    }

    @Test("A status with a line missing or broken tells no sets", arguments: ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"])
    func broken(line: String) {
        let lines = Self.status.split(separator: "\n")
        #expect(CapabilitySets(status: lines.filter { !$0.hasPrefix(line) }.joined(separator: "\n")) == nil)
        #expect(CapabilitySets(status: lines.map { $0.hasPrefix(line) ? "\(line):\txyz" : String($0) }.joined(separator: "\n")) == nil)
    }

    @Test("Two ways to ask the kernel for our bounding set agree, and so do capget and /proc")
    func ourOwn() throws {
        let told = try #require(try CapabilitySets.of())
        #expect(try CapabilitySet.bounding() == told.bounding)
        #expect(try capabilities().effective == told.effective.rawValue)
    }

    @Test("A process that has gone is an error")
    func gone() {
        #expect(throws: KernelError.self) { try CapabilitySets.of(ProcessID(rawValue: 0x3fff_ffff)) }
    }
}
