// A bundle: a directory with `config.json` and the tree that it names as root. It is all that a runtime is given.
//
// https://github.com/opencontainers/runtime-spec/blob/main/bundle.md · chapter 06

import Explain
import FoundationEssentials
public import Linux
public import OCI

/// A container as it lies on disk before it is one.
public struct Bundle: Sendable {
    /// The directory, absolute.
    public let path: FilePath
    /// What `config.json` says.
    public let spec: Spec

    /// A bundle whose spec is known already.
    public init(path: FilePath, spec: Spec) {
        self.path = path
        self.spec = spec
    }

    /// Reads a bundle.
    /// - Parameter path: The directory, absolute.
    /// - Throws: The step `read the bundle`: the file is missing, is no JSON, or lacks a key that the specification demands.
    public init(path: FilePath) throws(RuntimeError) {
        self.init(path: path, spec: try readJSON(Spec.self, from: path.appending("config.json"), step: "read the bundle"))
    }

    /// The directory that becomes `/`, absolute.
    public var root: FilePath { path.pushing(FilePath(spec.root?.path ?? "rootfs")) }
}

/// Reads a value from a JSON file.
func readJSON<Value: Decodable>(_ type: Value.Type, from path: FilePath, step: String) throws(RuntimeError) -> Value {
    do throws(StepError) {
        let bytes = try asking { () throws(KernelError) in try readFile(path) }
        return try decodeJSON(type, bytes, name: "\(path)")
    } catch {
        throw RuntimeError(step: step, cause: error)
    }
}

/// Reads a value from JSON, and says where it is wrong.
func decodeJSON<Value: Decodable>(_ type: Value.Type, _ bytes: [UInt8], name: String) throws(StepError) -> Value {
    do {
        return try JSONDecoder().decode(type, from: Data(bytes))
    } catch DecodingError.keyNotFound(let key, let context) {
        throw .refused(what: name, why: "\(place(context.codingPath))\(key.stringValue) is missing")
    } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context) {
        throw .refused(what: name, why: "\(place(context.codingPath)) \(context.debugDescription)")
    } catch {
        throw .refused(what: name, why: "not valid JSON")
    }
}

private func place(_ path: [any CodingKey]) -> String {
    path.reduce(into: "") { text, key in text += key.intValue.map { "[\($0)]" } ?? ".\(key.stringValue)" } + "."
}
