// The mounts of a container, in Docker's order: the kernel's file systems, the three files of the network, then what the user asked for, shorter
// paths first, so that a mount below another comes after it. Chapter 12.
import DockerAPI
import Linux
import OCI
import Volumes

func makeMounts(_ record: ContainerRecord, _ surroundings: SpecSurroundings) -> [OCI.Mount] {
    let host = record.host
    let asked = askedMounts(record, surroundings)
    let taken = Set(asked.map(\.destination))
    return (kernelMounts(host) + fileMounts(surroundings.files, readOnly: host.ReadonlyRootfs == true)).filter { !taken.contains($0.destination) } + asked
}

private func kernelMounts(_ host: HostConfig) -> [OCI.Mount] {
    let isPrivileged = host.Privileged == true, writes = isPrivileged ? "rw" : "ro"
    var mounts = [
        OCI.Mount(destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"]),
        OCI.Mount(destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "strictatime", "mode=755", "size=65536k"]),
        OCI.Mount(
            destination: "/dev/pts", type: "devpts", source: "devpts", options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]),
        OCI.Mount(destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", writes]),
        OCI.Mount(destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: [writes, "nosuid", "noexec", "nodev"]),
        OCI.Mount(destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: ["nosuid", "noexec", "nodev"])
    ]
    switch host.IpcMode {
    case "none": break
    case "host": mounts.append(OCI.Mount(destination: "/dev/shm", type: "bind", source: "/dev/shm", options: ["rbind", "rprivate"]))
    default:
        mounts.append(
            OCI.Mount(
                destination: "/dev/shm", type: "tmpfs", source: "shm", options: ["nosuid", "noexec", "nodev", "mode=1777", "size=\(host.ShmSize ?? 64 << 20)"]))
    }
    return mounts
}

private func fileMounts(_ files: FilePath, readOnly: Bool) -> [OCI.Mount] {
    ["resolv.conf", "hostname", "hosts"].map {
        OCI.Mount(destination: "/etc/\($0)", type: "bind", source: files.appending($0).string, options: ["rbind", "rprivate"] + (readOnly ? ["ro"] : []))
    }
}

// MARK: What was asked for

private func askedMounts(_ record: ContainerRecord, _ surroundings: SpecSurroundings) -> [OCI.Mount] {
    var mounts = record.asked.map { mount(of: $0, surroundings) }
    for (path, options) in record.host.Tmpfs ?? [:] { mounts.append(temporary(at: cleaned(path), options.split(separator: ",").map(String.init))) }
    return mounts.sorted { isBefore($0.destination, $1.destination) }
}

/// Parents before children, or a mount would hide an earlier one below it.
func isBefore(_ one: String, _ other: String) -> Bool {
    (one.split(separator: "/").count, one) < (other.split(separator: "/").count, other)
}

private func mount(of asked: AskedMount, _ surroundings: SpecSurroundings) -> OCI.Mount {
    let (point, detail) = (asked.point, asked.detail), readOnly = point.RW ? [] : [detail.isDeeplyReadOnly ? "rro" : "ro"]
    switch (point.`Type`, point.Name.flatMap { surroundings.backings[$0] } ?? .directory) {
    case ("tmpfs", _): return temporary(at: point.Destination, detail.words)
    case ("volume", .memory(let words)): return temporary(at: point.Destination, words + readOnly)
    case ("volume", .bind(let device, let words)):
        return bound(device.pushing(FilePath(detail.subpath)), point, ["rbind", "rprivate"] + words + readOnly, below: detail.subpath.isEmpty ? nil : device)
    case ("volume", .directory):
        return bound(FilePath(point.Source).pushing(FilePath(detail.subpath)), point, ["rbind", "rprivate"] + readOnly, below: surroundings.volumes)
    default:
        let propagation = point.Propagation.isEmpty ? "rprivate" : point.Propagation
        return bound(FilePath(point.Source), point, [detail.isRecursive ? "rbind" : "bind", propagation] + readOnly, below: nil)
    }
}

/// - Parameter anchor: a directory from which the rest of the way is walked through no link: what lies below it may be a container's own
private func bound(_ source: FilePath, _ point: MountPoint, _ options: [String], below anchor: FilePath?) -> OCI.Mount {
    OCI.Mount(
        destination: point.Destination, type: "bind", source: source.string, options: options + (anchor.map { ["x-slipway.below=\($0)"] } ?? []))
}

/// What the user says wins over the defaults: the kernel takes the last word.
private func temporary(at path: String, _ words: [String]) -> OCI.Mount {
    OCI.Mount(destination: path, type: "tmpfs", source: "tmpfs", options: ["noexec", "nosuid", "nodev"] + words)
}
