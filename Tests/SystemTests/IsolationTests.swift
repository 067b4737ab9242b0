// What a default container is: observed from inside by busybox, and from outside in /proc.
import Foundation
import Testing

@Suite("A container is as closed as Docker's", .enabled(if: Machine.isSandbox, Machine.why), .serialized)
struct IsolationTests {
    static let shared = Result { try Testbed("isolation") }
    let bed: Testbed
    init() throws { bed = try Self.shared.get() }

    func inside(_ script: String, _ flags: [String] = []) throws -> String {
        let outcome = try run([Machine.tool("slipway"), "run", "--rm"] + flags + ["bb", "sh", "-c", script], environment: bed.environment)
        return outcome.status == 0 ? outcome.line : "\(outcome)"
    }

    @Test("it is PID 1 among its own, under its own host name")
    func namespaces() throws {
        #expect(try inside("echo $$; ls -d /proc/[0-9]* | wc -l").hasPrefix("1\n"))
        #expect(try inside("hostname", ["--hostname", "boat"]) == "boat")
        for kind in ["mnt", "uts", "ipc", "pid", "net"] {
            #expect(try inside("readlink /proc/self/ns/\(kind)") != FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/\(kind)"), "\(kind)")
        }
        #expect(try inside("readlink /proc/self/ns/net", ["--network", "host"]) == FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/net"))
    }

    @Test("without a network there is the loopback interface, up, and nothing else")
    func network() throws {
        #expect(try inside("ls /sys/class/net; cat /sys/class/net/lo/flags", ["--network", "none"]) == "lo\n0x9")
        #expect(try inside("ping -c 1 -W 1 127.0.0.1 >/dev/null && echo pong", ["--network", "none"]) == "pong")
    }

    @Test("capabilities, seccomp and no_new_privs are Docker's")
    func privileges() throws {
        let status = try inside("grep -E '^(CapEff|CapBnd|CapInh|CapAmb|Seccomp|NoNewPrivs):' /proc/self/status")
        for line in [
            "CapEff:\t00000000a80425fb", "CapBnd:\t00000000a80425fb", "CapInh:\t0000000000000000", "CapAmb:\t0000000000000000", "Seccomp:\t2", "NoNewPrivs:\t0"
        ] {
            #expect(status.contains(line), "\(line) in \(status)")
        }
        #expect(try inside("grep CapEff /proc/self/status", ["-u", "me"]).hasSuffix("0000000000000000"))
        #expect(try inside("mount -t tmpfs none /tmp 2>&1; true").contains("denied") || inside("mount -t tmpfs none /tmp 2>&1; true").contains("permitted"))
        #expect(try inside("unshare -U true 2>&1 || echo refused").contains("refused"))
        #expect(try inside("grep -E '^(CapEff|Seccomp):' /proc/self/status", ["--privileged"]).contains("Seccomp:\t0"))
    }

    @Test("the mounts are Docker's: /proc, /dev, /sys read-only, shm, mqueue, the three files")
    func mounts() throws {
        let table = try inside("cat /proc/self/mounts")
        for (target, type) in [
            ("/", "overlay"), ("/proc", "proc"), ("/dev", "tmpfs"), ("/dev/pts", "devpts"), ("/sys", "sysfs"), ("/dev/mqueue", "mqueue"), ("/dev/shm", "tmpfs")
        ] {
            #expect(table.split(separator: "\n").contains { $0.contains(" \(target) \(type) ") }, "\(target) \(type) in\n\(table)")
        }
        #expect(table.split(separator: "\n").contains { $0.contains(" /sys sysfs ro") })
        for file in ["/etc/hosts", "/etc/hostname", "/etc/resolv.conf"] { #expect(table.contains(" \(file) "), "\(file)") }
        #expect(try inside("touch /sys/x 2>&1; echo 1 > /proc/sys/kernel/domainname; cat /proc/kcore | head -c 1 | wc -c").contains("Read-only"))
        #expect(try inside("ls /dev | tr '\\n' ' '").contains("fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero"))
        #expect(try inside("stat -c '%a %F' /.dockerenv; cat /etc/hostname; hostname").split(separator: "\n").count == 3)
    }

    @Test("nothing of the host's tree is reachable")
    func root() throws {
        let marker = "/tmp/slipway-marker-\(UUID().uuidString.prefix(6))"
        _ = FileManager.default.createFile(atPath: marker, contents: nil)
        defer { try? FileManager.default.removeItem(atPath: marker) }
        #expect(try inside("ls -d ../../../..\(marker) /proc/1/root\(marker) 2>/dev/null || echo unseen").hasSuffix("unseen"))
    }

    @Test("user, groups, HOME, working directory and environment")
    func process() throws {
        #expect(try inside("id -u; id -g; id -G; echo $HOME; pwd", ["-u", "me", "-w", "/new/place"]) == "1000\n1000\n1000 29\n/home/me\n/new/place")
        #expect(try inside("id -u; id -g; echo $HOME", ["-u", "4242"]) == "4242\n0\n/")
        #expect(try inside("echo $PATH $A $HOSTNAME", ["-e", "A=b", "--hostname", "h"]) == "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin b h")
        let unknown = try bed.slipway("run", "--rm", "-u", "nosuch", "bb", "true")
        #expect(unknown.status == 125)
        #expect(unknown.errors.contains("unable to find user nosuch: no matching entries in passwd file"))
    }

    @Test("a read-only root refuses writes, but not to /dev/shm")
    func readOnly() throws {
        #expect(try inside("touch /x 2>&1; touch /dev/shm/x && echo shm", ["--read-only"]).contains("Read-only file system"))
        #expect(try inside("touch /dev/shm/x && echo shm", ["--read-only"]) == "shm")
    }

    @Test("limits hold: memory ends in OOM, seen in State; pids in EAGAIN; cpu in its quota")
    func limits() throws {
        let outcome = try bed.slipway("run", "--name", "hungry", "--memory", "32m", "bb", "sh", "-c", "tail /dev/zero")
        #expect(outcome.status == 137)
        #expect(try bed.slipway("inspect", "-f", "{{.State.OOMKilled}}", "hungry").line == "true")
        try bed.slipway("rm", "hungry")
        let forks = try bed.slipway("run", "--rm", "--pids-limit", "8", "bb", "sh", "-c", "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 1 & done; wait")
        #expect(forks.errors.contains("can't fork"), "\(forks)")
        let quota = try inside("cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us 2>/dev/null || cat /sys/fs/cgroup/cpu.max", ["--cpus", "0.5"])
        #expect(quota.hasPrefix("50000"), "\(quota)")
        #expect(try inside("ulimit -n", ["--ulimit", "nofile=77:99"]) == "77")
    }

    @Test("a container leaves nothing on the host: no mount, no cgroup, no process")
    func leavesNothing() throws {
        let before = try String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8), cgroups = try leftCgroups()
        for _ in 0..<3 { _ = try inside("true") }
        #expect(try eventually { try String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8) == before })
        #expect(try leftCgroups() == cgroups)
        #expect(try eventually { try run(["sh", "-c", "ps -eo args | grep '[s]lipway-shim.*\(bed.folder.lastPathComponent)' || true"]).output.isEmpty })
    }
}
