// How a daemon is set up: by flags, by a file in the form of dockerd's daemon.json, or by both, but no value by both. Chapter 12.
import FoundationEssentials
public import Linux
public import Logging

/// Why a daemon cannot be set up as asked.
public struct ConfigurationError: Error, CustomStringConvertible, Equatable {
    public let description: String
}

/// What flags and file say; nil where they say nothing.
public struct DaemonConfiguration: Sendable, Equatable {
    public var hosts: [String] = []
    public var dataRoot: String?, execRoot: String?, pidFile: String?, logLevel: String?, cgroupParent: String?
    public var insecureRegistries: [String] = []

    public init() {}

    // MARK: The file

    private struct File: Decodable {
        var hosts: [String]?, dataRoot: String?, execRoot: String?, pidFile: String?, logLevel: String?, cgroupParent: String?, insecureRegistries: [String]?,
            debug: Bool?

        enum CodingKeys: String, CodingKey, CaseIterable {
            case hosts, dataRoot = "data-root", execRoot = "exec-root", pidFile = "pidfile", logLevel = "log-level", cgroupParent = "cgroup-parent"
            case insecureRegistries = "insecure-registries", debug
        }
    }

    /// Every key of the file, whatever its value.
    private struct Keys: Decodable {
        struct Name: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }
        let names: [String]
        init(from decoder: any Decoder) throws { names = try decoder.container(keyedBy: Name.self).allKeys.map(\.stringValue) }
    }

    /// Reads the file.
    public init(readFrom path: FilePath) throws(ConfigurationError) {
        func fail(_ why: String) -> ConfigurationError { ConfigurationError(description: "unable to configure slipwayd with file \(path): \(why)") }
        let bytes: [UInt8]
        do throws(KernelError) { bytes = try readFile(path) } catch { throw fail(error.reason.lowercased()) }
        let data = Data(bytes)
        do {
            let known = Set(File.CodingKeys.allCases.map(\.rawValue)),
                unknown = try JSONDecoder().decode(Keys.self, from: data).names.filter { !known.contains($0) }.sorted()
            guard unknown.isEmpty else {
                throw ConfigurationError(description: "the following directives don't match any configuration option: \(unknown.joined(separator: ", "))")
            }
            let file = try JSONDecoder().decode(File.self, from: data)
            (hosts, dataRoot, execRoot, pidFile) = (file.hosts ?? [], file.dataRoot, file.execRoot, file.pidFile)
            (logLevel, cgroupParent, insecureRegistries) = (file.debug == true ? "debug" : file.logLevel, file.cgroupParent, file.insecureRegistries ?? [])
        } catch let error as ConfigurationError {
            throw fail(error.description)
        } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context) {
            throw fail("\(context.codingPath.map(\.stringValue).joined(separator: ".")): \(context.debugDescription)")
        } catch {
            throw fail("it is no valid JSON")
        }
    }

    /// What flags say, completed by a file.
    /// - Throws: where both say something of the same.
    public func completed(from file: DaemonConfiguration, named path: FilePath) throws(ConfigurationError) -> DaemonConfiguration {
        var both: [String] = []
        func pick(_ name: String, _ flag: String?, _ other: String?) -> String? {
            if flag != nil, other != nil { both.append(name) }
            return flag ?? other
        }
        var result = self
        if !hosts.isEmpty, !file.hosts.isEmpty { both.append("hosts") }
        result.hosts = hosts + file.hosts
        result.insecureRegistries = insecureRegistries + file.insecureRegistries
        result.dataRoot = pick("data-root", dataRoot, file.dataRoot)
        result.execRoot = pick("exec-root", execRoot, file.execRoot)
        result.pidFile = pick("pidfile", pidFile, file.pidFile)
        result.logLevel = pick("log-level", logLevel, file.logLevel)
        result.cgroupParent = pick("cgroup-parent", cgroupParent, file.cgroupParent)
        guard both.isEmpty else {
            throw ConfigurationError(
                description:
                    "unable to configure slipwayd with file \(path): the following directives are specified both as a flag and in the configuration file: \(both.joined(separator: ", "))"
            )
        }
        return result
    }

    /// The log level, `info` unless said otherwise.
    public func level() throws(ConfigurationError) -> Logger.Level {
        switch logLevel ?? "info" {
        case "debug": .debug
        case "info": .info
        case "warn": .warning
        case "error": .error
        case "fatal": .critical
        case let other: throw ConfigurationError(description: "invalid logging level: \(other)")
        }
    }
}

/// Where to listen.
public enum ListenAddress: Sendable, Equatable {
    case unix(FilePath)
    case tcp(host: String, port: Int)

    /// Reads `unix:///path`, `tcp://host:port` (2375 without a port) or a bare path.
    public init(_ text: String) throws(ConfigurationError) {
        if text.hasPrefix("unix://") || text.hasPrefix("/") {
            let path = text.hasPrefix("/") ? text : String(text.dropFirst("unix://".count))
            guard path.hasPrefix("/") else { throw ConfigurationError(description: "invalid bind address (\(text)): a unix socket needs an absolute path") }
            self = .unix(FilePath(path))
        } else if text.hasPrefix("tcp://") {
            let rest = text.dropFirst("tcp://".count)
            let colon = rest.last == "]" ? nil : rest.lastIndex(of: ":")
            let host = colon.map { String(rest[..<$0]) } ?? String(rest), port = colon.map { String(rest[rest.index(after: $0)...]) } ?? "2375"
            guard let number = UInt16(port) else { throw ConfigurationError(description: "invalid bind address (\(text)): invalid port \(port)") }
            self = .tcp(host: host.isEmpty ? "127.0.0.1" : host.filter { $0 != "[" && $0 != "]" }, port: Int(number))
        } else {
            throw ConfigurationError(description: "invalid bind address (\(text)): unsupported proto \(text.split(separator: ":").first ?? "")")
        }
    }
}
