// The instructions in front of a compiled profile that answer ENOSYS to calls newer than the profile (the idea is runc's).
// EPERM for an unknown call breaks programs: a libc tries `fchmodat2` first and falls back only when it hears ENOSYS.
// A tiny program in the kernel's classic BPF, eight bytes an instruction: code16, jump-if-true8, jump-if-false8, operand32.
//
//     load architecture
//     for each:  is it this one? no → next         x86-64 and x32 share a value; x32's numbers have bit 30 set
//                load number; above its highest? → return ENOSYS; else go on with libseccomp's part
//
// man 2 seccomp · chapter 05

extension Profile {
    /// The instructions, or none where the default is not an errno: a default that kills, or allows, is meant for newer calls too.
    func newerCallsPrelude() -> [UInt8] {
        guard case .errno(let code) = defaultAction, code != 38 else { return [] }
        let names = rules.flatMap(\.names)
        let limits = (architectures.contains(.native) ? architectures : [.native] + architectures).map { architecture in
            (architecture, highest: names.compactMap { architecture.number(of: $0) }.max() ?? 0)
        }
        var program = [Instruction.load(at: 4)]
        let x32 = limits.first { $0.0.name == "x32" }?.highest
        for (architecture, highest) in limits where architecture.name != "x32" {
            let body = architecture.name == "x86_64" ? Instruction.judgeX86(highest: highest, x32: x32) : Instruction.judge(highest: highest)
            program.append(.unlessEqual(architecture.auditValue, skip: UInt8(body.count)))
            program += body
        }
        return Instruction.resolvingEnd(program).flatMap(\.bytes)
    }
}

/// One instruction of classic BPF.
private struct Instruction {
    var code: UInt16, whenTrue: UInt8 = 0, whenFalse: UInt8 = 0, operand: UInt32

    /// Loads 32 bits of `struct seccomp_data`: the number at 0, the architecture at 4.
    static func load(at offset: UInt32) -> Instruction { Instruction(code: 0x20, operand: offset) }
    static func unlessEqual(_ value: UInt32, skip: UInt8) -> Instruction { Instruction(code: 0x15, whenFalse: skip, operand: value) }
    static func ifGreater(_ value: UInt32, skip: UInt8 = 0, else other: UInt8) -> Instruction {
        Instruction(code: 0x25, whenTrue: skip, whenFalse: other, operand: value)
    }
    /// Goes to libseccomp's part; the distance is filled in when it is known.
    static let end = Instruction(code: 0x05, operand: .max)
    static let answerNoSuchCall = Instruction(code: 0x06, operand: 0x0005_0000 | 38)

    static func judge(highest: UInt32) -> [Instruction] { [load(at: 0), ifGreater(highest, else: 1), answerNoSuchCall, end] }

    /// Numbers from bit 30 up are x32's; where the profile has no x32, libseccomp's part refuses them.
    static func judgeX86(highest: UInt32, x32: UInt32?) -> [Instruction] {
        let own = [ifGreater(highest, else: 1), answerNoSuchCall, end]
        let other = x32.map { [ifGreater($0, else: 1), answerNoSuchCall] } ?? []
        return [load(at: 0), ifGreater(0x3fff_ffff, skip: UInt8(own.count), else: 0)] + own + other + [end]
    }

    /// Every `end` becomes a jump behind the last instruction.
    static func resolvingEnd(_ program: [Instruction]) -> [Instruction] {
        program.enumerated().map { index, instruction in
            guard instruction.code == 0x05 else { return instruction }
            return Instruction(code: 0x05, operand: UInt32(program.count - index - 1))
        }
    }

    /// As the kernel reads it, in the machine's byte order.
    var bytes: [UInt8] {
        var all: [UInt8] = []
        for byte in 0..<2 { all.append(UInt8(truncatingIfNeeded: code.littleEndian >> (8 * UInt16(byte)))) }
        all += [whenTrue, whenFalse]
        for byte in 0..<4 { all.append(UInt8(truncatingIfNeeded: operand.littleEndian >> (8 * UInt32(byte)))) }
        return all
    }
}
