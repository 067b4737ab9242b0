// Which mounts a container gets: what `-v`, `--mount`, `--volumes-from`, the request's `Volumes` and the image's `VOLUME` say, brought together.
// Who covers whom is Docker's order: volumes of other containers give way to everything that is said for this one, two sayings for one place
// are an error, and an image's VOLUME counts only where nothing else is mounted. Pure: what other containers have is handed in.
// moby, daemon/volumes.go (registerMountPoints), volume/mounts. Chapters 10 and 12.
import DockerAPI
import Linux
import Volumes

/// What a mount is beside what `inspect` shows of it.
struct MountDetail: Codable, Sendable, Equatable {
    /// A volume that nobody named to this container.
    var isAnonymous = false
    /// Filled from the image while it is empty.
    var isFilled = false
    /// Of a volume: what of it is mounted.
    var subpath = ""
    /// Of a bind: with what is mounted beneath its source.
    var isRecursive = true
    /// All beneath a read-only bind must be read-only.
    var isDeeplyReadOnly = false
    /// Of a bind: a missing source is made.
    var makesSource = false
    /// Of a tmpfs: words of mount(8).
    var words: [String] = []
    /// Of a volume that is made: its options and labels.
    var options: [String: String] = [:], labels: [String: String] = [:]
}

/// A mount of a container, whole.
struct AskedMount: Sendable {
    var point: MountPoint
    var detail: MountDetail
}

extension AskedMount {
    /// A volume at a place.
    static func volume(_ name: String, at target: String, mode: String, writable: Bool, _ detail: MountDetail) -> AskedMount {
        var point = MountPoint(bind: "", at: target, mode: mode, writable: writable)
        (point.`Type`, point.Name, point.Driver, point.Propagation) = ("volume", name, localDriver, "")
        return AskedMount(point: point, detail: detail)
    }

    /// One that nobody named: the name is made up here, and marked.
    static func anonymous(at target: String, mode: String = "", _ detail: MountDetail = MountDetail(isFilled: true)) -> AskedMount {
        var detail = detail
        let (name, wish) = VolumeWish(labels: detail.labels).named()
        (detail.isAnonymous, detail.labels) = (true, wish.labels)
        return .volume(name, at: target, mode: mode, writable: true, detail)
    }
}

/// All mounts of a container but the kernel's own and `--tmpfs`.
/// - Parameters:
///   - config: merged with the image's
///   - volumesOf: the mounts of another container, by name or id
/// - Throws: `invalid` in Docker's words; never `notFound`, by which a client would take the image to be missing, and pull it.
func plannedMounts(
    _ config: ContainerConfig, _ host: HostConfig, volumesOf: (String) throws(EngineError) -> [AskedMount]
) throws(EngineError) -> [AskedMount] {
    if let driver = host.VolumeDriver, !["", localDriver].contains(driver) {
        throw EngineError(.invalid, "error looking up volume plugin \(driver): plugin \"\(driver)\" not found")
    }
    var own: [AskedMount] = []
    for text in host.Binds ?? [] { try add(try mount(notation: text), to: &own, host) }
    for request in host.Mounts ?? [] { try add(try mount(request), to: &own, host) }
    var inherited: [AskedMount] = []
    for text in host.VolumesFrom ?? [] {
        for mount in try othersMounts(text, volumesOf) {
            inherited.removeAll { $0.point.Destination == mount.point.Destination }  // the last container that is named wins
            if !own.contains(where: { $0.point.Destination == mount.point.Destination }) { inherited.append(mount) }
        }
    }
    var all = inherited + own
    let memory = Set((host.Tmpfs ?? [:]).keys.map { cleaned($0) })
    for path in (config.Volumes ?? [:]).keys.sorted() {
        guard path.hasPrefix("/"), cleaned(path) != "/" else { throw EngineError(.invalid, "invalid volume specification: '\(path)'") }
        let target = cleaned(path)
        if !memory.contains(target), !all.contains(where: { $0.point.Destination == target }) { all.append(.anonymous(at: target)) }
    }
    return all
}

private func add(_ mount: AskedMount, to all: inout [AskedMount], _ host: HostConfig) throws(EngineError) {
    let target = mount.point.Destination, memory = (host.Tmpfs ?? [:]).keys
    guard !all.contains(where: { $0.point.Destination == target }), !memory.contains(where: { cleaned($0) == target }) else {
        throw EngineError(.invalid, "Duplicate mount point: \(target)")
    }
    all.append(mount)
}

// MARK: -v

/// A mount of `-v`, `HostConfig.Binds`.
func mount(notation text: String) throws(EngineError) -> AskedMount {
    let notation: MountNotation
    do throws(VolumesError) { notation = try MountNotation(text) } catch { throw EngineError(error) }
    let detail = MountDetail(isFilled: notation.isFilled, makesSource: true)
    switch notation.source {
    case .anonymous: return .anonymous(at: notation.target, mode: "z", detail)
    case .volume(let name):
        return .volume(name, at: notation.target, mode: notation.mode.isEmpty ? "z" : notation.mode, writable: !notation.isReadOnly, detail)
    case .path(let path):
        var point = MountPoint(bind: path, at: notation.target, mode: notation.mode, writable: !notation.isReadOnly)
        point.Propagation = notation.propagation ?? "rprivate"
        return AskedMount(point: point, detail: detail)
    }
}

// MARK: --volumes-from

/// The mounts of another container: `name`, `name:ro`, `name:rw`.
private func othersMounts(_ text: String, _ volumesOf: (String) throws(EngineError) -> [AskedMount]) throws(EngineError) -> [AskedMount] {
    guard !text.isEmpty else { throw EngineError(.invalid, "volumes-from specification cannot be an empty string") }
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let mode = parts.count > 1 ? parts[1] : "rw", words = mode.split(separator: ",").map(String.init)
    guard words.allSatisfy({ ["ro", "rw", "z", "Z"].contains($0) }), Set(words).count == words.count, !Set(["ro", "rw"]).isSubset(of: words) else {
        throw EngineError(.invalid, "invalid mode: \(mode)")
    }
    let theirs: [AskedMount]
    do throws(EngineError) { theirs = try volumesOf(parts[0]) } catch { throw EngineError(.invalid, error.message) }
    return theirs.filter { $0.point.`Type` != "tmpfs" }.map { mount in
        var mount = mount
        mount.point.Mode = ""
        mount.point.RW = mount.point.RW && !words.contains("ro")
        mount.detail.isFilled = false
        return mount
    }
}
