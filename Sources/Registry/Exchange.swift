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
