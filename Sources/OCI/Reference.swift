// An image's name as people type it: `busybox`, `me/app:1.2`, `localhost:5000/app@sha256:…`.
//
// Docker's grammar has one surprise: whether the first part is a registry or a user is decided by its looks (a dot, a colon or the word
// `localhost` make it a registry). A name without a registry means `docker.io`, one without a user means `library/`, and people are shown the
// short form again ("familiar"). The grammar is that of github.com/distribution/reference, its error words included, as clients print them.
//
// chapter 08

/// A parsed image name; equal names are equal whatever way they were typed.
public struct Reference: Hashable, Sendable, CustomStringConvertible {
    /// The registry's host and port, `docker.io` if none was typed.
    public let domain: String
    /// The repository's path, `library/busybox` for `busybox`.
    public let path: String
    /// The tag, if one was typed.
    public let tag: String?
    /// The digest, if one was typed: `sha256:` and 64 hex digits.
    public let digest: String?

    /// A name from its parts, unchecked.
    init(domain: String, path: String, tag: String?, digest: String?) {
        self.domain = domain
        self.path = path
        self.tag = tag
        self.digest = digest
    }

    /// Reads a name as Docker does.
    /// - Parameter text: What a person typed.
    /// - Throws: `ReferenceError` with Docker's words.
    public init(parsing text: String) throws(ReferenceError) {
        guard !isHex64(text) else { throw .looksLikeIdentifier(text) }
        var rest = Substring(text)
        var digest: String?
        if let at = rest.firstIndex(of: "@") {
            let typed = String(rest[rest.index(after: at)...])
            guard isDigest(typed) else { throw .invalidFormat }
            digest = typed
            rest = rest[..<at]
        }
        var tag: String?
        if let colon = rest.lastIndex(of: ":"), !rest[colon...].contains("/") {
            let typed = String(rest[rest.index(after: colon)...])
            guard isTag(typed) else { throw .invalidFormat }
            tag = typed
            rest = rest[..<colon]
        }
        let (domain, path) = splitDomain(rest)
        guard path == path.lowercased() else { throw .notLowercase(path) }
        guard isDomain(domain), isPath(path) else { throw .invalidFormat }
        guard domain.utf8.count + 1 + path.utf8.count <= 255 else { throw .tooLong }
        self.init(domain: domain, path: path, tag: tag, digest: digest)
    }

    /// The full name without tag and digest: `docker.io/library/busybox`.
    public var name: String { "\(domain)/\(path)" }

    /// The short name without tag and digest: `busybox`.
    public var familiarName: String {
        guard domain == defaultDomain else { return name }
        let library = "library/"
        return path.hasPrefix(library) && !path.dropFirst(library.count).contains("/") ? String(path.dropFirst(library.count)) : path
    }

    /// The short name with tag and digest, as people are shown it.
    public var familiar: String { familiarName + suffix }

    /// The full name with tag and digest.
    public var description: String { name + suffix }

    /// The same name, with tag `latest` if it has neither tag nor digest.
    public var withDefaultTag: Reference { tag == nil && digest == nil ? with(tag: "latest") : self }

    /// The same repository under another tag, without digest. `tag` must be valid, see `isValid(tag:)`.
    public func with(tag: String) -> Reference { Reference(domain: domain, path: path, tag: tag, digest: nil) }

    /// The same repository by a digest, without tag. `digest` must be valid, `sha256:` and 64 hex digits.
    public func with(digest: String) -> Reference { Reference(domain: domain, path: path, tag: nil, digest: digest) }

    /// The repository alone, without tag and digest.
    public var repository: Reference { Reference(domain: domain, path: path, tag: nil, digest: nil) }

    /// Whether `text` can be a tag: up to 128 letters, digits, `_`, `.`, `-`, and neither `.` nor `-` first.
    public static func isValid(tag text: String) -> Bool { isTag(text) }

    private var suffix: String { (tag.map { ":" + $0 } ?? "") + (digest.map { "@" + $0 } ?? "") }
}

