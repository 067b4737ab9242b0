// What the options of the driver `local` mean. Docker hands `type`, `device` and `o` to mount(2) when the first container starts, and keeps
// that mount on the host. We mount nothing on the host: a bind becomes the source that containers are shown, a tmpfs one of the container's
// own mounts. What would need more than that (nfs, cifs, a disk) is refused when the volume is created, and not when it is too late.
// moby, volume/local/local_unix.go; man 8 mount. Chapter 10.

public import Linux

/// What a volume's files lie on.
public enum DriverOptions: Sendable, Equatable {
    /// Its own directory.
    case directory
    /// Another directory of this machine; `type=none,o=bind,device=/path`. The words besides `bind`.
    case bind(device: FilePath, words: [String])
    /// Memory, for as long as a container has it; the words of `o`.
    case memory(words: [String])

    /// Reads options.
    /// - Throws: `.badOptions` in Docker's words; `.unbuilt` for file systems of other kinds.
    public init(_ options: [String: String], of name: String) throws(VolumesError) {
        if let unknown = options.keys.filter({ !["type", "device", "o"].contains($0) }).sorted().first {
            if unknown == "size" { throw .badOptions(name, why: "quota size requested but no quota support") }
            throw .badOptions(name, why: "invalid option: \"\(unknown)\"")
        }
        guard !options.isEmpty else {
            self = .directory
            return
        }
        for needed in ["device", "type"] where (options[needed] ?? "").isEmpty { throw .badOptions(name, why: "missing required option: \"\(needed)\"") }
        let (type, device) = (options["type"] ?? "", options["device"] ?? "")
        let words = (options["o"] ?? "").split(separator: ",").map(String.init)
        if words.contains("bind") || words.contains("rbind") {
            guard device.hasPrefix("/") else { throw .badOptions(name, why: "the device of a bind must be an absolute path: \"\(device)\"") }
            self = .bind(device: FilePath(device).lexicallyNormalized(), words: words.filter { $0 != "bind" && $0 != "rbind" })
        } else if type == "tmpfs" {
            self = .memory(words: words)
        } else {
            throw .unbuilt(name, what: "a volume of type \"\(type)\"")
        }
    }
}

extension Volume {
    /// What its files lie on. Options that the database holds were read before they came there.
    public var backing: DriverOptions {
        get throws(VolumesError) { try DriverOptions(options, of: name) }
    }
}
