// What is asked of a registry, and what it answers: the two values that every step of a pull hands on. chapter 08
import HTTP

/// A request before it is sent.
struct Question: Sendable {
    /// What a request is for; a narration says it.
    enum Purpose: Sendable, Equatable {
        case ping
        case manifest
        case tags
        /// A blob, from this byte on.
        case blob(from: Int64)
        case token(scope: String)
    }

    var address: WebAddress
    let purpose: Purpose
    var method = "GET"
    /// All fields but `Authorization`.
    var headers: Headers = [:]
    /// The value of `Authorization`, or nil for none. Whoever changes `address` must think of it.
    var authorization: String?
    var body: [UInt8]?
    /// Whether a redirect has led away from the registry.
    var isElsewhere = false
}

/// A response. Of one that is no success the body has been read already, up to 64 KiB: it says why, for people.
struct Answer: Sendable {
    let question: Question
    let status: Int
    let headers: Headers
    /// The body of a success, still on its way.
    let body: AnswerBody
    /// The body of anything else.
    let explanation: [UInt8]

    var isSuccess: Bool { (200..<300).contains(status) }

    /// The challenges of a 401.
    var challenges: [Challenge] { Challenge.all(in: headers) }

    /// Where the answer sends us, or nil where it does not.
    ///
    /// - Throws: `malformed` for a place that is none, or one that would take us from https to http
    func destination() throws(RegistryError) -> WebAddress? {
        guard [301, 302, 303, 307, 308].contains(status) else { return nil }
        guard let text = headers["Location"], let place = WebAddress(text, relativeTo: question.address) else {
            throw .malformed("\(question.words): \(status) without a Location that can be followed")
        }
        guard place.isSecure || !question.address.isSecure else {
            throw .malformed("\(question.words): refused to follow a redirect from https to \(place.withoutQuery)")
        }
        return place
    }
}

extension Question {
    /// As Go's client begins an error: `Get "https://host/v2/"`.
    var words: String { "\(method.prefix(1))\(method.dropFirst().lowercased()) \"\(isElsewhere ? address.withoutQuery : address.description)\"" }

    /// The same question for another place, with the same authorization: whether that may see it, the caller knows.
    func moved(to place: WebAddress) -> Question {
        var question = self
        question.isElsewhere = isElsewhere || place.origin != address.origin
        question.address = place
        return question
    }
}
