// The words behind a status code, as everybody writes them. RFC 9110 §15. chapter 08
import NIOHTTP1

/// Such as `Internal Server Error` for 500; empty for codes that nobody has named.
public func reasonPhrase(of status: Int) -> String {
    if case .custom = HTTPResponseStatus(statusCode: status) { return "" }
    return HTTPResponseStatus(statusCode: status).reasonPhrase
}
