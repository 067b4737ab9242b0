// Which images a machine can run. An index offers several; Docker takes the closest: an exact match before a lesser variant (arm v7 runs v6 and
// v5), that before another architecture that the processor also runs (amd64 runs 386, arm64 runs 32-bit arm). Names are first brought to one
// spelling, for people and tools write `x86_64`, `aarch64` and `arm64/v8` too.
//
// https://github.com/containerd/platforms · https://github.com/opencontainers/image-spec/blob/main/image-index.md · chapter 08

/// Why a text is no platform, in Docker's words.
public struct PlatformError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The reason.
    public let description: String
}

extension Platform: CustomStringConvertible {
    /// Reads `os`, `architecture`, `os/architecture` or `os/architecture/variant`, as `--platform` takes it; what is left out is this machine's.
    /// - Throws: `PlatformError` for anything else.
    public init(parsing text: String) throws(PlatformError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { $0.lowercased() }
        guard (1...3).contains(parts.count), parts.allSatisfy(isWord) else {
            throw PlatformError(description: "\"\(text)\" is an invalid component of \"\(text)\": platform specifier component must match \"[A-Za-z0-9_.-]+\"")
        }
        switch parts.count {
        case 1 where operatingSystems.contains(parts[0]):
            self = Platform(architecture: Platform.current.architecture, os: parts[0], variant: Platform.current.variant).normalized
        case 1:
            let found = Platform(architecture: parts[0]).normalized
            guard architectures.contains(found.architecture) else {
                throw PlatformError(description: "\"\(text)\": unknown operating system or architecture: invalid argument")
            }
            self = found
        default: self = Platform(architecture: parts[1], os: parts[0], variant: parts.count > 2 ? parts[2] : nil).normalized
        }
    }

    /// `linux/amd64`, `linux/arm/v7`.
    public var description: String { "\(os)/\(architecture)" + (variant.map { $0.isEmpty ? "" : "/\($0)" } ?? "") }

    /// The same platform in the one spelling that is compared.
    public var normalized: Platform {
        let variant = variant.flatMap { $0.isEmpty ? nil : $0.lowercased() }, os = os.isEmpty ? "linux" : os.lowercased()
        switch (architecture.lowercased(), variant) {
        case ("x86_64", _), ("x86-64", _), ("amd64", _): return Platform(architecture: "amd64", os: os, variant: variant == "v1" ? nil : variant)
        case ("i386", _), ("i486", _), ("i586", _), ("i686", _), ("386", _): return Platform(architecture: "386", os: os)
        case ("aarch64", _), ("arm64", _): return Platform(architecture: "arm64", os: os, variant: ["8", "v8"].contains(variant) ? nil : variant)
        case ("armhf", _): return Platform(architecture: "arm", os: os, variant: "v7")
        case ("armel", _): return Platform(architecture: "arm", os: os, variant: "v6")
        case ("arm", nil): return Platform(architecture: "arm", os: os, variant: "v7")
        case ("arm", let variant?): return Platform(architecture: "arm", os: os, variant: variant.hasPrefix("v") ? variant : "v\(variant)")
        case (let other, _): return Platform(architecture: other, os: os, variant: variant)
        }
    }

    /// What runs here, the best first; the platform itself included.
    public var accepted: [Platform] {
        let own = normalized
        switch own.architecture {
        case "amd64": return [own] + lesser(own, downTo: 1) + [Platform(architecture: "386", os: own.os)]
        case "arm": return [own] + lesser(own, downTo: 5)
        case "arm64":
            let small = Platform(architecture: "arm", os: own.os, variant: own.variant?.prefix(2).lowercased() ?? "v8")
            return [own] + (own.variant == nil ? [] : [Platform(architecture: "arm64", os: own.os)]) + [small] + lesser(small, downTo: 5)
        default: return [own]
        }
    }

    /// How well `offered` fits: 0 is best; nil where it does not run here.
    public func rank(of offered: Platform) -> Int? { accepted.firstIndex(of: offered.normalized) }
}

/// The variants below a platform's own, `v1` of amd64 having no name.
private func lesser(_ platform: Platform, downTo least: Int) -> [Platform] {
    guard let variant = platform.variant, let number = Int(variant.drop { $0 == "v" }), number > least else { return [] }
    return (least..<number).reversed().map { Platform(architecture: platform.architecture, os: platform.os, variant: "v\($0)").normalized }
}

private func isWord(_ text: String) -> Bool {
    !text.isEmpty
        && text.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte) || [0x5f, 0x2e, 0x2d].contains(byte)
        }
}

private let operatingSystems: Set = ["aix", "android", "darwin", "dragonfly", "freebsd", "illumos", "linux", "netbsd", "openbsd", "plan9", "solaris", "windows"]
private let architectures: Set = [
    "386", "amd64", "arm", "arm64", "loong64", "mips", "mipsle", "mips64", "mips64le", "ppc64", "ppc64le", "riscv64", "s390x", "wasm"
]
