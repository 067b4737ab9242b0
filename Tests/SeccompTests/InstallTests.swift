// A program at work: installed in a process of its own (an exit test), which then asks for what the profile refuses. Chapter 05.
import Glibc
import Linux
import Seccomp
import Testing

@Suite("An installed program")
struct InstallTests {
    @Test("refuses in the kernel what the profile refuses, and the profile can't be undone")
    func refuses() async {
        await #expect(processExitsWith: .exitCode(42)) {
            let profile = Profile(defaultAction: .allow, rules: [Rule(["mkdir", "mkdirat"], .errno(93)), Rule(["personality"], .errno(94))])
            try profile.compile().install(noNewPrivileges: true)
            let refused = mkdir("/tmp/slipway-never", 0o700) == -1 && errno == 93
            try Profile(defaultAction: .allow, rules: [Rule(["getpriority"], .errno(95))]).compile().install(noNewPrivileges: true)
            let stillRefused = mkdir("/tmp/slipway-never", 0o700) == -1 && errno == 93
            exit(refused && stillRefused ? 42 : 1)
        }
    }

    @Test("Docker's default lets an ordinary process live: files, memory, sockets")
    func livesOn() async {
        await #expect(processExitsWith: .exitCode(42)) {
            let granted: Set = ["CAP_CHOWN", "CAP_SYS_CHROOT"]
            try Profile.dockerDefault(capabilities: granted).compile().install(noNewPrivileges: true)
            let text = try readText("/proc/thread-self/status"), pair = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            let vsock = socket(40, Int32(SOCK_STREAM.rawValue), 0), reason = errno
            exit(text.contains("Seccomp:\t2") && pair >= 0 && vsock == -1 && reason == EPERM ? 42 : 1)
        }
    }
}
