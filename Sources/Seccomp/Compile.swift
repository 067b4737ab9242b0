// From a profile to the program that the kernel runs before every call of the process: libseccomp builds it, as a binary tree over
// call numbers (140 instructions instead of 627 in a row for Docker's profile), and exports it to a memory file, from which we
// take the bytes. They can be stored and installed later, by a program that has no time, or no libseccomp.
// In front stand a few instructions of ours: a call with a higher number than any that the profile can mean answers ENOSYS
// instead of EPERM, so that a libc newer than the profile falls back to the older call instead of giving up.
// man 3 seccomp_init, seccomp_rule_add, seccomp_export_bpf · chapter 05

internal import CSeccomp
internal import Linux

extension Profile {
    /// The program for the kernel. Takes some milliseconds; `ProgramCache` keeps the result.
    ///
    /// - Throws: `SeccompError` for a name that libseccomp doesn't know (unless `skipsUnknownNames`), or when it refuses a rule.
    public func compile() throws(SeccompError) -> Program {
        guard let filter = Filter(default: defaultAction) else { throw .library(what: "init", errno: 12) }
        try filter.configure(architectures)
        for rule in rules where rule.action != defaultAction { try filter.add(rule, skippingUnknown: skipsUnknownNames && defaultAction.refuses) }
        return try Program(bytes: newerCallsPrelude() + filter.export(), flags: flags)
    }
}

/// libseccomp's filter context, released at the end of its life.
@safe private struct Filter: ~Copyable {
    let context: scmp_filter_ctx

    /// An empty filter that answers `action`; nil if there is no memory for it, or no such action.
    init?(default action: Action) {
        guard let context = unsafe seccomp_init(action.number) else { return nil }
        unsafe self.context = unsafe context
    }

    /// 2 asks for the binary tree. NNP off: libseccomp's own loading would set no_new_privs, and we install by ourselves.
    borrowing func configure(_ architectures: [Architecture]) throws(SeccompError) {
        let context = unsafe context
        for (attribute, value) in [(SCMP_FLTATR_CTL_OPTIMIZE, UInt32(2)), (SCMP_FLTATR_CTL_NNP, 0)] {
            try check("set attribute \(attribute.rawValue)") { unsafe seccomp_attr_set(context, attribute, value) }
        }
        for architecture in architectures where unsafe seccomp_arch_exist(context, architecture.token) != 0 {
            try check("add architecture \(architecture)") { unsafe seccomp_arch_add(context, architecture.token) }
        }
    }

    deinit { unsafe seccomp_release(context) }

    borrowing func add(_ rule: Rule, skippingUnknown: Bool) throws(SeccompError) {
        let alternatives = rule.alternatives
        for name in rule.names {
            let number = unsafe seccomp_syscall_resolve_name(name)
            if number == -1 {  // __NR_SCMP_ERROR: unknown on every architecture
                guard skippingUnknown else { throw .unknownCall(name) }
                continue
            }
            for conditions in alternatives { try add(number, name, rule.action, conditions) }
        }
    }

    private borrowing func add(_ number: Int32, _ name: String, _ action: Action, _ conditions: [Condition]) throws(SeccompError) {
        let context = unsafe context
        let compared = conditions.map { scmp_arg_cmp(arg: $0.argument, op: $0.comparison.operation, datum_a: $0.value, datum_b: $0.secondValue) }
        try check("rule for \(name)") {
            unsafe compared.withUnsafeBufferPointer { unsafe seccomp_rule_add_array(context, action.number, number, UInt32($0.count), $0.baseAddress) }
        }
    }

    borrowing func export() throws(SeccompError) -> [UInt8] {
        let context = unsafe context
        do throws(KernelError) {
            let file = try memoryFile("seccomp")
            return try file.borrow { (descriptor) throws(KernelError) in
                try call("seccomp_export_bpf", "") { unsafe seccomp_export_bpf(context, descriptor.rawValue) }
                try seek(descriptor, to: 0)
                return try readAll(descriptor)
            }
        } catch { throw .library(what: error.call, errno: error.errno) }
    }
}

/// libseccomp's functions answer 0 or a negative errno.
private func check(_ what: String, _ body: () -> Int32) throws(SeccompError) {
    let result = body()
    guard result == 0 else { throw .library(what: what, errno: -result) }
}

extension Rule {
    /// The conjunctions of conditions that make this rule match. libseccomp compares each argument once in a rule, so several
    /// conditions on one argument become a rule each, alternatives then; runc reads profiles in the same way.
    var alternatives: [[Condition]] {
        Set(conditions.map(\.argument)).count == conditions.count ? [conditions] : conditions.map { [$0] }
    }
}

extension Action {
    /// Whether the call doesn't happen. Only where that is the default is it safe to pass over a rule.
    var refuses: Bool {
        switch self {
        case .killProcess, .killThread, .trap, .errno: true
        case .allow, .log, .notify, .trace: false
        }
    }

    /// The kernel's `SECCOMP_RET_` value, which is libseccomp's number too. linux/seccomp.h
    var number: UInt32 {
        switch self {
        case .killProcess: 0x8000_0000
        case .killThread: 0
        case .trap: 0x0003_0000
        case .errno(let code): 0x0005_0000 | UInt32(code)
        case .notify: 0x7fc0_0000
        case .trace(let code): 0x7ff0_0000 | UInt32(code)
        case .log: 0x7ffc_0000
        case .allow: 0x7fff_0000
        }
    }
}

extension Comparison {
    var operation: scmp_compare {
        switch self {
        case .notEqual: SCMP_CMP_NE
        case .less: SCMP_CMP_LT
        case .lessOrEqual: SCMP_CMP_LE
        case .equal: SCMP_CMP_EQ
        case .greaterOrEqual: SCMP_CMP_GE
        case .greater: SCMP_CMP_GT
        case .maskedEqual: SCMP_CMP_MASKED_EQ
        }
    }
}

/// libseccomp's version, `2.5.4`.
var libraryVersion: String {
    guard let version = unsafe seccomp_version() else { return "unknown" }
    return unsafe "\(version.pointee.major).\(version.pointee.minor).\(version.pointee.micro)"
}
