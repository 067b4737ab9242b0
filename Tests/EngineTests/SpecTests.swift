import DockerAPI
import Linux
import OCI
import ShimProtocol
import Testing

@testable import Engine

private func spec(_ change: (inout ContainerConfig, inout HostConfig) -> Void = { _, _ in }) throws -> OCI.Spec {
    var (config, host) = (ContainerConfig(), HostConfig())
    config.Cmd = ["true"]
    change(&config, &host)
    let merged = merged(config, with: nil, id: "0123456789abcdef")
    let asked = try plannedMounts(merged, host) { (_) throws(EngineError) in [] }
    let record = ContainerRecord(
        id: "0123456789abcdef", createdNanoseconds: 0, image: "sha256:x", config: merged,
        host: completed(host, on: MachineFacts(processors: 2, isUnified: false)),
        path: "true", arguments: [], mounts: asked.map(\.point), networks: [AskedNetwork("bridge")])
    return try makeSpec(record, SpecSurroundings(files: "/data/c", cgroupPath: "/slipway/x"))
}

@Suite("The spec of a container")
struct SpecTests {
    @Test("the mounts stand in Docker's order, the user's last and by depth")
    func mounts() throws {
        let made = try spec { _, host in host.Binds = ["/h:/srv/a/b", "/h:/srv"] }
        #expect(
            made.mounts?.map(\.destination) == [
                "/proc", "/dev", "/dev/pts", "/sys", "/sys/fs/cgroup", "/dev/mqueue", "/dev/shm", "/etc/resolv.conf", "/etc/hostname", "/etc/hosts", "/srv",
                "/srv/a/b"
            ])
    }

    @Test("a mount of the user's over one of ours takes its place")
    func replaced() throws {
        let made = try spec { _, host in host.Binds = ["/h:/etc/hosts:ro"] }
        let hosts = try #require(made.mounts?.filter { $0.destination == "/etc/hosts" })
        #expect(hosts.map(\.source) == ["/h"] && hosts[0].options?.contains("ro") == true)
    }

    @Test("limits: processors become a quota, memory brings its swap, no pids limit is none")
    func limits() throws {
        let made = try spec { _, host in (host.NanoCpus, host.Memory) = (500_000_000, 64 << 20) }
        let resources = try #require(made.linux?.resources)
        #expect(resources.cpu?.quota == 50_000 && resources.cpu?.period == 100_000)
        #expect(resources.memory?.limit == 64 << 20 && resources.memory?.swap == 128 << 20 && resources.pids == nil)
    }

    @Test("fourteen capabilities, a filter, masks; privileged has all, no filter, no masks")
    func security() throws {
        let made = try spec()
        #expect(made.process?.capabilities?.bounding?.count == 14)
        #expect(made.linux?.seccomp?.defaultAction == "SCMP_ACT_ERRNO")
        #expect(made.linux?.maskedPaths == maskedPaths && made.linux?.readonlyPaths == readonlyPaths)
        let privileged = try spec { _, host in host.Privileged = true }
        #expect(privileged.linux?.seccomp == nil && privileged.linux?.maskedPaths == nil)
        #expect(privileged.process?.capabilities?.bounding?.contains("CAP_SYS_ADMIN") == true)
    }

    @Test("an unknown capability is refused, not left out")
    func unknownCapability() { #expect(throws: EngineError.self) { try spec { _, host in host.CapAdd = ["NOPE"] } } }

    @Test("the host's namespaces are left out, and its network brings no sysctls")
    func namespaces() throws {
        #expect(try spec().linux?.namespaces?.map(\.type) == ["mount", "uts", "ipc", "pid", "network"])
        let made = try spec { _, host in (host.NetworkMode, host.PidMode, host.UTSMode) = ("host", "host", "host") }
        #expect(made.linux?.namespaces?.map(\.type) == ["mount", "ipc"])
        #expect(made.linux?.sysctl == nil && made.hostname == nil)
    }

    @Test("user, groups and --init travel as annotations, as their files are the container's")
    func annotations() throws {
        let made = try spec { config, host in
            config.User = "www:web"
            (host.GroupAdd, host.Init) = (["audio", "5"], true)
        }
        #expect(made.annotations == ["io.slipway.user": "www:web", "io.slipway.groupadd": "audio,5", "io.slipway.init": "true"])
    }
}

@Suite("A container's files")
struct HostFilesTests {
    @Test("hosts: Docker's six lines, then --add-host's")
    func hosts() {
        var host = HostConfig()
        host.ExtraHosts = ["db:10.0.0.1", "v6=::2"]
        let lines = hostsFile(host).split(separator: "\n")
        #expect(lines.count == 8 && lines[0] == "127.0.0.1\tlocalhost" && lines[6] == "10.0.0.1\tdb" && lines[7] == "::2\tv6")
    }

    @Test("resolvers that only the host can reach are left out; with none left there are public ones; the user's win")
    func resolvers() {
        #expect(
            resolverFile("nameserver 127.0.0.53\nsearch a b\noptions ndots:1\n", HostConfig(), keepsLoopback: false)
                == "nameserver 8.8.8.8\nnameserver 8.8.4.4\nsearch a b\noptions ndots:1\n")
        #expect(resolverFile("nameserver 127.0.0.53\nnameserver 10.1.1.1\n", HostConfig(), keepsLoopback: false) == "nameserver 10.1.1.1\n")
        var host = HostConfig()
        (host.Dns, host.DnsSearch) = (["9.9.9.9"], ["x"])
        #expect(resolverFile("nameserver 10.1.1.1\nsearch a\n", host, keepsLoopback: true) == "nameserver 9.9.9.9\nsearch x\n")
    }

    @Test(
        "patterns of the reference filter: * and ? stop at slashes",
        arguments: [("b*", "bb", true), ("b*", "b/x", false), ("*/b?", "a/bb", true), ("bb", "bbb", false), ("*", "", true)])
    func globs(_ pattern: String, _ text: String, _ isMatch: Bool) { #expect(glob(pattern, text) == isMatch) }

    @Test("a label filter: the key is there, or it has the value; all must hold")
    func labels() {
        let labels = ["a": "1", "b": ""]
        #expect(hasLabels(labels, ["a", "b"]) && hasLabels(labels, ["a=1", "b="]) && hasLabels(labels, []))
        #expect(!hasLabels(labels, ["a=2"]) && !hasLabels(labels, ["a", "c"]))
    }

    @Test("commands as ps shows them")
    func commands() { #expect(commandText(["sh", "-c", "echo out"]) == "sh -c 'echo out'") }
}
