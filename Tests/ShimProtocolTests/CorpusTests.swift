import FoundationEssentials
import Linux
import OCI
import ShimProtocol
import Testing

// Tests/Corpus/ShimProtocol/v1 holds packets of version 1 as they were when it was laid down. They must be understood for ever: an upgraded daemon meets the
// shims of the one before. So files are added here, and never changed.

private let corpusPath = FilePath("\(#filePath)").removingLastComponent().removingLastComponent().appending("Corpus/ShimProtocol/v1")

/// The corpus's files whose names begin with `kind`.
func corpus(_ kind: String) throws -> [String] {
    try entries(corpusPath).filter { $0.hasPrefix(kind) }.sorted()
}

func bytes(_ name: String) throws -> [UInt8] {
    try readFile(corpusPath.appending(name))
}

@Suite("The wire, version 1")
struct CorpusTests {
    @Test("every request of the corpus is understood, and says the same when written again", arguments: try corpus("request"))
    func requests(name: String) throws {
        let packet = try bytes(name)
        let envelope = try Packet.decode(ShimEnvelope.self, packet)
        let again = try Packet.encode(envelope)
        #expect(try Packet.encode(Packet.decode(ShimEnvelope.self, again)) == again)
        #expect(envelope.sequence == Packet.sequence(ofUnknown: packet))
    }

    @Test("every reply and event is understood, and says the same when written again", arguments: try corpus("message"))
    func messages(name: String) throws {
        let message = try Packet.decode(ShimMessage.self, bytes(name))
        #expect(message != .unknown)
        #expect(try Packet.decode(ShimMessage.self, Packet.encode(message)) == message)
    }

    @Test("what only a newer shim would say is no error", arguments: try corpus("unknown"))
    func unknown(name: String) throws {
        #expect(try Packet.decode(ShimMessage.self, bytes(name)) == .unknown)
    }

    @Test("every configuration is understood", arguments: try corpus("configuration"))
    func configurations(name: String) throws {
        let configuration = try Packet.decode(ShimConfiguration.self, bytes(name))
        #expect(configuration.version == 1)
        #expect(try Packet.decode(ShimConfiguration.self, Packet.encode(configuration)) == configuration)
    }

