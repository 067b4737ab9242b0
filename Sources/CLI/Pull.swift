// The pull that `run` and `create` ask for when an image is missing: the engine does it, and its progress goes to standard error, for standard
// output belongs to the container. chapter 08, 13

internal import DockerClient
internal import JSON

struct Pull {
    let session: Session, image: String, platform: String?, quiet: Bool

    func run() throws(Failure) {
        let (name, tag) = Self.parts(of: image)
        var query: [(name: String, value: String)] = [("fromImage", Self.expanded(name)), ("tag", tag)]
        if let platform { query.append(("platform", platform)) }
        let engine = try session.engine()
        do throws(ClientError) {
            let stream = try engine.open(Request("POST", ["images", "create"], query: query))
            var lines = MessageLines()
            while let part = try stream.nextPart() {
                for message in lines.messages(in: part) {
                    if let error = message["errorDetail"]?["message"]?.string ?? message["error"]?.string { throw .refused(status: 500, message: error) }
                    if !quiet { show(message) }
                }
            }
        } catch { throw Failure(error) }
    }

    /// One line for each thing that changes; no bars, which need a terminal's cursor.
    private func show(_ message: JSONValue) {
        guard let status = message["status"]?.string, message["progressDetail"]?["current"] == nil else { return }
        Output.complain("\(message["id"]?.string.map { "\($0): " } ?? "")\(status)\n")
    }

    /// `busybox` as `busybox:latest`; what has a tag or a digest stays.
    static func tagged(_ image: String) -> String {
        let (name, tag) = parts(of: image)
        return tag.contains(":") ? "\(name)@\(tag)" : "\(name):\(tag)"
    }

    /// Name, and tag or digest.
    private static func parts(of image: String) -> (name: String, tag: String) {
        if let at = image.firstIndex(of: "@") { return (String(image[..<at]), String(image[image.index(after: at)...])) }
        guard let colon = image.lastIndex(of: ":"), !image[colon...].contains("/") else { return (image, "latest") }
        return (String(image[..<colon]), String(image[image.index(after: colon)...]))
    }

    /// `busybox` as `docker.io/library/busybox`, as Docker's client sends it.
    private static func expanded(_ name: String) -> String {
        let parts = name.split(separator: "/", maxSplits: 1)
        if parts.count == 2, parts[0].contains(".") || parts[0].contains(":") || parts[0] == "localhost" { return name }
        return parts.count == 2 ? "docker.io/\(name)" : "docker.io/library/\(name)"
    }
}

/// A stream of JSON objects, one after another with line breaks between.
struct MessageLines {
    private var partial: [UInt8] = []

    /// The objects that are complete with `bytes`.
    mutating func messages(in bytes: [UInt8]) -> [JSONValue] {
        partial += bytes
        var all: [JSONValue] = []
        while let end = partial.firstIndex(of: 0x0a) {
            if let value = JSONValue(Array(partial[..<end])) { all.append(value) }
            partial.removeSubrange(...end)
        }
        if let value = JSONValue(partial), case .object = value {
            all.append(value)
            partial = []
        }
        return all
    }
}
