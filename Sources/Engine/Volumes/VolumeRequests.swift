// What `--mount` asks for, checked in Docker's words: which members belong to which type, and what they may say. moby,
// volume/mounts/linux_parser.go (validateMountConfigImpl). Chapters 10 and 12.
import DockerAPI
import Linux
import Volumes

/// A mount of `--mount`, `HostConfig.Mounts`.
func mount(_ request: MountRequest) throws(EngineError) -> AskedMount {
    let type = request.`Type` ?? ""
    func refuse(_ why: String) -> EngineError { EngineError(.invalid, "invalid mount config for type \"\(type)\": \(why)") }
    func foreign(_ member: String) -> EngineError { refuse("field \(member) must not be specified") }
    guard let target = request.Target, !target.isEmpty else { throw refuse("field Target must not be empty") }
    guard target != "/" else { throw refuse("invalid specification: destination can't be '/'") }
    guard target.hasPrefix("/") else { throw refuse("invalid mount path: '\(target)' mount path must be absolute") }
    guard cleaned(target) != "/" else { throw refuse("invalid specification: destination can't be '/'") }
    let place = cleaned(target), isReadOnly = request.ReadOnly == true
    switch type {
    case "bind":
        if request.VolumeOptions != nil { throw foreign("VolumeOptions") }
        if request.TmpfsOptions != nil { throw foreign("TmpfsOptions") }
        return try bind(request, at: place, isReadOnly, refuse)
    case "volume":
        if request.BindOptions != nil { throw foreign("BindOptions") }
        if request.TmpfsOptions != nil { throw foreign("TmpfsOptions") }
        return try volume(request, at: place, isReadOnly, refuse)
    case "tmpfs":
        if request.BindOptions != nil { throw foreign("BindOptions") }
        if request.VolumeOptions != nil { throw foreign("VolumeOptions") }
        if !(request.Source ?? "").isEmpty { throw foreign("Source") }
        var point = MountPoint(bind: "", at: place, mode: "", writable: !isReadOnly)
        (point.`Type`, point.Propagation) = ("tmpfs", "")
        return AskedMount(point: point, detail: MountDetail(words: try words(request.TmpfsOptions, isReadOnly, refuse)))
    default: throw refuse("mount type unknown")
    }
}

private func bind(_ request: MountRequest, at place: String, _ isReadOnly: Bool, _ refuse: (String) -> EngineError) throws(EngineError) -> AskedMount {
    guard let source = request.Source, !source.isEmpty else { throw refuse("field Source must not be empty") }
    guard source.hasPrefix("/") else { throw refuse("invalid mount path: '\(source)' mount path must be absolute") }
    let options = request.BindOptions, propagation = options?.Propagation ?? ""
    guard ["", "private", "rprivate", "shared", "rshared", "slave", "rslave"].contains(propagation) else {
        throw refuse("invalid propagation mode: \(propagation)")
    }
    if options?.ReadOnlyNonRecursive == true, !isReadOnly { throw refuse("mount source is not read-only, but ReadOnlyNonRecursive is set") }
    if options?.ReadOnlyForceRecursive == true {
        guard isReadOnly else { throw refuse("mount source is not read-only, but ReadOnlyForceRecursive is set") }
        guard options?.ReadOnlyNonRecursive != true else { throw refuse("ReadOnlyNonRecursive and ReadOnlyForceRecursive exclude each other") }
        guard propagation == "rprivate" else { throw refuse("ReadOnlyForceRecursive requires Propagation to be rprivate") }
    }
    var point = MountPoint(bind: cleaned(source), at: place, mode: "", writable: !isReadOnly)
    point.Propagation = propagation.isEmpty ? "rprivate" : propagation
    let detail = MountDetail(
        isRecursive: options?.NonRecursive != true, isDeeplyReadOnly: options?.ReadOnlyForceRecursive == true, makesSource: options?.CreateMountpoint == true)
    return AskedMount(point: point, detail: detail)
}

