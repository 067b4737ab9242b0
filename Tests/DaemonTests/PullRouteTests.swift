import Digests
import DockerAPI
import Engine
import FoundationEssentials
import HTTP
import Linux
import Logging
import Testing

@testable import Daemon

/// A registry with one image without layers, so that no helper is needed; the digests are those of the texts.
private let configuration =
    #"{"created":"2024-01-02T03:04:05Z","architecture":"\#(architecture)","os":"linux","config":{"Labels":{"colour":"blue"}},"rootfs":{"type":"layers","diff_ids":[]}}"#
private let configurationDigest = digest(of: configuration)
private let manifest =
    #"{"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"\#(configurationDigest)","size":\#(configuration.utf8.count)},"layers":[]}"#
private let manifestDigest = digest(of: manifest)

#if arch(arm64)
    private let architecture = "arm64"
#else
    private let architecture = "amd64"
#endif

private func digest(of text: String) -> String { Digest(of: text.utf8).description }

private func answer(_ request: Request) -> Response {
    let last = request.segments.last ?? ""
    if request.headers["Authorization"] != nil || request.path == "/v2/" { return Response(status: 200, body: .bytes(Array("{}".utf8))) }
    switch last {
    case "1", "broken", manifestDigest:
        let text = last == "broken" ? manifest.replacing(configurationDigest, with: manifestDigest) : manifest
        return Response(status: 200, headers: ["Content-Type": "application/vnd.oci.image.manifest.v1+json"], body: .bytes(Array(text.utf8)))
    case configurationDigest: return Response(status: 200, body: .bytes(Array(configuration.utf8)))
    default: return Response(status: 404, body: .bytes(Array(#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#.utf8)))
    }
}

private func withRegistry(_ body: (Client, ContainerEngine, String) async throws -> Void) async throws {
    let registry = Server(threads: 1) { answer($0) }
    let port = try await registry.bind(host: "127.0.0.1", port: 0)
    try await withEngine { client, engine in try await body(client, engine, "127.0.0.1:\(port)") }
    await registry.shutdown()
}

private func lines(_ reply: Reply) async throws -> [ProgressLine] {
    try String(decoding: try await reply.bytes(), as: UTF8.self).split(separator: "\r\n").map {
        try JSONDecoder().decode(ProgressLine.self, from: Data($0.utf8))
    }
}

private func message(_ reply: Reply) async throws -> String { try JSONDecoder().decode(ErrorReply.self, from: Data(try await reply.bytes())).message }

@Suite("Pulling through the API", .timeLimit(.minutes(1)))
struct PullRouteTests {
    @Test("tells the steps in Docker's words, and then the image is there, with its digest")
    func pull() async throws {
        try await withRegistry { client, engine, host in
            let (_, events) = engine.events.listen()
            let reply = try await client.request("POST", "/v1.43/images/create?fromImage=\(host)/me/app&tag=1", headers: ["X-Registry-Auth": "e30="])
            #expect(reply.status == 200 && reply.headers["Content-Type"] == "application/json")
            var first = ProgressLine(status: "Pulling from me/app")
            first.id = "1"
            #expect(
                try await lines(reply) == [
                    first, ProgressLine(status: "Digest: \(manifestDigest)"), ProgressLine(status: "Status: Downloaded newer image for \(host)/me/app:1")
                ])
            let again = try await lines(try await client.request("POST", "/images/create?fromImage=\(host)/me/app&tag=\(manifestDigest)"))
            #expect(again.last?.status == "Status: Image is up to date for \(host)/me/app@\(manifestDigest)")
            #expect(again.first?.id == "\(host)/me/app@\(manifestDigest)")
            for await event in events {
                #expect(event.Action == "pull" && event.Actor.ID == "\(host)/me/app:1")
                #expect(event.Actor.Attributes == ["name": "\(host)/me/app", "colour": "blue"])
                break
            }
            let summaries = try JSONDecoder().decode([ImageSummary].self, from: Data(try await client.request("GET", "/images/json?digests=1").bytes()))
            #expect(summaries.map(\.Id) == [configurationDigest] && summaries[0].RepoDigests == ["\(host)/me/app@\(manifestDigest)"])
            let inspect = try JSONDecoder().decode(
                ImageInspect.self, from: Data(try await client.request("GET", "/images/\(host)/me/app@\(manifestDigest)/json").bytes()))
            #expect(inspect.RepoDigests == summaries[0].RepoDigests && inspect.RepoTags == ["\(host)/me/app:1"])
            let removed = try JSONDecoder().decode([ImageRemoval].self, from: Data(try await client.request("DELETE", "/images/\(host)/me/app:1").bytes()))
            #expect(removed.map { $0.Untagged ?? $0.Deleted } == ["\(host)/me/app:1", "\(host)/me/app@\(manifestDigest)", configurationDigest])
        }
    }

    @Test(
        "what was pulled is listed by filters",
        arguments: [
            (#"{"reference":["*/me/app:1"]}"#, 1), (#"{"reference":["*/me/app"]}"#, 1), (#"{"reference":["*/app","me/*"]}"#, 0),
            (#"{"dangling":["true"]}"#, 0), (#"{"dangling":["0"]}"#, 1), (#"{"label":["colour=blue"]}"#, 1), (#"{"label!":["colour"]}"#, 0),
            (#"{"label!":["shape"]}"#, 1), (#"{"until":["1h30m"]}"#, 1), (#"{"until":["2020-01-01T00:00:00Z"]}"#, 0), (#"{"until":["1577836800"]}"#, 0),
            (#"{"since":["IMAGE"]}"#, 0), (#"{"before":["IMAGE"]}"#, 0)
        ])
    func filters(_ filters: String, _ count: Int) async throws {
        try await withRegistry { client, _, host in
            _ = try await client.request("POST", "/images/create?fromImage=\(host)/me/app&tag=1").bytes()
            let text = filters.replacing("IMAGE", with: "\(host)/me/app:1")
            let escaped = text.utf8.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            let reply = try await client.request("GET", "/images/json?filters=\(escaped)")
            #expect(try JSONDecoder().decode([ImageSummary].self, from: Data(try await reply.bytes())).count == count, "\(filters)")
            for bad in ["%7B%22dangling%22%3A%5B%22x%22%5D%7D", "%7B%22until%22%3A%5B%22x%22%5D%7D"] {
                #expect(try await client.request("GET", "/images/json?filters=\(bad)").status == 400)
            }
        }
    }

    @Test("has a status of its own for what fails before the first line, and a last line for what fails after it")
    func failures() async throws {
        try await withRegistry { client, _, host in
            let unknown = try await client.request("POST", "/images/create?fromImage=\(host)/app&tag=none")
            #expect(unknown.status == 404)
            #expect(try await message(unknown) == "manifest for \(host)/app:none not found: manifest unknown: manifest unknown")
            let nobody = try await client.request("POST", "/images/create?fromImage=127.0.0.1:1/app&tag=1")
            #expect(nobody.status == 500)
            #expect(try await message(nobody).contains("127.0.0.1:1"))
            let broken = try await lines(try await client.request("POST", "/images/create?fromImage=\(host)/app&tag=broken"))
            #expect(broken.count == 2 && broken[0].status == "Pulling from app")
            #expect(broken[1].error?.contains(manifestDigest) == true && broken[1].errorDetail?.message == broken[1].error)
        }
    }

    @Test(
        "refuses what makes no sense",
        arguments: [
            ("fromImage=UP&tag=1", "", 400, "invalid reference format: repository name (library/UP) must be lowercase"),
            ("fromImage=a&tag=1&platform=no/such/thing/here", "", 400, "platform specifier component"),
            ("fromImage=a&tag=-", "", 400, "invalid reference format"),
            ("fromImage=a&tag=1", "!!", 400, "invalid X-Registry-Auth header"), ("fromImage=a&tag=1", "W10=", 400, "invalid X-Registry-Auth header")
        ])
    func refused(_ query: String, _ header: String, _ status: Int, _ words: String) async throws {
        try await withRegistry { client, _, _ in
            let reply = try await client.request("POST", "/images/create?\(query)", headers: ["X-Registry-Auth": header])
            #expect(reply.status == status)
            #expect(try await message(reply).contains(words))
        }
    }

    @Test("what a name stands for at its registry can be asked for without pulling")
    func distribution() async throws {
        try await withRegistry { client, _, host in
            let reply = try await client.request("GET", "/distribution/\(host)/me/app:1/json")
            let found = try JSONDecoder().decode(DistributionReply.self, from: Data(try await reply.bytes()))
            #expect(
                found.Descriptor == .init(mediaType: "application/vnd.oci.image.manifest.v1+json", digest: manifestDigest, size: Int64(manifest.utf8.count)))
            #expect(found.Platforms == [.init(architecture: architecture, os: "linux", variant: nil)])
            #expect(try await client.request("GET", "/distribution/\(host)/me/app:none/json").status == 404)
            #expect(try await client.request("GET", "/images/json").bytes() == Array("[]\n".utf8))
        }
    }

    @Test("a login is tried at the registry; without anything to try it is refused")
    func login() async throws {
        try await withRegistry { client, _, host in
            let headers: Headers = ["Content-Type": "application/json"]
            let body = #"{"username":"me","password":"secret","serveraddress":"\#(host)"}"#
            let reply = try await client.request("POST", "/auth", headers: headers, body: Array(body.utf8))
            #expect(reply.status == 200)
            #expect(String(decoding: try await reply.bytes(), as: UTF8.self) == #"{"IdentityToken":"","Status":"Login Succeeded"}"# + "\n")
            #expect(try await client.request("POST", "/auth", headers: headers, body: Array("{}".utf8)).status == 400)
        }
    }
}

@Suite("Progress")
struct ProgressTests {
    @Test(
        "sizes have four digits that count",
        arguments: [
            (0, "0B"), (512, "512B"), (1_000, "1kB"), (1_296_000, "1.296MB"), (99_990, "99.99kB"), (999_949, "999.9kB"), (1_048_576, "1.049MB"),
            (5_000_000_000, "5GB")
        ])
    func sizes(_ bytes: Int64, _ text: String) { #expect(humanSize(bytes) == text) }

    @Test("the bar is moby's")
    func bar() {
        let half = ProgressLine(status: "Downloading", id: "0123456789ab", detail: .init(current: 512_000, total: 1_024_000))
        #expect(half.progress == "[" + String(repeating: "=", count: 25) + ">" + String(repeating: " ", count: 25) + "]    512kB/1.024MB")
        #expect(ProgressLine(status: "Waiting", id: "0123456789ab").progress == nil)
        #expect(ProgressLine(status: "Downloading", id: "a", detail: .init(current: 3)).progress == "      3B")
    }
}
