// A small interpreter of the classic BPF that seccomp runs (linux/filter.h): enough to ask a compiled program for its answer to any
// call without installing it in this process, whose threads it would bind for good. man 2 seccomp.
import Seccomp

/// What a filter sees: `struct seccomp_data`.
struct KernelCall {
    var number: UInt32, architecture: UInt32, arguments: [UInt64] = []

    /// The 32 bits at `offset`; little-endian, as the machines are that this runs on.
    func word(at offset: UInt32) -> UInt32 {
        switch offset {
        case 0: return number
        case 4: return architecture
        default:
            let index = Int(offset - 16) / 8
            let argument = index < arguments.count ? arguments[index] : 0
            return UInt32(truncatingIfNeeded: (offset - 16) % 8 == 0 ? argument : argument >> 32)
        }
    }
}

enum InterpreterError: Error { case unknownInstruction(UInt16), ranPastTheEnd }

extension Program {
    /// The SECCOMP_RET value for `call`.
    func answer(to call: KernelCall) throws -> UInt32 { try judge(call).answer }

    /// The answer, and how many instructions led to it.
    func judge(_ call: KernelCall) throws -> (answer: UInt32, instructions: Int) {
        var counter = 0, accumulator: UInt32 = 0, taken = 0
        while counter < instructionCount {
            let (code, whenTrue, whenFalse, operand) = instruction(counter)
            counter += 1
            taken += 1
            switch code {
            case 0x20: accumulator = call.word(at: operand)
            case 0x54: accumulator &= operand
            case 0x05: counter += Int(operand)
            case 0x15: counter += accumulator == operand ? whenTrue : whenFalse
            case 0x25: counter += accumulator > operand ? whenTrue : whenFalse
            case 0x35: counter += accumulator >= operand ? whenTrue : whenFalse
            case 0x45: counter += accumulator & operand != 0 ? whenTrue : whenFalse
            case 0x06: return (operand, taken)
            default: throw InterpreterError.unknownInstruction(code)
            }
        }
        throw InterpreterError.ranPastTheEnd
    }

    private func instruction(_ index: Int) -> (code: UInt16, whenTrue: Int, whenFalse: Int, operand: UInt32) {
        let part = bytes[(index * 8)..<(index * 8 + 8)].map(UInt32.init)
        return (UInt16(part[0] | part[1] << 8), Int(part[2]), Int(part[3]), part[4] | part[5] << 8 | part[6] << 16 | part[7] << 24)
    }
}
