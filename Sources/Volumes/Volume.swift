// What a volume is: a directory with a name that outlives the containers which use it. The name becomes a directory's name on the host, so the
// rule about names is a wall and not a matter of taste: no slash, no dot in front, nothing empty. moby, volume/local. Chapter 10.

/// A volume, as the database knows it.
public struct Volume: Sendable, Equatable {
    /// Its name, and the name of its directory.
    public let name: String
    /// Nanoseconds since 1970.
    public let createdNanoseconds: Int64
    /// Free words for people and programs.
    public let labels: [String: String]
    /// The driver's options, as they were given; what they mean is `DriverOptions`.
    public let options: [String: String]

    /// Whether nobody gave it a name: the label says so.
    public var isAnonymous: Bool { labels[anonymousLabel] != nil }
}

/// The label of volumes that nobody gave a name.
public let anonymousLabel = "com.docker.volume.anonymous"

/// The only driver: directories on this machine.
public let localDriver = "local"

/// What somebody wants a volume to be.
public struct VolumeWish: Sendable, Equatable {
    /// Nil makes a name up: 64 hex digits, and the label of those that nobody named.
    public var name: String?
    /// `local`, or empty for the same.
    public var driver: String
    /// As in `Volume`.
    public var options: [String: String], labels: [String: String]

    /// A wish.
    public init(name: String? = nil, driver: String = "", options: [String: String] = [:], labels: [String: String] = [:]) {
        (self.name, self.driver, self.options, self.labels) = (name, driver, options, labels)
    }

    /// The same with a name: the one that was given, or 64 random hex digits.
    public func named() -> (name: String, wish: VolumeWish) {
        if let name, !name.isEmpty { return (name, self) }
        let words = (0..<4).map { _ in UInt64.random(in: 0...UInt64.max) }
        let made = words.map { word in String(repeating: "0", count: 16 - String(word, radix: 16).count) + String(word, radix: 16) }.joined()
        var wish = self
        (wish.name, wish.labels[anonymousLabel]) = (made, labels[anonymousLabel] ?? "")
        return (made, wish)
    }
}

/// Checks a name.
/// - Throws: `.badName` in Docker's words.
public func checkVolumeName(_ name: String) throws(VolumesError) {
    guard name.utf8.count != 1 else { throw .badName(name, why: "volume name is too short, names should be at least two alphanumeric characters") }
    let isFine = name.utf8.first.map(isAlphanumeric) == true && name.utf8.allSatisfy { isAlphanumeric($0) || "_.-".utf8.contains($0) }
    guard isFine, name.utf8.count <= 255 else {
        throw .badName(
            name,
            why:
                "\"\(name)\" includes invalid characters for a local volume name, only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a host directory, use absolute path"
        )
    }
}

private func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
    default: false
    }
}