private func volume(_ request: MountRequest, at place: String, _ isReadOnly: Bool, _ refuse: (String) -> EngineError) throws(EngineError) -> AskedMount {
    let options = request.VolumeOptions, name = request.Source ?? "", subpath = options?.Subpath ?? ""
    if let driver = options?.DriverConfig?.Name, !["", localDriver].contains(driver) {
        throw EngineError(.invalid, "error looking up volume plugin \(driver): plugin \"\(driver)\" not found")
    }
    let detail = MountDetail(
        isFilled: options?.NoCopy != true && subpath.isEmpty, subpath: subpath, options: options?.DriverConfig?.Options ?? [:], labels: options?.Labels ?? [:])
    guard !name.isEmpty else {
        if !subpath.isEmpty { throw refuse("must not set Subpath when using anonymous volumes") }
        if isReadOnly { throw refuse("must not set ReadOnly mode when using anonymous volumes") }
        return .anonymous(at: place, mode: "z", detail)
    }
    guard subpath.isEmpty || isLocal(subpath) else { throw refuse("subpath must be a relative path within the volume") }
    return .volume(name, at: place, mode: "z", writable: !isReadOnly, detail)
}

/// Options of a file system in memory as words.
private func words(_ options: TmpfsOptions?, _ isReadOnly: Bool, _ refuse: (String) -> EngineError) throws(EngineError) -> [String] {
    var words = isReadOnly ? ["ro"] : []
    if let mode = options?.Mode, mode != 0 { words.append("mode=\(String(mode, radix: 8))") }
    if let bytes = options?.SizeBytes, bytes != 0 {
        guard bytes > 0 else { throw refuse("invalid size \(bytes)") }
        words.append("size=\(bytes)")
    }
    for option in options?.Options ?? [] {
        guard (1...2).contains(option.count), isTmpfsWord(option.joined(separator: "=")) else {
            throw refuse("invalid option \"\(option.joined(separator: "="))\" for tmpfs")
        }
        words.append(option.joined(separator: "="))
    }
    return words
}

/// Whether a word means something for a file system in memory. moby, volume/mounts and pkg/mount (MergeTmpfsOptions).
func isTmpfsWord(_ word: String) -> Bool {
    if let equals = word.firstIndex(of: "=") { return ["size", "mode", "uid", "gid", "nr_inodes", "nr_blocks", "mpol"].contains(String(word[..<equals])) }
    return [
        "rw", "ro", "exec", "noexec", "suid", "nosuid", "dev", "nodev", "atime", "noatime", "diratime", "nodiratime", "relatime", "norelatime", "strictatime",
        "nostrictatime", "sync", "async", "dirsync", "defaults", "private", "rprivate", "shared", "rshared", "slave", "rslave", "unbindable", "runbindable"
    ].contains(word)
}

/// What of mounts is not quite as it was asked for.
func mountWarnings(_ host: HostConfig) -> [String] {
    let words = (host.Binds ?? []).flatMap { $0.split(separator: ":").dropFirst(2).flatMap { $0.split(separator: ",").map(String.init) } }
    let asked = words + (host.Mounts ?? []).compactMap { $0.BindOptions?.Propagation }
    guard asked.contains(where: { ["shared", "rshared"].contains($0) }) else { return [] }
    return [
        "Mounts that the container makes below a bind with propagation 'shared' do not reach the host: this engine gives each container a slave of the host's mounts"
    ]
}

/// Checks `HostConfig.Tmpfs`.
func checkTmpfs(_ host: HostConfig) throws(EngineError) {
    for (path, text) in host.Tmpfs ?? [:] {
        guard path.hasPrefix("/") else { throw EngineError(.invalid, "invalid mount path: '\(path)' mount path must be absolute") }
        guard cleaned(path) != "/" else { throw EngineError(.invalid, "invalid specification: destination can't be '/'") }
        for word in text.split(separator: ",").map(String.init) where !isTmpfsWord(word) {
            throw EngineError(.invalid, "Invalid tmpfs option \"\(word)\"")
        }
    }
}
