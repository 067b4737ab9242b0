import HTTP
import OCI
import Registry
import Synchronization
import Testing

private let ok = "HTTP/1.1 200 OK\r\nConnection: close\r\n"

/// Reads one blob from a server of bytes.
private func read(
    _ blob: [UInt8], size: Int64? = nil, _ settings: RegistrySettings = quick(), _ script: @escaping @Sendable (String, RawConnection) -> Void
) async throws -> (bytes: [UInt8], error: RegistryError?, ranges: [String]) {
    try await withRaw(script) { server in
        let name = try Reference(parsing: "127.0.0.1:\(server.port)/x")
        do throws(RegistryError) {
            let (bytes, error) = try await RegistryClient(settings).repository(name, nil).blob(descriptor(blob, size: size)).all()
            return (bytes, error, server.ranges)
        } catch {
            return ([], error, server.ranges)
        }
    }
}

private func start(of range: String) -> Int { Int(range.dropFirst(6).prefix { $0 != "-" }) ?? 0 }

private func rangeHead(_ head: String) -> Int {
    head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("range: ") }.map { start(of: String($0.dropFirst(7))) } ?? 0
}

/// Reads on while `goesOn`.
private func taking(_ repository: Repository, _ descriptor: ContentDescriptor, goesOn: () -> Bool) async -> RegistryError? {
    do throws(RegistryError) {
        for try await _ in try await repository.blob(descriptor) where !goesOn() { return nil }
        return nil
    } catch {
        return error
    }
}

@Suite("A blob", .timeLimit(.minutes(2)))
struct BlobTests {
    @Test("comes whole, in chunks, over a connection that is used again, also an empty one")
    func whole() async throws {
        let blob = pattern(3_000_000)
        try await withRegistry({ request, _ in
            if request.path.hasSuffix(descriptor(blob).digest) { return Response(status: 200, body: .bytes(blob)) }
            return request.path.hasSuffix(descriptor([]).digest) ? Response(status: 200, body: .bytes([])) : nil
        }) { registry in
            let repository = RegistryClient(quick()).repository(try registry.name(), nil)
            for _ in 0..<3 {
                let (bytes, error) = try await repository.blob(descriptor(blob)).all()
                #expect(bytes == blob && error == nil)
            }
            let (bytes, error) = try await repository.blob(descriptor([])).all()
            #expect(bytes.isEmpty && error == nil)
            #expect(registry.asked.map(\.line).first == "GET /v2/library/x/blobs/\(descriptor(blob).digest)")
            #expect(registry.asked.allSatisfy { $0.headers["Range"] == nil })
        }
    }

    @Test("goes on where its connection broke, as often as it gets on, by end or by error")
    func resumed() async throws {
        let blob = pattern(1_000_000)
        let (bytes, error, ranges) = try await read(blob) { head, connection in
            let from = rangeHead(head)
            let status = from == 0 ? ok : "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes \(from)-999999/1000000\r\nConnection: close\r\n"
            connection.send("\(status)Content-Length: \(1_000_000 - from)\r\n\r\n")
            connection.send(Array(blob[from..<min(from + 150_000, 1_000_000)]))
            if connection.number == 2 { connection.reset() }
        }
        #expect(error == nil)
        #expect(bytes == blob)
        #expect(ranges.first == "" && ranges.count >= 7)
        // Each begins where the one before broke off.
        #expect(ranges.dropFirst().map(start).sorted() == ranges.dropFirst().map(start))
        #expect(ranges.dropFirst().allSatisfy { $0.hasPrefix("bytes=") && $0.hasSuffix("-") })
    }

