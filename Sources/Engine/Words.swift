// Small words of the Engine API understood: signals by name or number, sizes with a suffix, security options. Pure; Docker's error
// texts. Chapter 12.
import DockerAPI
import Linux

/// The number of a signal given as `TERM`, `SIGTERM`, `term` or `15`; nil where there is none such.
func signalNumber(_ text: String) -> Int32? { Signal(name: text.uppercased()).flatMap { (1...64).contains($0.rawValue) ? $0.rawValue : nil } }

/// A size such as `10m` in bytes; suffixes count in 1024s.
func sizeBytes(_ text: String) -> Int? {
    let lower = text.lowercased(), digits = lower.prefix { $0.isNumber }
    let units: [String: Int] = ["": 1, "b": 1, "k": 1 << 10, "kb": 1 << 10, "m": 1 << 20, "mb": 1 << 20, "g": 1 << 30, "gb": 1 << 30]
    guard let number = Int(digits), let unit = units[String(lower.dropFirst(digits.count))] else { return nil }
    let (product, overflow) = number.multipliedReportingOverflow(by: unit)
    return overflow ? nil : product
}

/// How large a log may grow and how many files are kept: `max-size` and `max-file`.
func logLimits(_ host: HostConfig) throws(EngineError) -> (maxBytes: Int?, maxFiles: Int) {
    let options = host.LogConfig?.Config ?? [:]
    var (maxBytes, maxFiles): (Int?, Int) = (nil, 1)
    for (key, value) in options.sorted(by: { $0.key < $1.key }) {
        switch key {
        case "max-size":
            guard value == "-1" || sizeBytes(value) != nil else { throw EngineError(.invalid, "invalid size: '\(value)'") }
            maxBytes = value == "-1" ? nil : sizeBytes(value)
        case "max-file":
            guard let count = Int(value), count >= 1 else { throw EngineError(.invalid, "max-file cannot be less than 1") }
            maxFiles = count
        case "mode" where value == "blocking": break
        case "mode" where value == "non-blocking": throw EngineError(.unsupported, "log opt 'mode=non-blocking' is not supported by this engine yet")
        case "compress" where ["false", "0"].contains(value): break
        case "compress": throw EngineError(.unsupported, "log opt 'compress' is not supported by this engine yet")
        case "labels", "labels-regex", "env", "env-regex", "tag": break  // a warning says what becomes of them
        default: throw EngineError(.invalid, "unknown log opt '\(key)' for \(host.LogConfig?.Type.flatMap { $0.isEmpty ? nil : $0 } ?? "json-file") log driver")
        }
    }
    if maxFiles > 1, maxBytes == nil { throw EngineError(.invalid, "max-file cannot be specified without max-size") }
    return (maxBytes, maxFiles)
}

/// What `--security-opt` asks for.
struct Security: Equatable {
    var noNewPrivileges = false
    var isSeccompOff = false

    init(_ host: HostConfig) throws(EngineError) {
        for option in host.SecurityOpt ?? [] {
            let separator: Character = option.contains("=") ? "=" : ":"
            let parts = option.split(separator: separator, maxSplits: 1).map(String.init)
            switch (parts.first, parts.count > 1 ? parts[1] : nil) {
            case ("no-new-privileges", nil), ("no-new-privileges", "true"): noNewPrivileges = true
            case ("no-new-privileges", "false"): noNewPrivileges = false
            case ("seccomp", "unconfined"): isSeccompOff = true
            case ("seccomp", "builtin"), ("apparmor", "unconfined"), ("label", "disable"), ("systempaths", "unconfined"): break
            case ("seccomp", .some), ("apparmor", .some), ("label", .some):
                throw EngineError(.unsupported, "--security-opt \(option.prefix(60)) is not supported by this engine yet")
            default: throw EngineError(.invalid, "invalid --security-opt 2: \"\(option)\"")
            }
        }
    }
}
