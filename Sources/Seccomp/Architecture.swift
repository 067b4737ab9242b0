// Instruction sets, as seccomp tells them apart. One machine runs several: an x86-64 kernel also takes calls of 32-bit programs
// and of the x32 ABI, each with call numbers of its own. A filter that judged by number alone could be passed by switching to another.
// The names are the OCI specification's; the numbers ("audit architectures") come from libseccomp.
// man 3 seccomp_arch_add, linux/audit.h · chapter 05

internal import CSeccomp
private import Glibc

/// An instruction set and its convention for kernel calls.
public struct Architecture: Hashable, Sendable, CustomStringConvertible {
    /// The OCI name without `SCMP_ARCH_`, in lower case: what libseccomp calls it, `x86_64`.
    let name: String
    /// libseccomp's token: the kernel's AUDIT_ARCH value, except for x32, which shares x86-64's.
    let token: UInt32

    /// The architecture that an OCI profile names: `SCMP_ARCH_X86_64`.
    ///
    /// - Throws: `SeccompError.unknownArchitecture` if the name is none, or this libseccomp doesn't know it.
    public init(name ociName: String) throws(SeccompError) {
        let prefix = "SCMP_ARCH_"
        let short = ociName.hasPrefix(prefix) ? ociName.dropFirst(prefix.count).lowercased() : ""
        let token = unsafe seccomp_arch_resolve_name(short)
        guard !short.isEmpty, short != "native", token != 0 else { throw .unknownArchitecture(ociName) }
        self.name = short
        self.token = token
    }

    init(_ name: String, _ token: UInt32) {
        self.name = name
        self.token = token
    }

    /// The OCI name: `SCMP_ARCH_X86_64`.
    public var description: String { "SCMP_ARCH_" + name.uppercased() }

    /// The one that this program was built for.
    public static var native: Architecture {
        let token = seccomp_arch_native()
        return all.first { $0.token == token } ?? Architecture("native", token)
    }

    /// This one and those whose programs its kernel runs too, as in Docker's profile.
    public var family: [Architecture] {
        let relatives: [String: [String]] = [
            "x86_64": ["x86", "x32"], "aarch64": ["arm"], "s390x": ["s390"],
            "mips64": ["mips", "mips64n32"], "mips64n32": ["mips", "mips64"], "mipsel64": ["mipsel", "mipsel64n32"], "mipsel64n32": ["mipsel", "mipsel64"]
        ]
        return [self] + (relatives[name] ?? []).compactMap { name in Self.all.first { $0.name == name } }
    }

    /// The kernel's value for this architecture, `AUDIT_ARCH_…`, which a filter sees. x32 shows x86-64's.
    public var auditValue: UInt32 { name == "x32" ? Architecture.all.first { $0.name == "x86_64" }?.token ?? token : token }

    /// The number of the call `name` on this architecture; nil if there is none, or this libseccomp is too old to know it.
    public func number(of call: String) -> UInt32? {
        let number = unsafe seccomp_syscall_resolve_name_arch(token, call)
        return number < 0 ? nil : UInt32(number)  // negative ones are libseccomp's own, for calls of other architectures
    }

    /// The name of the call `number` on this architecture, if it has one that this libseccomp knows.
    public func name(ofCall number: UInt32) -> String? {
        guard let signed = Int32(exactly: number), let found = unsafe seccomp_syscall_resolve_num_arch(token, signed) else { return nil }
        defer { unsafe free(found) }
        return unsafe String(cString: found)
    }

    /// Those that this libseccomp knows.
    static let all: [Architecture] = [
        "x86_64", "x86", "x32", "aarch64", "arm", "riscv64", "ppc64le", "ppc64", "ppc", "s390x", "s390", "mips", "mips64", "mips64n32", "mipsel", "mipsel64",
        "mipsel64n32", "parisc", "parisc64", "loongarch64"
    ].compactMap { name in
        let token = unsafe seccomp_arch_resolve_name(name)
        return token == 0 ? nil : Architecture(name, token)
    }
}
