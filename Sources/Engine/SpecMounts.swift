// The mounts of a container, in Docker's order: the kernel's file systems, the three files of the network, then what the user asked for, shorter
// paths first, so that a mount below another comes after it. Chapter 12.
import DockerAPI
import Linux
import OCI

func makeMounts(_ record: ContainerRecord, _ surroundings: SpecSurroundings) -> [OCI.Mount] {
    let host = record.host
    let asked = askedMounts(record)
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

private func askedMounts(_ record: ContainerRecord) -> [OCI.Mount] {
    var mounts: [OCI.Mount] = []
    for point in record.mounts where point.`Type` == "bind" {
        mounts.append(
            OCI.Mount(
                destination: point.Destination, type: "bind", source: point.Source,
                options: ["rbind", point.Propagation.isEmpty ? "rprivate" : point.Propagation] + (point.RW ? [] : ["ro"])))
    }
    for mount in record.host.Mounts ?? [] where mount.Type == "tmpfs" {
        mounts.append(temporary(at: mount.Target ?? "/", mount.ReadOnly == true ? "ro" : ""))
    }
    for (path, options) in record.host.Tmpfs ?? [:] { mounts.append(temporary(at: path, options)) }
    return mounts.sorted { ($0.destination.split(separator: "/").count, $0.destination) < ($1.destination.split(separator: "/").count, $1.destination) }
}

/// What the user says wins over the defaults: the kernel takes the last word.
private func temporary(at path: String, _ options: String) -> OCI.Mount {
    OCI.Mount(destination: path, type: "tmpfs", source: "tmpfs", options: ["noexec", "nosuid", "nodev"] + options.split(separator: ",").map(String.init))
}

/// The mounts as inspect shows them: binds of `-v` and `--mount`.
func mountPoints(_ host: HostConfig) throws(EngineError) -> [MountPoint] {
    var points: [MountPoint] = []
    for text in host.Binds ?? [] {
        let bind = try Bind(text)
        var point = MountPoint(bind: bind.source, at: bind.target, mode: bind.mode, writable: !bind.isReadOnly)
        point.Propagation = bind.propagation
        points.append(point)
    }
    for mount in host.Mounts ?? [] {
        guard let target = mount.Target, target.hasPrefix("/") else {
            throw EngineError(
                .invalid, "invalid mount config for type \"\(mount.Type ?? "")\": invalid mount path: '\(mount.Target ?? "")' mount path must be absolute")
        }
        var point = MountPoint(bind: mount.Source ?? "", at: target, mode: "", writable: mount.ReadOnly != true)
        if mount.Type == "tmpfs" { (point.`Type`, point.Source, point.Propagation) = ("tmpfs", "", "") }
        points.append(point)
    }
    for (index, point) in points.enumerated() where points[..<index].contains(where: { $0.Destination == point.Destination }) {
        throw EngineError(.invalid, "Duplicate mount point: \(point.Destination)")
    }
    return points
}
