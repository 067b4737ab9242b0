// Ports, mounts, durations as users write them; and whole requests beside those of Docker's own client, which is asked on the spot. Chapter 13.
import JSON
import Linux
import Testing

@testable import CLI

@Suite("What ties a container to its surroundings")
struct ConnectionTests {
    @Test(
        "-p in all its forms",
        arguments: [
            ("80", [PortSpec(port: "80/tcp", address: "", hostPort: "")]), ("8080:80", [PortSpec(port: "80/tcp", address: "", hostPort: "8080")]),
            ("127.0.0.1:53:53/udp", [PortSpec(port: "53/udp", address: "127.0.0.1", hostPort: "53")]),
            ("127.0.0.1::80", [PortSpec(port: "80/tcp", address: "127.0.0.1", hostPort: "")]),
            ("[::1]:1:2", [PortSpec(port: "2/tcp", address: "::1", hostPort: "1")]),
            ("8000-8001:80-81", [PortSpec(port: "80/tcp", address: "", hostPort: "8000"), PortSpec(port: "81/tcp", address: "", hostPort: "8001")]),
            ("8000-8010:80", [PortSpec(port: "80/tcp", address: "", hostPort: "8000-8010")])
        ])
    func ports(text: String, expected: [PortSpec]) throws {
        let found = try PortSpec.parse(text)
        #expect(found == expected)
    }

    @Test(
        "-p that makes no sense is refused in Docker's words",
        arguments: [
            ("x", "invalid containerPort: x"), ("70000:80", "invalid hostPort: 70000"), ("80/x", "invalid proto: x"),
            ("1.2.3:1:2", "invalid IP address: 1.2.3"),
            ("1-2:3-5", "invalid ranges specified for container and host Ports: 3-5 and 1-2"), ("8080:", "no port specified: 8080:<empty>")
        ])
    func badPorts(text: String, words: String) {
        let said = refusal { _ = try PortSpec.parse(text) }
        #expect(said == words)
    }

    @Test(
        "--mount that makes no sense is refused",
        arguments: [
            ("type=bind,source=/a", "target is required"), ("target=/a,nonsense", "invalid field 'nonsense' must be a key=value pair"),
            ("target=/a,x=y", "unexpected key 'x' in 'x=y'"), ("target=/a,ro=x", "invalid value for ro: x"),
            ("type=bind,source=/a,target=/b,volume-nocopy=true", "cannot mix 'volume-*' options with mount type 'bind'")
        ])
    func badMounts(text: String, words: String) {
        let said = refusal { _ = try MountSpec.mount(text) }
        #expect(said == words)
    }

    private func refusal(_ body: () throws -> Void) -> String? {
        do { try body() } catch { return "\(error)" }
        return nil
    }

    @Test(
        "durations are Go's",
        arguments: [("30s", 30_000_000_000), ("1m30s", 90_000_000_000), ("200ms", 200_000_000), ("1.5h", 5_400_000_000_000), ("0", 0)] as [(String, Int64)])
    func durations(text: String, nanoseconds: Int64) {
        #expect(Values.nanoseconds(text) == nanoseconds)
    }

    @Test("and nothing else is", arguments: ["", "5", "x", "5x", "-1s", "1s2"])
    func noDurations(text: String) { #expect(Values.nanoseconds(text) == nil) }

    @Test("names are sorted as people count")
    func order() {
        #expect(["net10", "net2", "a", "net1x", "net"].sorted(by: naturalOrder) == ["a", "net", "net1x", "net2", "net10"])
    }

    @Test("sizes of memory are powers of 1024, with four digits")
    func binary() {
        #expect([0, 1023, 1536, 64 << 20, 1000 << 20].map(Words.binarySize) == ["0B", "1023B", "1.5KiB", "64MiB", "1000MiB"])
    }
}

@Suite("Requests beside Docker's own", .serialized)
struct SameRequestTests {
    static let docker: FilePath? = ["/usr/local/bin/docker", "/usr/bin/docker"].map { FilePath($0) }.first { exists($0) }

