// One HTTP exchange, told to whoever wants to see what a pull is made of. Secrets never get here: an authorization is shown by its scheme alone,
// and of a signed address elsewhere only the path. chapter 08
public import HTTP

/// A request and what came of it.
public struct Exchange: Sendable {
    /// `GET`, `POST`.
    public let method: String
    /// The whole address, without secrets.
    public let url: String
    /// Why it was sent, and what came of it, in a sentence.
    public let why: String
    /// The request's fields, without secrets.
    public let requestHeaders: Headers
    /// The response's status; 0 where none came.
    public let status: Int
    /// The response's fields, without secrets.
    public let responseHeaders: Headers
    /// The bytes of the response's body that were read.
    public let bodyBytes: Int64
    /// From the first byte sent to the last byte read.
    public let seconds: Double
    /// What went wrong, where something did.
    public let trouble: String?
}

extension Exchange {
    init(_ question: Question, _ reply: Reply?, _ bytes: Int64, seconds: Double, _ trouble: RegistryError?) {
        method = question.method
        url = question.isElsewhere ? question.address.withoutQuery : question.address.description
        why = question.reason(status: reply?.status ?? 0, isBearer: Challenge.all(in: reply?.headers ?? [:]).contains { $0.scheme == "bearer" })
        var sent = question.headers
        sent["Authorization"] = question.authorization.map { $0.prefix { $0 != " " } + " …" }
        (requestHeaders, responseHeaders) = (sent, (reply?.headers ?? [:]).withoutSecrets)
        (status, bodyBytes, self.seconds, self.trouble) = (reply?.status ?? 0, bytes, seconds, trouble?.description)
    }
}

extension Headers {
    /// Signed addresses and sessions are as good as passwords.
    fileprivate var withoutSecrets: Headers {
        var shown: Headers = [:]
        for field in all {
            switch field.name.lowercased() {
            case "location": shown.add(field.name, String(field.value.prefix { $0 != "?" }) + (field.value.contains("?") ? "?…" : ""))
            case "set-cookie", "authorization": shown.add(field.name, "…")
            default: shown.add(field.name, field.value)
            }
        }
        return shown
    }
}

// MARK: Why

extension Question {
    /// Why it was asked, and what its answer means.
    fileprivate func reason(status: Int, isBearer: Bool) -> String {
        switch status {
        case 0: "\(subject): no answer"
        case 401 where purpose == .ping && authorization == nil: "\(subject) Yes, and it wants to know who asks"
        case 401 where authorization == nil:
            isBearer ? "ask without credentials: the registry names its token service" : "ask without credentials: the registry wants a name and a password"
        case 401: "\(subject): what we said is not accepted"
        case 300..<400: "\(subject): the registry sends us elsewhere"
        case 404: "\(subject): not there"
        case 416: "\(subject): there is no such range"
        case 429: "\(subject): the registry wants to be asked less often"
        case 500...: "\(subject): the registry is in trouble"
        default: success
        }
    }

    private var success: String {
        switch (purpose, isElsewhere, authorization) {
        case (.ping, _, nil): "\(subject) Yes, and anybody may ask"
        case (.ping, _, _): "\(subject) Yes, and it knows us"
        case (.token, _, _): subject
        case (_, true, _): "\(subject) itself, from where the registry sent us"
        case (_, false, .some): "\(subject), asked for again as somebody whom the registry knows"
        case (_, false, nil): "\(subject): anybody may read it"
        }
    }

    private var subject: String {
        switch purpose {
        case .ping: "is there a registry?"
        case .manifest: "the manifest"
        case .tags: "the tags"
        case .blob(let start): start == 0 ? "the blob" : "the rest of the blob, from byte \(start)"
        case .token(let scope): "a token for \(scope.isEmpty ? "logging in" : scope), \(asker)"
        }
    }

    private var asker: String {
        body != nil ? "for the identity token of a login" : authorization == nil ? "as anybody" : "with a name and a password"
    }
}