    @Test("goes on also where the registry sends all of it again, or has no such range, or begins earlier")
    func ignoredRange() async throws {
        let blob = pattern(400_000)
        for way in ["all", "refuse", "earlier"] {
            let (bytes, error, ranges) = try await read(blob) { head, connection in
                if connection.number == 0 {
                    connection.send("\(ok)Content-Length: 400000\r\n\r\n")
                    connection.send(Array(blob[..<100_000]))
                } else if way == "refuse", rangeHead(head) > 0 {
                    connection.send("HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                } else if way == "earlier" {
                    connection.send("HTTP/1.1 206 Partial\r\nContent-Range: bytes 10-399999/400000\r\nContent-Length: 399990\r\n\r\n")
                    connection.send(Array(blob[10...]))
                } else {
                    connection.send("\(ok)Content-Length: 400000\r\n\r\n")
                    connection.send(blob)
                }
            }
            #expect(error == nil && bytes == blob, "\(way)")
            #expect(ranges.count == (way == "refuse" ? 3 : 2), "\(way)")
        }
    }

    @Test("is given up after so many attempts that brought nothing, and the error says how far it came")
    func givenUp() async throws {
        let blob = pattern(100_000)
        let (bytes, error, ranges) = try await read(blob) { head, connection in
            connection.send("HTTP/1.1 \(rangeHead(head) == 0 ? "200 OK" : "206 Partial")\r\n")
            connection.send("Content-Range: bytes \(rangeHead(head))-99999/100000\r\nContent-Length: \(100_000 - rangeHead(head))\r\n\r\n")
            if connection.number == 0 { connection.send(Array(blob[..<30_000])) }
        }
        #expect(bytes == Array(blob[..<30_000]))
        #expect(ranges.count == 3)
        guard case .unreachable(let text) = error else { throw error ?? .cancelled }
        #expect(text.contains("/blobs/\(descriptor(blob).digest)\": unexpected EOF (after 30000 of 100000 bytes)"))
    }

    @Test("of another length than the manifest promises is refused before a byte is taken", arguments: [99_999, 100_001, 9_000_000_000])
    func wrongLength(length: Int) async throws {
        let blob = pattern(100_000)
        let (bytes, error, ranges) = try await read(blob) { _, connection in
            connection.send("\(ok)Content-Length: \(length)\r\n\r\n")
            connection.send(blob)
        }
        #expect(bytes.isEmpty && ranges.count == 1)
        let words = "blob \(descriptor(blob).digest) of 127.0.0.1"
        switch error {
        case .tooLong(let text) where length > 100_000: #expect(text.hasPrefix(words) && text.hasSuffix("has \(length) bytes, the manifest promises 100000"))
        case .tooShort(let text): #expect(text.hasPrefix(words) && text.hasSuffix("has 99999 bytes, the manifest promises 100000"))
        default: Issue.record(error ?? .cancelled)
        }
    }

    @Test("of unknown length never yields more than was promised, and is an error where there is more or less")
    func unknownLength() async throws {
        let blob = pattern(100_000)
        let longer = try await read(blob, size: 60_000) { _, connection in
            connection.send("\(ok)Transfer-Encoding: chunked\r\n\r\n")
            for start in stride(from: 0, to: 100_000, by: 10_000) {
                connection.send("2710\r\n")
                connection.send(Array(blob[start..<start + 10_000]))
                connection.send("\r\n")
            }
            connection.send("0\r\n\r\n")
            connection.waitForEnd()
        }
        #expect(longer.bytes.count <= 60_000 && longer.bytes == Array(blob.prefix(longer.bytes.count)))
        guard case .tooLong = longer.error else { throw longer.error ?? .cancelled }
        let shorter = try await read(blob) { head, connection in
            if rangeHead(head) > 0 { connection.send("HTTP/1.1 416 No\r\nContent-Range: bytes */50000\r\nContent-Length: 0\r\nConnection: close\r\n\r\n") }
            connection.send("\(ok)\r\n")
            connection.send(Array(blob[..<50_000]))
        }
        #expect(shorter.bytes == Array(blob[..<50_000]))
        guard case .tooShort(let text) = shorter.error else { throw shorter.error ?? .cancelled }
        #expect(text.hasSuffix("has 50000 bytes, the manifest promises 100000"))
        let exact = try await read(blob) { _, connection in
            connection.send("\(ok)\r\n")
            connection.send(blob)
        }
        #expect(exact.bytes == blob && exact.error == nil)
    }

    @Test("whose rest is another place's is refused")
    func wrongRange() async throws {
        let blob = pattern(100_000)
        let answers = ["bytes 50000-99999/100000", "bytes 10-99999/200000", "garbage", ""]
        for answer in answers {
            let (bytes, error, _) = try await read(blob) { head, connection in
                guard connection.number > 0 else {
                    connection.send("\(ok)Content-Length: 100000\r\n\r\n")
                    connection.send(Array(blob[..<20_000]))
                    return
                }
                connection.send("HTTP/1.1 206 Partial\r\nContent-Range: \(answer)\r\nContent-Length: 50000\r\n\r\n")
                connection.send(Array(blob[50_000...]))
            }
            #expect(bytes == Array(blob[..<20_000]))
            switch error {
            case .malformed, .tooLong: break
            default: Issue.record(error ?? .cancelled, "\(answer)")
            }
        }
    }

    @Test("that stalls is an error that says so, after one attempt more")
    func stalled() async throws {
        let blob = pattern(100_000)
        let (bytes, error, ranges) = try await read(blob, quick { $0.idleTimeout = .seconds(1) }) { head, connection in
            let from = rangeHead(head)
            connection.send("HTTP/1.1 \(from == 0 ? "200 OK" : "206 Partial")\r\nContent-Range: bytes \(from)-99999/100000\r\n")
            connection.send("Content-Length: \(100_000 - from)\r\n\r\n")
            if from == 0 { connection.send(Array(blob[..<10_000])) }
            connection.waitForEnd()
        }
        #expect(bytes == Array(blob[..<10_000]))
        #expect(ranges == ["", "bytes=10000-"])
        guard case .stalled(let text) = error else { throw error ?? .cancelled }
        #expect(text.hasSuffix("nothing came for 1.0 seconds (after 10000 of 100000 bytes)"))
    }

    @Test("whose reader is slow does not count as stalled")
    func slowReader() async throws {
        let blob = pattern(8_000_000)
        try await withRegistry({ request, _ in request.path.contains("/blobs/") ? Response(status: 200, body: .bytes(blob)) : nil }) { registry in
            let client = RegistryClient(quick { ($0.idleTimeout, $0.attempts) = (.seconds(2), 1) })
            let stream = try await client.repository(registry.name(), nil).blob(descriptor(blob))
            var bytes: [UInt8] = []
            for try await chunk in stream {
                if bytes.isEmpty { try await Task.sleep(for: .seconds(3)) }
                bytes += chunk
            }
            #expect(bytes == blob)
        }
    }

    @Test("that is not read to its end, or whose task is cancelled, closes its connection", arguments: [true, false])
    func abandoned(isCancelled: Bool) async throws {
        let blob = pattern(100_000), closed = Event(), begun = Event()
        try await withRaw({ _, connection in
            connection.send("\(ok)Content-Length: 100000\r\n\r\n")
            connection.send(Array(blob[..<1_000]))
            connection.waitForEnd()
            closed.happened()
        }) { server in
            let repository = RegistryClient(quick()).repository(try Reference(parsing: "127.0.0.1:\(server.port)/x"), nil)
            let task = Task {
                await taking(repository, descriptor(blob)) {
                    begun.happened()
                    return isCancelled
                }
            }
            #expect(await begun.wait())
            if isCancelled { task.cancel() }
            #expect(await task.value == (isCancelled ? .cancelled : nil))
            #expect(await closed.wait())
        }
    }

    @Test("that the registry does not have, or whose digest is none, is told so")
    func missing() async throws {
        try await withRegistry({ request, _ in request.path.contains("/blobs/") ? .refusal(404, "BLOB_UNKNOWN", "blob unknown to registry") : nil }) {
            registry in
            let repository = RegistryClient(quick()).repository(try registry.name(), nil)
            await #expect(throws: RegistryError.notFound("unknown blob")) { _ = try await repository.blob(descriptor([1])) }
            for digest in ["sha512:\(String(repeating: "a", count: 128))", "sha256:../../etc/passwd", ""] {
                let text = await failure(of: { () async throws(RegistryError) in
                    _ = try await repository.blob(ContentDescriptor(mediaType: "", digest: digest, size: 1))
                })
                #expect(text.contains("unsupported digest"))
            }
            #expect(registry.asked.count == 1)
        }
    }
}