/// Why a text is no image name, in Docker's words.
public enum ReferenceError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Breaks the grammar.
    case invalidFormat
    /// The repository has capital letters.
    case notLowercase(String)
    /// 64 hex digits: an id, which can't be a name.
    case looksLikeIdentifier(String)
    /// Longer than 255 bytes.
    case tooLong

    /// Docker's words.
    public var description: String {
        switch self {
        case .invalidFormat: "invalid reference format"
        case .notLowercase(let name): "invalid reference format: repository name (\(name)) must be lowercase"
        case .looksLikeIdentifier(let text): "invalid repository name (\(text)), cannot specify 64-byte hexadecimal strings"
        case .tooLong: "repository name must not be more than 255 characters"
        }
    }
}

// MARK: The grammar

private let defaultDomain = "docker.io"

/// `docker.io` and `library/` where they were left out.
private func splitDomain(_ text: Substring) -> (domain: String, path: String) {
    var domain = defaultDomain, path = String(text)
    if let slash = text.firstIndex(of: "/"), looksLikeDomain(text[..<slash]) {
        domain = String(text[..<slash])
        path = String(text[text.index(after: slash)...])
    }
    if domain == "index.docker.io" { domain = defaultDomain }
    if domain == defaultDomain, !path.contains("/") { path = "library/" + path }
    return (domain, path)
}

private func looksLikeDomain(_ first: Substring) -> Bool {
    first.contains(".") || first.contains(":") || first == "localhost" || first.contains(where: \.isUppercase)
}

private func isDomain(_ text: String) -> Bool {
    var host = Substring(text)
    if let colon = text.lastIndex(of: ":"), !text[colon...].contains("]") {
        let port = text[text.index(after: colon)...]
        guard !port.isEmpty, port.utf8.allSatisfy(isDigit) else { return false }
        host = text[..<colon]
    }
    if host.first == "[", host.last == "]" {
        return host.count > 2 && host.dropFirst().dropLast().utf8.allSatisfy { isHex($0) || isUpperHex($0) || $0 == UInt8(ascii: ":") }
    }
    return host.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
        guard let first = label.utf8.first, let last = label.utf8.last, first != hyphen, last != hyphen else { return false }
        return label.utf8.allSatisfy { isLetterOrDigit($0) || $0 == hyphen }
    }
}

/// Components of lower-case letters and digits, joined inside by one dot, one or two underscores, or any number of hyphens.
private func isPath(_ text: String) -> Bool {
    text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy(isPathComponent)
}

private func isPathComponent(_ component: Substring) -> Bool {
    var separator: [UInt8] = []
    guard let first = component.utf8.first, let last = component.utf8.last, isLowerOrDigit(first), isLowerOrDigit(last) else { return false }
    for byte in component.utf8 {
        guard isLowerOrDigit(byte) else {
            separator.append(byte)
            continue
        }
        guard separator.isEmpty || isSeparator(separator) else { return false }
        separator = []
    }
    return true
}

private func isSeparator(_ bytes: [UInt8]) -> Bool {
    bytes == [UInt8(ascii: ".")] || bytes == [underscore] || bytes == [underscore, underscore] || bytes.allSatisfy { $0 == hyphen }
}

private func isTag(_ text: String) -> Bool {
    guard let first = text.utf8.first, text.utf8.count <= 128, isLetterOrDigit(first) || first == underscore else { return false }
    return text.utf8.allSatisfy { isLetterOrDigit($0) || $0 == underscore || $0 == UInt8(ascii: ".") || $0 == hyphen }
}

private func isDigest(_ text: String) -> Bool {
    let sha256 = "sha256:"
    return text.hasPrefix(sha256) && isHex64(String(text.dropFirst(sha256.count)))
}

private func isHex64(_ text: String) -> Bool { text.utf8.count == 64 && text.utf8.allSatisfy(isHex) }

private let hyphen = UInt8(ascii: "-"), underscore = UInt8(ascii: "_")
private func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
private func isLower(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z") }
private func isHex(_ byte: UInt8) -> Bool { isDigit(byte) || (byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "f")) }
private func isUpperHex(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "F") }
private func isLowerOrDigit(_ byte: UInt8) -> Bool { isDigit(byte) || isLower(byte) }
private func isLetterOrDigit(_ byte: UInt8) -> Bool { isLowerOrDigit(byte) || (byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")) }
