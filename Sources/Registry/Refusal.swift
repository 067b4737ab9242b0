// What a registry's refusal means, and how dockerd words it. A registry explains itself in JSON, `{"errors":[{"code":"DENIED","message":…}]}`;
// token services say `{"details":…}`; proxies on the way say anything. Docker's client prints the code in small letters before the message.
// distribution-spec, "Error Codes". chapter 08
import FoundationEssentials
import HTTP
import OCI

/// A refusal by its code.
private struct RefusalCode: Decodable {
    var code: String?, message: String?

    /// As dockerd prints it: `manifest unknown: manifest unknown`.
    var words: String { "\(name.lowercased().replacing("_", with: " ")): \(text)" }

    /// Codes that Docker does not know are `UNKNOWN`.
    var name: String { code.flatMap { Self.messages[$0] == nil ? nil : $0 } ?? "UNKNOWN" }

    private var text: String { message.flatMap { $0.isEmpty ? nil : $0 } ?? Self.messages[name] ?? "" }

    /// What a code says where the registry adds nothing.
    private static let messages = [
        "UNKNOWN": "unknown error", "UNSUPPORTED": "The operation is unsupported.", "UNAUTHORIZED": "authentication required",
        "DENIED": "requested access to the resource is denied", "UNAVAILABLE": "service unavailable", "TOOMANYREQUESTS": "too many requests",
        "DIGEST_INVALID": "provided digest did not match uploaded content", "SIZE_INVALID": "provided length did not match content length",
        "NAME_INVALID": "invalid repository name", "TAG_INVALID": "manifest tag did not match URI",
        "NAME_UNKNOWN": "repository name not known to registry", "MANIFEST_UNKNOWN": "manifest unknown", "MANIFEST_INVALID": "manifest invalid",
        "MANIFEST_UNVERIFIED": "manifest failed signature verification", "MANIFEST_BLOB_UNKNOWN": "blob unknown to registry",
        "BLOB_UNKNOWN": "blob unknown to registry", "BLOB_UPLOAD_UNKNOWN": "blob upload unknown to registry"
    ]
}

private struct Explanation: Decodable {
    var errors: [RefusalCode]?, details: String?
}

extension Answer {
    /// Why this answer is no success.
    ///
    /// - Parameter subject: what was asked for, as people named it
    func refusal(of subject: String = "", repository: String = "") -> RegistryError {
        guard status < 500 else { return .server(status: status, "received unexpected HTTP status: \(status) \(reasonPhrase(of: status))") }
        guard let code = code else {
            let words = "error parsing HTTP \(status) response body: \(explanation.jsonTrouble): \(excerpt(explanation))"
            switch status {
            case 401: return .unauthorized("unauthorized: authentication required")
            case 403: return .denied(words)
            case 404: return .notFound(question.isBlob ? "unknown blob" : words)
            case 429: return .tooMany("toomanyrequests: \(words)")
            default: return .server(status: status, words)
            }
        }
        switch code.name {
        case "DENIED" where !repository.isEmpty:
            return .denied("pull access denied for \(repository), repository does not exist or may require 'docker login': \(code.words)")
        case "DENIED": return .denied(code.words)
        case "MANIFEST_UNKNOWN" where !subject.isEmpty: return .notFound("manifest for \(subject) not found: \(code.words)")
        case "NAME_UNKNOWN" where !repository.isEmpty: return .notFound("repository \(repository) not found: \(code.words)")
        case "UNAUTHORIZED": return .unauthorized(code.words)
        case "TOOMANYREQUESTS": return .tooMany(code.words)
        default: break
        }
        switch status {
        case 404: return .notFound(question.isBlob ? "unknown blob" : code.words)
        case 401: return .unauthorized(code.words)
        case 403: return .denied(code.words)
        case 429: return .tooMany(code.words)
        default: return .server(status: status, code.words)
        }
    }

    /// The first reason that is given: the challenge's own (RFC 6750 §3.1) counts before the body's.
    private var code: RefusalCode? {
        for challenge in challenges where challenge.scheme == "bearer" {
            let message = challenge["error_description"]
            if challenge["error"] == "invalid_token" { return RefusalCode(code: "UNAUTHORIZED", message: message) }
            if challenge["error"] == "insufficient_scope" { return RefusalCode(code: "DENIED", message: message) }
        }
        guard let parsed = try? JSONDecoder().decode(Explanation.self, from: Data(explanation)) else { return nil }  // then the text itself is shown
        if let details = parsed.details, !details.isEmpty {
            return RefusalCode(code: [401: "UNAUTHORIZED", 429: "TOOMANYREQUESTS"][status] ?? "UNKNOWN", message: details)
        }
        return parsed.errors?.first
    }
}

extension Question {
    fileprivate var isBlob: Bool { if case .blob = purpose { true } else { false } }
}

extension RegistryError {
    /// The same error, with the exchange in front of it.
    func told(by words: String) -> RegistryError {
        switch self {
        case .unauthorized(let text): .unauthorized("\(words): \(text)")
        case .denied(let text): .denied("\(words): \(text)")
        case .tooMany(let text): .tooMany("\(words): \(text)")
        case .server(let status, let text): .server(status: status, "\(words): \(text)")
        case .notFound(let text): .notFound("\(words): \(text)")
        default: self
        }
    }
}

extension [UInt8] {
    /// Go's words for why this is no explanation in JSON.
    fileprivate var jsonTrouble: String {
        guard let first = first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }) else { return "unexpected end of JSON input" }
        let isBeginning = "{[\"tfn-0123456789".utf8.contains(first)
        return isBeginning ? "no error details found in HTTP response body" : "invalid character '\(Unicode.Scalar(first))' looking for beginning of value"
    }
}

/// The beginning of what came, on one line, in quotes.
func excerpt(_ bytes: some Collection<UInt8>) -> String {
    let text = String(decoding: bytes.prefix(200), as: UTF8.self)
    let plain = String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }))
    return "\"\(plain)\(bytes.count > 200 ? "…" : "")\""
}
