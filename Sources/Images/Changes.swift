// Lines such as `CMD ["sh"]` or `ENV A=1 B="two words"`: what `docker import -c` and `docker commit -c` change in a configuration. The
// instructions and their meaning are the Dockerfile's; only those that describe a container are allowed. moby, builder/dockerfile;
// docs.docker.com/reference/dockerfile; chapter 14 reads whole Dockerfiles.

import FoundationEssentials
import OCI

extension ImageConfiguration.RunDefaults {
    /// Applies one line.
    /// - Throws: `.invalid` with Docker's words for an instruction that is not allowed here, or that cannot be read.
    mutating func apply(change line: String) throws(ImagesError) {
        let line = line.trimmed
        guard !line.isEmpty else { return }
        let name = line.prefix { !$0.isWhitespace }.uppercased()
        let rest = String(line.dropFirst(name.count)).trimmed
        guard !rest.isEmpty else { throw .invalid("\(name) requires at least one argument") }
        switch name {
        case "CMD": cmd = command(rest)
        case "ENTRYPOINT": entrypoint = command(rest)
        case "ENV": for (key, value) in try pairs(name, rest) { set(key, value) }
        case "LABEL": for (key, value) in try pairs(name, rest) { labels = (labels ?? [:]).merging([key: value]) { $1 } }
        case "EXPOSE": for port in try words(rest) { for one in try ports(port) { exposedPorts = (exposedPorts ?? [:]).merging([one: .init()]) { $1 } } }
        case "VOLUME": for path in try paths(rest) { volumes = (volumes ?? [:]).merging([path: .init()]) { $1 } }
        case "USER": user = try words(rest).joined(separator: " ")
        case "WORKDIR": workingDir = joined(workingDir ?? "/", try words(rest).joined(separator: " "))
        case "STOPSIGNAL": stopSignal = try words(rest).joined(separator: " ")
        case "ONBUILD": onBuild = (onBuild ?? []) + [rest]
        case "SHELL":
            guard let shell = list(rest) else { throw .invalid("SHELL requires the arguments to be in JSON form") }
            self.shell = shell
        case "HEALTHCHECK": healthcheck = try Images.healthcheck(rest)
        default: throw .invalid("\(name) is not a valid change command")
        }
    }

    /// `["a","b"]` as it is; anything else is a line for the shell.
    private func command(_ text: String) -> [String] { list(text) ?? (shell ?? ["/bin/sh", "-c"]) + [text] }

    /// Sets a variable in its old place, or at the end.
    private mutating func set(_ key: String, _ value: String) {
        var variables = env ?? []
        let place = variables.firstIndex { $0.hasPrefix("\(key)=") } ?? variables.endIndex
        variables.replaceSubrange(place..<min(place + 1, variables.endIndex), with: ["\(key)=\(value)"])
        env = variables
    }

    /// `A=1 B="two words"`, or the old form `A everything else`.
    private func pairs(_ name: String, _ text: String) throws(ImagesError) -> [(String, String)] {
        let words = try words(text)
        guard let first = words.first, first.contains("=") else {
            guard words.count > 1 else { throw .invalid("\(name) must have two arguments") }
            return [(words[0], words.dropFirst().joined(separator: " "))]
        }
        return try words.map { (word) throws(ImagesError) in
            guard let equals = word.firstIndex(of: "="), equals != word.startIndex else {
                throw .invalid("Syntax error - can't find = in \"\(word)\". Must be of the form: name=value")
            }
            return (String(word[..<equals]), String(word[word.index(after: equals)...]))
        }
    }

    private func paths(_ text: String) throws(ImagesError) -> [String] {
        if let list = list(text) { return list }
        return try words(text)
    }

    private func words(_ text: String) throws(ImagesError) -> [String] {
        let variables = env ?? []
        return try split(text) { name in variables.first { $0.hasPrefix("\(name)=") }.map { String($0.dropFirst(name.count + 1)) } ?? "" }
    }
}

