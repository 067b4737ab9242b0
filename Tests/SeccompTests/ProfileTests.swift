// Docker's default profile as a list, and the OCI names of its parts. Chapter 05.
import Seccomp
import Testing

@Suite("Docker's default profile")
struct ProfileTests {
    let plain = Profile.dockerDefault(capabilities: [])

    func rules(for call: String, in profile: Profile) -> [Rule] { profile.rules.filter { $0.names.contains(call) } }

    @Test("No call is named twice among those that are always allowed")
    func noDuplicates() throws {
        let names = try #require(plain.rules.first).names
        #expect(names.count > 350)
        #expect(Set(names).count == names.count)
    }

    @Test(
        "What reaches the machine is not among them",
        arguments: [
            "mount", "umount2", "unshare", "setns", "bpf", "reboot", "kexec_load", "init_module", "keyctl", "io_uring_setup", "userfaultfd",
            "open_by_handle_at", "settimeofday"
        ])
    func refused(call: String) {
        #expect(rules(for: call, in: plain).isEmpty)
    }

    @Test("clone is allowed without namespaces only, and clone3 answers ENOSYS, unless CAP_SYS_ADMIN was given")
    func clone() {
        #expect(rules(for: "clone3", in: plain).map(\.action) == [.errno(38)])
        #expect(rules(for: "clone", in: plain).allSatisfy { !$0.conditions.isEmpty })
        let admin = Profile.dockerDefault(capabilities: ["CAP_SYS_ADMIN"])
        #expect(rules(for: "clone3", in: admin).map(\.action) == [.allow])
        #expect(rules(for: "clone", in: admin).allSatisfy { $0.conditions.isEmpty })
    }

    @Test("A socket of any family but AF_VSOCK")
    func sockets() {
        #expect(rules(for: "socket", in: plain) == [Rule(["socket"], .allow, where: [Condition(argument: 0, .notEqual, 40)])])
    }

    @Test("Actions keep their OCI names, and an unknown one is none")
    func actions() {
        for action: Action in [.allow, .log, .notify, .killThread, .killProcess, .trap, .errno(13), .trace(7)] {
            #expect(Action(name: action.oci.name, errno: action.oci.errno) == action)
        }
        #expect(Action(name: "SCMP_ACT_ERRNO") == .errno(1))
        #expect(Action(name: "SCMP_ACT_KILL") == .killThread)
        #expect(Action(name: "ALLOW") == nil)
    }

    @Test("Architectures keep their OCI names; an unknown one is an error")
    func architectures() throws {
        for name in ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM", "SCMP_ARCH_RISCV64"] {
            #expect(try Architecture(name: name).description == name)
        }
        for name in ["x86_64", "SCMP_ARCH_", "SCMP_ARCH_NATIVE", "SCMP_ARCH_Z80", ""] {
            #expect(throws: SeccompError.unknownArchitecture(name)) { try Architecture(name: name) }
        }
    }
}
