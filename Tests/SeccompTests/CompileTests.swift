// A compiled profile answers as the profile says: the program is interpreted for every call number of every architecture, and
// compared with a model that reads the rules. Chapter 05.
import Seccomp
import Testing

@Suite("A compiled profile")
struct CompileTests {
    static let grants: [Set<String>] = [
        [], ["CAP_SYS_ADMIN"], ["CAP_SYS_PTRACE", "CAP_SYS_TIME", "CAP_BPF"], ["CAP_SYSLOG", "CAP_PERFMON", "CAP_SYS_CHROOT", "CAP_SYS_NICE"],
        ["CAP_SYS_BOOT", "CAP_SYS_MODULE", "CAP_SYS_PACCT", "CAP_SYS_RAWIO", "CAP_SYS_TTY_CONFIG", "CAP_DAC_READ_SEARCH"]
    ]
    static let arguments: [[UInt64]] = [
        [0, 0], [2, 1], [40, 0], [8, 0], [0x20000, 0], [0x20008, 0], [0xffff_ffff, 0], [0x0200_0000, 0], [0x1000_0000, 0x11], [0x11, 0]
    ]

    @Test("Docker's default, compiled, answers every call of the whole family as the rules say", arguments: grants)
    func everyCall(capabilities: Set<String>) throws {
        let profile = Profile.dockerDefault(capabilities: capabilities)
        let program = try profile.compile()
        #expect(program.instructionCount <= 4096, "the kernel takes no more")
        for architecture in Architecture.native.family {
            let model = Model(profile, architecture), bit: UInt32 = architecture.description == "SCMP_ARCH_X32" ? 0x4000_0000 : 0
            for number in (0..<600).map({ $0 | bit }) {
                for arguments in Self.arguments {
                    let call = KernelCall(number: number, architecture: architecture.auditValue, arguments: arguments)
                    let answer = try program.answer(to: call), expected = model.answer(to: call)
                    guard answer == expected else {
                        Issue.record("\(architecture) \(architecture.name(ofCall: number) ?? "?") \(number) \(arguments): \(answer), not \(expected)")
                        continue
                    }
                }
            }
        }
    }

    @Test("No call takes more than some thirty instructions: the program is a tree, no list of 350 comparisons")
    func quick() throws {
        let program = try Profile.dockerDefault(capabilities: []).compile(), native = Architecture.native
        let most = try (UInt32(0)..<600).map { try program.judge(KernelCall(number: $0, architecture: native.auditValue)).instructions }.max()
        #expect(try #require(most) <= 32)
    }

    @Test("A call through an architecture that the profile doesn't name kills")
    func otherArchitectures() throws {
        let program = try Profile.dockerDefault(capabilities: []).compile()
        #expect(try program.answer(to: KernelCall(number: 0, architecture: 0x1234)) <= 0x8000_0000)
        let alone = try Profile(defaultAction: .errno(1), rules: [Rule(["getpid"], .allow)]).compile()
        #expect(try alone.answer(to: KernelCall(number: 20, architecture: 0x4000_0003)) & 0x7fff_0000 == 0, "32-bit x86 is another architecture")
    }

    @Test("A call newer than the profile answers ENOSYS, a known one that is refused EPERM")
    func newerCalls() throws {
        let native = Architecture.native, program = try Profile.dockerDefault(capabilities: []).compile()
        let refused = try #require(native.number(of: "keyctl"))
        #expect(try program.answer(to: KernelCall(number: refused, architecture: native.auditValue)) == 0x5_0001)
        #expect(try program.answer(to: KernelCall(number: 9999, architecture: native.auditValue)) == 0x5_0026)
        let strict = try Profile(defaultAction: .killProcess, rules: [Rule(["read"], .allow)]).compile()
        #expect(try strict.answer(to: KernelCall(number: 9999, architecture: native.auditValue)) == 0x8000_0000, "a default that kills is meant for those too")
    }