    @Test("means what it says")
    func meaning() throws {
        let request = try Packet.decode(ShimEnvelope.self, bytes("request-exec.json")).request
        guard case .exec(let id, let process, let user, let groups, let input, nil, nil, nil) = request
        else {
            Issue.record("no exec")
            return
        }
        #expect(id == "e1" && user == "www:extra" && groups == ["audio"] && input)
        #expect(process.args == ["sh", "-c", "id"] && process.terminal == true)
        let reply = try Packet.decode(ShimMessage.self, bytes("message-reply-error.json"))
        let failure = ShimFailure(.notFound, step: "find the command", #"exec: "nosuch": executable file not found in $PATH"#)
        #expect(reply == .reply(ShimReply(sequence: 3, error: failure)))
        #expect(failure.description == #"find the command: exec: "nosuch": executable file not found in $PATH"#)
        guard case .reply(let newer) = try Packet.decode(ShimMessage.self, bytes("message-reply-unknown-kind-of-error.json")) else {
            Issue.record("no reply")
            return
        }
        #expect(newer.error?.kind == .other)
    }

    @Test("means what it says since clients' detach keys are found by the shim")
    func detaching() throws {
        guard case .attach(true, true, false, "ctrl-p,ctrl-q") = try Packet.decode(ShimEnvelope.self, bytes("request-attach-keys.json")).request else {
            Issue.record("no attach with its keys")
            return
        }
        guard case .exec(_, _, _, _, false, true, false, "ctrl-a,b") = try Packet.decode(ShimEnvelope.self, bytes("request-exec-streams.json")).request else {
            Issue.record("no exec with its streams")
            return
        }
        #expect(try Packet.decode(ShimMessage.self, bytes("message-detached.json")) == .event(.detached(.init(stream: "e1"))))
    }

    @Test("means what it says since containers have networks of their own")
    func networks() throws {
        guard case .network(nil) = try Packet.decode(ShimEnvelope.self, bytes("request-network.json")).request,
            case .network("/proc/4711/fd/9") = try Packet.decode(ShimEnvelope.self, bytes("request-network-path.json")).request,
            case .hold = try Packet.decode(ShimEnvelope.self, bytes("request-hold.json")).request
        else {
            Issue.record("no network, or nothing held")
            return
        }
        var reply = ShimReply(sequence: 12)
        reply.networkPath = "/proc/4711/fd/9"
        #expect(try Packet.decode(ShimMessage.self, bytes("message-reply-network.json")) == .reply(reply))
        guard case .event(.hello(let old)) = try Packet.decode(ShimMessage.self, bytes("message-hello-running.json")),
            case .event(.hello(let new)) = try Packet.decode(ShimMessage.self, bytes("message-hello-paused.json"))
        else {
            Issue.record("no hello")
            return
        }
        #expect(old.paused == nil && old.networkPath == nil && new.paused == true && new.networkPath == "/proc/100/fd/9")
    }

    @Test("means what it says since containers can be paused, measured and limited anew")
    func using() throws {
        guard case .reply(let full) = try Packet.decode(ShimMessage.self, bytes("message-reply-stats.json")),
            case .reply(let least) = try Packet.decode(ShimMessage.self, bytes("message-reply-stats-least.json")),
            case .reply(let warned) = try Packet.decode(ShimMessage.self, bytes("message-reply-warnings.json")),
            case .update(let resources) = try Packet.decode(ShimEnvelope.self, bytes("request-update-all.json")).request
        else {
            Issue.record("no replies, or no update")
            return
        }
        let stats = try #require(full.stats)
        #expect(stats.processor?.perProcessor == [6_478_176, 3_357_520] && stats.processor?.throttled == 700 && stats.pids?.limit == 5)
        #expect(stats.memory?.details?["total_inactive_file"] == 4096 && stats.blocks?.serviceBytes?.first?.operation == "Read")
        #expect(least.stats?.cgroupVersion == 2 && least.stats?.memory == nil)
        #expect(warned.warnings?.count == 1 && full.warnings == nil)
        #expect(resources.memory?.swap == -1 && resources.cpu?.cpus == "0-1" && resources.pids?.limit == -1)
    }

    @Test("a request of no known kind is an error, but its number can be told", arguments: [#"{"sequence":5,"request":{"fly":{}}}"#, #"{"sequence":5}"#])
    func unknownRequest(text: String) {
        #expect(throws: ShimProtocolError.self) { try Packet.decode(ShimEnvelope.self, Array(text.utf8)) }
        #expect(Packet.sequence(ofUnknown: Array(text.utf8)) == 5)
    }

    @Test("damaged packets are errors and never more than that")
    func damaged() throws {
        for name in try corpus("") {
            let whole = try bytes(name)
            for index in stride(from: 0, to: whole.count, by: 3) {
                _ = try? Packet.decode(ShimMessage.self, Array(whole[..<index]))  // only that it returns is asked here
                var flipped = whole
                flipped[index] ^= 0x15
                _ = try? Packet.decode(ShimEnvelope.self, flipped)  // likewise
            }
        }
    }

    @Test("an exit record survives its file, and a missing one is none")
    func record() throws {
        let scratch = try Scratch()
        let path = scratch.path.appending("exit.json")
        #expect(try ExitRecord(readFrom: path) == nil)
        try ExitRecord.forget(at: path)
        let record = ExitRecord(code: 143, signal: 15, startedAt: time(1), finishedAt: time(2), oomKilled: false)
        try record.write(to: path)
        #expect(try ExitRecord(readFrom: path) == record)
        #expect(try entries(scratch.path) == ["exit.json"])
        try ExitRecord.forget(at: path)
        #expect(try ExitRecord(readFrom: path) == nil)
    }

    @Test("a channel carries requests with descriptors, and messages back")
    func channel() throws {
        let pair = try SocketPair(.packets)
        let channel = ShimChannel(owning: try pair.near.duplicate())
        let pipe = try Pipe()
        try channel.send(.explain, sequence: 9, descriptors: [FileDescriptor(rawValue: pipe.writing.number)])
        let far = FileDescriptor(rawValue: pair.far.number)
        var packet = try receiveMessage(far)
        #expect(try Packet.decode(ShimEnvelope.self, packet.bytes).sequence == 9)
        guard let taken = packet.takeDescriptor() else {
            Issue.record("no descriptor came along")
            return
        }
        let copy = taken.release()
        try write(copy, "through")
        #expect(try read(FileDescriptor(rawValue: pipe.reading.number), upTo: 10) == Array("through".utf8))
        _ = Descriptor(owning: copy)
        try sendMessage(far, Packet.encode(ShimMessage.reply(ShimReply(sequence: 9))))
        try sendMessage(far, Array("nonsense".utf8))
        #expect(try channel.receive() == .reply(ShimReply(sequence: 9)))
        #expect(throws: ShimProtocolError.self) { try channel.receive() }
        try shutdown(far, .both)
        #expect(try channel.receive() == nil)
        #expect(throws: ShimProtocolError.closed) { try channel.send(.start, sequence: 10) }
    }

    @Test("a request that does not fit into a packet is refused before it is sent")
    func tooLarge() throws {
        let pair = try SocketPair(.packets)
        let channel = ShimChannel(owning: try pair.near.duplicate())
        let process = OCI.Process(args: [String(repeating: "x", count: wireLimit)])
        #expect(throws: ShimProtocolError.self) {
            try channel.send(.exec(id: "e", process: process, user: nil, groups: nil, input: false), sequence: 1)
        }
    }
}
