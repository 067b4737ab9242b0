// What the engine says of itself: version, info, and of which executables and modules it is made. Chapter 12.
import Cgroups
public import DockerAPI
import Images
public import Linux
import OCI
import Offload
import ShimProtocol
import Synchronization

extension ContainerEngine {
    /// The newest version of the Engine API whose promises we keep, and the oldest that we understand.
    public static let apiVersion = "1.43", minimumAPIVersion = "1.24"

    /// `GET /version`.
    public func versionReply() async -> VersionReply {
        let kernel = await offload { textOf("/proc/sys/kernel/osrelease") }
        let architecture = Platform.current.architecture
        let details = [
            "ApiVersion": Self.apiVersion, "MinAPIVersion": Self.minimumAPIVersion, "Arch": architecture, "Os": "linux", "KernelVersion": kernel,
            "Experimental": "false",
            "GitCommit": "", "GoVersion": "", "BuildTime": ""
        ]
        return VersionReply(
            name: "Slipway",
            components: [.init(name: "Engine", version: Self.version, details: details), .init(name: "Slipway", version: Self.version, details: nil)],
            version: Self.version, api: Self.apiVersion, minimum: Self.minimumAPIVersion, architecture: architecture, kernel: kernel)
    }

    /// `GET /info`.
    public func info() async throws(EngineError) -> InfoReply {
        let images = images, containers = all, paused = containers.count { $0.isPaused }
        let running = containers.count { $0.isUp } - paused
        let count = try await asEngineError { try await offload { () throws(ImagesError) in try images.list().count } }
        let host = await offload { (textOf("/proc/sys/kernel/osrelease"), textOf("/proc/sys/kernel/hostname"), memoryBytes(), operatingSystem()) }
        var info = InfoReply()
        info.ID = "slipway" + (instance.isEmpty ? "" : "-\(instance)")
        (info.Containers, info.ContainersRunning, info.ContainersStopped, info.Images) = (containers.count, running, containers.count - running - paused, count)
        info.ContainersPaused = paused
        (info.DockerRootDir, info.Name, info.ServerVersion) = (settings.dataRoot.string, host.1, Self.version)
        (info.KernelVersion, info.OperatingSystem, info.Architecture) = (host.0, host.3, Platform.current.machine)
        (info.NCPU, info.MemTotal) = (machine.processors, host.2)
        (info.CgroupVersion, info.OomKillDisable) = (machine.isUnified ? "2" : "1", !machine.isUnified)
        (info.MemoryLimit, info.SwapLimit) = (hierarchies.has("memory"), hierarchies.has("memory"))
        (info.CpuCfsPeriod, info.CpuCfsQuota, info.CPUShares) = (hierarchies.has("cpu"), hierarchies.has("cpu"), hierarchies.has("cpu"))
        (info.CPUSet, info.PidsLimit) = (hierarchies.has("cpuset"), hierarchies.has("pids"))
        (info.SystemTime, info.NEventsListener) = (WallTime.now.description, events.listenerCount)
        (info.Runtimes, info.DefaultRuntime) = (["slipway": .init(path: settings.shim.string)], "slipway")
        info.SecurityOptions = ["name=seccomp,profile=builtin"]
        info.IPv4Forwarding = await offload { textOf("/proc/sys/net/ipv4/ip_forward") == "1" }
        info.Warnings = hierarchies.has("memory") ? [] : ["WARNING: No memory limit support"]
        return info
    }

    /// `GET /slipway/info`.
    public func slipwayInfo(daemon: FilePath) async -> SlipwayInfo {
        let paths = [
            ("slipwayd", daemon), ("slipway-shim", settings.shim), ("slipway-tree", settings.tree),
            ("slipway-runtime", settings.shim.removingLastComponent().appending("slipway-runtime"))
        ]
        let executables = await offload {
            paths.filter { exists($0.1) }.map { SlipwayInfo.Executable(name: $0.0, buildID: buildIdentifier(of: $0.1), path: $0.1.string) }
        }
        return SlipwayInfo(
            version: Self.version, executables: executables, modules: modules.withLock { $0 }, root: settings.dataRoot.string,
            execRoot: settings.execRoot.string, instance: instance)
    }
}

extension Platform {
    /// The machine as `uname -m` names it.
    fileprivate var machine: String { ["amd64": "x86_64", "arm64": "aarch64"][architecture] ?? architecture }
}

/// A short file of the kernel's, without its newline.
private func textOf(_ path: FilePath) -> String {
    String(((try? readText(path)) ?? "").prefix { $0 != "\n" })  // what cannot be read is shown as nothing
}

/// MemTotal of /proc/meminfo.
func memoryBytes() -> Int64 {
    let line = ((try? readText("/proc/meminfo")) ?? "").split(separator: "\n").first { $0.hasPrefix("MemTotal:") }  // shown as 0
    let kibibytes = line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int64($0) } ?? 0
    return kibibytes * 1024
}

private func operatingSystem() -> String {
    let lines = ((try? readText("/etc/os-release")) ?? "").split(separator: "\n")  // a system without a name
    let line = lines.first { $0.hasPrefix("PRETTY_NAME=") }
    return line.map { String($0.dropFirst("PRETTY_NAME=".count)).filter { $0 != "\"" } } ?? "Linux"
}

private func firstBytes(of path: FilePath) throws(KernelError) -> [UInt8] {
    let file = try open(path, .readOnly)
    return try file.borrow { (file) throws(KernelError) in try readAll(file, upTo: 65_536) }
}

/// The build id that the linker put into an executable (`.note.gnu.build-id`), in hex; empty where it has none. Found by its note's name, as
/// sections are not loaded: 4 bytes name length (4), 4 bytes length, type 3, `GNU\0`.
func buildIdentifier(of path: FilePath) -> String {
    let head = (try? firstBytes(of: path)) ?? []  // unreadable: no id
    let mark: [UInt8] = [3, 0, 0, 0, 0x47, 0x4e, 0x55, 0]
    guard head.count > 64 else { return "" }
    for place in 8..<(head.count - mark.count) where head[place] == 3 && Array(head[place..<place + 8]) == mark && head[place - 8] == 4 {
        let count = Int(head[place - 4]), start = place + mark.count
        guard count <= 64, start + count <= head.count else { continue }
        return head[start..<start + count].map { (($0 < 16) ? "0" : "") + String($0, radix: 16) }.joined()
    }
    return ""
}