    @Test("Conditions compare as the profile says, on all 64 bits", arguments: Comparison.allCases)
    func comparisons(comparison: Comparison) throws {
        let condition = Condition(argument: 2, comparison, 0x1_0000_0010, comparison == .maskedEqual ? 0x10 : 0)
        let profile = Profile(defaultAction: .errno(22), rules: [Rule(["lseek"], .allow, where: [condition])])
        let program = try profile.compile(), number = try #require(Architecture.native.number(of: "lseek"))
        for value: UInt64 in [0, 0x10, 0x11, 0x1_0000_0000, 0x1_0000_0010, 0x1_0000_0011, 0x2_0000_0010, .max] {
            let answer = try program.answer(to: KernelCall(number: number, architecture: Architecture.native.auditValue, arguments: [0, 0, value]))
            #expect(answer == (condition.holds(for: value) ? 0x7fff_0000 : 0x5_0016), "\(value)")
        }
    }

    @Test("Conditions on different arguments must all hold; several on one are alternatives")
    func conjunctions() throws {
        let both = Rule(["mprotect"], .allow, where: [Condition(argument: 0, .equal, 1), Condition(argument: 1, .equal, 2)])
        let either = Rule(["madvise"], .allow, where: [Condition(argument: 0, .equal, 1), Condition(argument: 0, .equal, 2)])
        let program = try Profile(defaultAction: .errno(1), rules: [both, either]).compile(), native = Architecture.native
        func allows(_ name: String, _ arguments: [UInt64]) throws -> Bool {
            try program.answer(to: KernelCall(number: #require(native.number(of: name)), architecture: native.auditValue, arguments: arguments)) == 0x7fff_0000
        }
        #expect(try allows("mprotect", [1, 2]) && !allows("mprotect", [1, 3]) && !allows("mprotect", [2, 2]))
        #expect(try allows("madvise", [1, 0]) && allows("madvise", [2, 0]) && !allows("madvise", [3, 0]))
    }

    @Test("A name that libseccomp doesn't know is an error, unless it is one more to allow in a list newer than the library")
    func unknownNames() throws {
        var profile = Profile(defaultAction: .errno(1), rules: [Rule(["read", "raed"], .allow)])
        #expect(throws: SeccompError.unknownCall("raed")) { try profile.compile() }
        profile.skipsUnknownNames = true
        #expect(try profile.compile().instructionCount > 2)
        profile = Profile(defaultAction: .allow, rules: [Rule(["raed"], .errno(1))], skipsUnknownNames: true)
        #expect(throws: SeccompError.unknownCall("raed"), "what was to be refused would silently be allowed") { try profile.compile() }
    }

    @Test("Bytes that can't be instructions are no program", arguments: [0, 7, 9, 4097 * 8])
    func badBytes(count: Int) {
        #expect(throws: SeccompError.badLength(bytes: count)) { try Program(bytes: [UInt8](repeating: 0, count: count)) }
    }
}

/// What a profile's rules say about a call, read plainly.
private struct Model {
    let profile: Profile, architecture: Architecture, highest: UInt32

    init(_ profile: Profile, _ architecture: Architecture) {
        self.profile = profile
        self.architecture = architecture
        highest = profile.rules.flatMap(\.names).compactMap { architecture.number(of: $0) }.max() ?? 0
    }

    func answer(to call: KernelCall) -> UInt32 {
        if call.number > highest { return 0x5_0026 }
        guard let name = architecture.name(ofCall: call.number) else { return 0x5_0001 }
        let matching = profile.rules.filter { rule in
            rule.names.contains(name) && rule.conditions.allSatisfy { $0.holds(for: call.arguments[Int($0.argument)]) }
        }
        switch matching.first?.action {
        case .allow: return 0x7fff_0000
        case .errno(let code): return 0x5_0000 | UInt32(code)
        default: return 0x5_0001
        }
    }
}
