// `-v` and `--mount`: what of the host, or which volume, a container finds at which path. `-v` goes to the engine as it was typed, but for a
// path that begins with a dot; `--mount` is a line of comma-separated values, with Docker's keys (cli/opts/mount.go). chapter 10, 13

internal import JSON
internal import Linux

enum MountSpec {
    /// The words of `-v`: paths alone are anonymous volumes, the others bind or name something.
    static func volumes(_ words: [String], directory: FilePath) -> (anonymous: [String], binds: [String]) {
        var anonymous: [String] = [], binds: [String] = []
        for word in words {
            if word.contains(":") { binds.append(word.hasPrefix(".") ? absolute(word, directory) : word) } else { anonymous.append(word) }
        }
        return (anonymous, binds)
    }

    private static func absolute(_ word: String, _ directory: FilePath) -> String {
        let source = word.prefix { $0 != ":" }
        return directory.pushing(FilePath(String(source))).lexicallyNormalized().string + word.dropFirst(source.count)
    }

    /// One `--mount`.
    /// - Throws: Docker's words for a key that isn't known or a value that makes no sense.
    static func mount(_ text: String) throws(ValueError) -> JSONValue {
        var fields = Fields()
        for field in csv(text) {
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init), key = parts[0].lowercased()
            try fields.take(key, parts.count == 2 ? parts[1] : nil, field)
        }
        guard !fields.target.isEmpty else { throw ValueError(description: "target is required") }
        return try fields.json()
    }

    /// Fields between commas; one in double quotes may have commas in it.
    private static func csv(_ text: String) -> [String] {
        var fields = [""], isQuoted = false
        for character in text {
            switch character {
            case "\"": isQuoted.toggle()
            case "," where !isQuoted: fields.append("")
            default: fields[fields.count - 1].append(character)
            }
        }
        return fields
    }
}

/// The keys of one `--mount`.
private struct Fields {
    var type = "volume", source = "", target = "", isReadOnly = false
    private var bind: [JSONValue.Member] = [], volume: [JSONValue.Member] = [], temporary: [JSONValue.Member] = []
    private var labels: [String] = [], driver = "", driverOptions: [String] = []

    mutating func take(_ key: String, _ value: String?, _ field: String) throws(ValueError) {
        switch (key, value) {
        case ("readonly", _), ("ro", _): isReadOnly = try truth(value ?? "true", key)
        case ("volume-nocopy", _): volume.append(.bool("NoCopy", try truth(value ?? "true", key)))
        case ("bind-nonrecursive", _): bind.append(.bool("NonRecursive", try truth(value ?? "true", key)))
        case (_, nil): throw ValueError(description: "invalid field '\(field)' must be a key=value pair")
        case ("type", let value?): type = value.lowercased()
        case ("source", let value?), ("src", let value?): source = value
        case ("target", let value?), ("dst", let value?), ("destination", let value?): target = value
        case ("bind-propagation", let value?): bind.append(.text("Propagation", value.lowercased()))
        case ("bind-recursive", let value?): try recursive(value)
        case ("volume-subpath", let value?): volume.append(.text("Subpath", value))
        case ("volume-label", let value?): labels.append(value)
        case ("volume-driver", let value?): driver = value
        case ("volume-opt", let value?): driverOptions.append(value)
        case ("tmpfs-size", let value?): temporary.append(.number("SizeBytes", try Values.bytes(value)))
        case ("tmpfs-mode", let value?):
            guard let mode = Int64(value, radix: 8) else { throw ValueError(description: "invalid value for \(key): \(value)") }
            temporary.append(.number("Mode", mode))
        case ("consistency", _): break  // macOS' word for what Linux always is
        default: throw ValueError(description: "unexpected key '\(key)' in '\(field)'")
        }
    }

    private mutating func recursive(_ value: String) throws(ValueError) {
        switch value {
        case "enabled": break
        case "disabled": bind.append(.bool("NonRecursive", true))
        case "writable": bind.append(.bool("ReadOnlyNonRecursive", true))
        case "readonly": bind.append(.bool("ReadOnlyForceRecursive", true))
        default: throw ValueError(description: "invalid value for bind-recursive: \(value) (must be \"enabled\", \"disabled\", \"writable\", or \"readonly\")")
        }
    }

    private func truth(_ text: String, _ key: String) throws(ValueError) -> Bool {
        guard ["true", "1", "false", "0"].contains(text) else { throw ValueError(description: "invalid value for \(key): \(text)") }
        return ["true", "1"].contains(text)
    }

    func json() throws(ValueError) -> JSONValue {
        var members: [JSONValue.Member] = [.text("Type", type)]
        if !source.isEmpty { members.append(.text("Source", source)) }
        members.append(.text("Target", target))
        if isReadOnly { members.append(.bool("ReadOnly", true)) }
        var options = volume
        if !labels.isEmpty { options.append(.map("Labels", KeyValues.labels(labels))) }
        if !driver.isEmpty || !driverOptions.isEmpty {
            options.append(.object("DriverConfig", [.text("Name", driver), .map("Options", KeyValues.labels(driverOptions))]))
        }
        for (kind, key, found) in [("volume", "VolumeOptions", options), ("bind", "BindOptions", bind), ("tmpfs", "TmpfsOptions", temporary)] {
            guard found.isEmpty || type == kind else { throw ValueError(description: "cannot mix '\(kind)-*' options with mount type '\(type)'") }
            if !found.isEmpty { members.append(.object(key, found)) }
        }
        return .object(members)
    }
}