    @Test(
        "the two clients send the same", .enabled(if: docker != nil, "UNVERIFIED HERE: needs the genuine docker command"),
        arguments: [
            "create -p 8080:80 -p 127.0.0.1:53:53/udp -p 7000-7001:70-71 --expose 9000-9001 -P img",
            "create --network n1 --network-alias web --network-alias www --ip 10.1.2.3 --dns 1.1.1.1 --dns-search x.y --dns-option ndots:2 img",
            "create --network name=n1,alias=a,ip=10.0.0.9 --network n2 img", "create --network container:other img",
            "create --net host --mac-address 02:42:ac:11:00:09 img",
            "create -v /host:/inside:ro img", "create -v data:/data -v /anonymous --volumes-from other:ro --tmpfs /t:size=1m img",
            "create --mount type=bind,src=/a,dst=/b,readonly,bind-propagation=rslave --mount type=tmpfs,target=/t,tmpfs-size=64k,tmpfs-mode=1770 img",
            "create --mount source=v,target=/v,volume-nocopy,volume-label=a=b,volume-opt=type=tmpfs,volume-subpath=x img",
            "create --device /dev/null --device /dev/zero:/dev/z:r img",
            "create --health-cmd true --health-interval 1m30s --health-retries 2 --health-timeout 200ms --health-start-period 1s img",
            "create --no-healthcheck img",
            "create --restart on-failure:3 --memory 64m --cpus 0.5 -it img sh -c true", "network create n",
            "network create --subnet 10.0.0.0/24 --gateway 10.0.0.1 --ip-range 10.0.0.128/25 --aux-address a=10.0.0.5 --internal --attachable -o a=b --label c=d n",
            "network connect --alias x --ip 10.0.0.5 n c", "network disconnect -f n c", "volume create --label a=b -o type=tmpfs v",
            "update -m 64m --cpus 0.5 --restart always c"
        ])
    func same(line: String) throws {
        let words = line.split(separator: " ").map(String.init)
        let (ours, theirs) = (try body(words, nil), try body(words, Self.docker))
        #expect(differences(ours, theirs, "").joined(separator: "\n") == "")
    }

    /// The body that a client sends. The version is fixed: the scripted engine does not negotiate.
    private func body(_ words: [String], _ program: FilePath?) throws -> JSONValue {
        let engine = try ScriptedEngine { line in line.contains("_ping") ? .json(200, "") : .json(201, #"{"Id":"x","Name":"x","Warnings":[]}"#) }
        defer { engine.close() }
        let run = try ToolRun(engine, words, environment: ["DOCKER_CONFIG=/nonexistent", "DOCKER_API_VERSION=1.48"], program: program)
        let request = try #require(engine.wholeRequests.first { $0.hasPrefix("POST") }, "\(run)")
        let start = try #require(request.firstRange(of: "\r\n\r\n")).upperBound
        return try #require(JSONValue(Array(request[start...].utf8)), "\(request)")
    }

    /// Where two values differ. What only one of them says must say nothing: nil, zero, empty.
    private func differences(_ ours: JSONValue, _ theirs: JSONValue, _ place: String) -> [String] {
        if case .object(let mine) = ours, case .object(let other) = theirs {
            // The check is for engines before 1.44; sizes come from a terminal; the address of a container that is in no network yet is for engines before 1.44 too.
            let names = Set(mine.map(\.name)).union(other.map(\.name)).subtracting(["CheckDuplicate", "ConsoleSize"] + (place.isEmpty ? ["MacAddress"] : []))
            return names.sorted().flatMap { differences(ours[$0] ?? .null, theirs[$0] ?? .null, "\(place).\($0)") }
        }
        if case .array(let mine) = ours, case .array(let other) = theirs, mine.count == other.count {
            return zip(mine, other).enumerated().flatMap { differences($1.0, $1.1, "\(place)[\($0)]") }
        }
        if isNothing(ours), isNothing(theirs) { return [] }
        return ours == theirs ? [] : ["\(place): ours \(ours.text()), Docker's \(theirs.text())"]
    }

    private func isNothing(_ value: JSONValue) -> Bool {
        switch value {
        case .null: true
        case .bool(let value): !value
        case .number(let digits): ["0", "-1"].contains(digits)
        case .string(let text): text.isEmpty
        case .array(let items): items.allSatisfy(isNothing)
        case .object(let members): members.allSatisfy { isNothing($0.value) }
        }
    }
}
