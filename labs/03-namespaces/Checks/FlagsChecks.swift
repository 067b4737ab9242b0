// Exercise 03.1, values in and values out: the bits are those of linux/sched.h, written here once more, so that no table is compared with itself.
import Linux
import Namespaces
import Testing

private let bits: [(kind: Namespace, bit: UInt64, name: String)] = [
    (.mount, 0x0002_0000, "CLONE_NEWNS"), (.cgroup, 0x0200_0000, "CLONE_NEWCGROUP"), (.uts, 0x0400_0000, "CLONE_NEWUTS"), (.ipc, 0x0800_0000, "CLONE_NEWIPC"),
    (.user, 0x1000_0000, "CLONE_NEWUSER"), (.pid, 0x2000_0000, "CLONE_NEWPID"), (.network, 0x4000_0000, "CLONE_NEWNET"), (.time, 0x80, "CLONE_NEWTIME")
]

@Suite("Lab 03.1: clone flags")
struct FlagsChecks {
    @Test("A list of one kind gives the bit of that kind")
    func flagsEach() throws {
        for (kind, bit, name) in bits {
            let given = cloneFlags(for: [kind]).rawValue
            guard given == bit else { throw Sign(given == 0 ? "nothing" : "other", kind.rawValue, hex(given), "\(name), \(hex(bit))") }
        }
        let empty = cloneFlags(for: []).rawValue
        guard empty == 0 else { throw Sign("empty", hex(empty)) }
    }

    @Test("A list of several kinds gives all their bits, whatever the order and however often a kind stands there")
    func flagsUnion() throws {
        for round in 0..<40 {
            let some = bits.shuffled().prefix(2 + round % 7)
            let wanted = some.reduce(0) { $0 | $1.bit }
            let given = cloneFlags(for: some.map(\.kind) + [some[some.startIndex].kind]).rawValue
            guard given != wanted else { continue }
            let list = some.map(\.kind.rawValue).joined(separator: " ") + " " + some[some.startIndex].kind.rawValue
            let isOne = bits.contains { $0.bit == given }
            throw Sign(isOne ? "one" : given & ~wanted == 0 ? "missing" : "other", list, hex(given), hex(wanted))
        }
    }
}

private func hex(_ number: UInt64) -> String { "0x" + String(number, radix: 16) }