/// A JSON array of strings, or nil.
private func list(_ text: String) -> [String]? {
    guard text.hasPrefix("[") else { return nil }
    return try? JSONDecoder().decode([String].self, from: Data(text.utf8))  // no array: then it is a text, as in a Dockerfile
}

/// `80`, `80/udp` and `80-82/tcp` as single ports with a protocol.
private func ports(_ text: String) throws(ImagesError) -> [String] {
    let parts = text.split(separator: "/", maxSplits: 1).map(String.init), kind = parts.count > 1 ? parts[1].lowercased() : "tcp"
    let numbers = (parts.first ?? "").split(separator: "-", maxSplits: 1).compactMap { UInt16($0) }
    guard let first = numbers.first, let last = numbers.last, first > 0, first <= last, ["tcp", "udp", "sctp"].contains(kind),
        numbers.count == (parts[0].contains("-") ? 2 : 1)
    else { throw .invalid("invalid containerPort: \(text)") }
    return (first...last).map { "\($0)/\(kind)" }
}

/// A path relative to another, without `.` and `..`.
private func joined(_ directory: String, _ path: String) -> String {
    var parts: [Substring] = []
    for part in (path.hasPrefix("/") ? path : "\(directory)/\(path)").split(separator: "/") where part != "." {
        if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return "/" + parts.joined(separator: "/")
}

/// `NONE`, or `[--interval=… --timeout=… --start-period=… --start-interval=… --retries=…] CMD …`.
private func healthcheck(_ text: String) throws(ImagesError) -> ImageConfiguration.Healthcheck {
    var check = ImageConfiguration.Healthcheck()
    var rest = text
    while rest.hasPrefix("--") {
        let option = rest.prefix { !$0.isWhitespace }
        rest = String(rest.dropFirst(option.count)).trimmed
        let parts = option.dropFirst(2).split(separator: "=", maxSplits: 1).map(String.init), value = parts.count > 1 ? parts[1] : ""
        switch parts.first {
        case "interval": check.interval = try duration(value)
        case "timeout": check.timeout = try duration(value)
        case "start-period": check.startPeriod = try duration(value)
        case "start-interval": check.startInterval = try duration(value)
        case "retries":
            guard let count = Int(value), count >= 0 else { throw .invalid("HEALTHCHECK: invalid retries \(value)") }
            check.retries = count
        default: throw .invalid("unknown flag: \(option)")
        }
    }
    let kind = rest.prefix { !$0.isWhitespace }.uppercased(), command = String(rest.dropFirst(kind.count)).trimmed
    switch kind {
    case "NONE": check.test = ["NONE"]
    case "CMD":
        guard !command.isEmpty else { throw .invalid("Missing command after HEALTHCHECK CMD") }
        check.test = list(command).map { ["CMD"] + $0 } ?? ["CMD-SHELL", command]
    default: throw .invalid("Unknown type \"\(kind)\" in HEALTHCHECK (try CMD)")
    }
    return check
}

/// Go's durations, `1m30s` or `500ms`, in nanoseconds.
private func duration(_ text: String) throws(ImagesError) -> Int64 {
    let units: [String: Double] = ["ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9, "h": 3600e9]
    var total = 0.0, rest = Substring(text)
    while !rest.isEmpty {
        let number = rest.prefix { $0.isNumber || $0 == "." }
        let unit = rest.dropFirst(number.count).prefix { $0.isLetter }
        guard let value = Double(number), let scale = units[String(unit)] else { throw .invalid("time: invalid duration \"\(text)\"") }
        total += value * scale
        rest = rest.dropFirst(number.count + unit.count)
    }
    guard !text.isEmpty, total < 9e18 else { throw .invalid("time: invalid duration \"\(text)\"") }
    return Int64(total)
}

extension String {
    /// Without blanks at both ends.
    fileprivate var trimmed: String {
        var text = Substring(self)
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
