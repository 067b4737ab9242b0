import DockerAPI
import FoundationEssentials
import Testing

private func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
}

private func read<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value { try JSONDecoder().decode(type, from: Data(text.utf8)) }

@Suite("What is null, what is empty, what is left out")
struct ConventionTests {
    @Test("of a config that says nothing: lists are null, all else is left out")
    func config() throws {
        #expect(try json(ContainerConfig()) == #"{"Cmd":null,"Entrypoint":null,"Env":null,"OnBuild":null,"Volumes":null}"#)
    }

    @Test("of a host config that says nothing: what Docker shows as null")
    func host() throws {
        let nulls = [
            "Binds", "CapAdd", "CapDrop", "DeviceCgroupRules", "ExtraHosts", "GroupAdd", "Links", "MaskedPaths", "MemorySwappiness", "OomKillDisable",
            "PidsLimit",
            "ReadonlyPaths", "SecurityOpt", "Ulimits", "VolumesFrom"
        ]
        #expect(try json(HostConfig()) == "{" + nulls.map { "\"\($0)\":null" }.joined(separator: ",") + "}")
    }

    @Test("of a wait")
    func wait() throws {
        #expect(try json(WaitReply(7)) == #"{"Error":null,"StatusCode":7}"#)
        #expect(try json(WaitReply(-1, error: "gone")) == #"{"Error":{"Message":"gone"},"StatusCode":-1}"#)
    }

    @Test("of a container's networks and state")
    func networks() throws {
        let endpoint = try json(Endpoint(networkID: "n"))
        for part in [#""IPAMConfig":null"#, #""Links":null"#, #""Aliases":null"#, #""DriverOpts":null"#, #""IPPrefixLen":0"#, #""NetworkID":"n""#] {
            #expect(endpoint.contains(part))
        }
        let settings = try json(NetworkSettings())
        for part in [#""Ports":{}"#, #""SecondaryIPAddresses":null"#, #""Networks":{}"#, #""HairpinMode":false"#] { #expect(settings.contains(part)) }
        let state = try json(ContainerState(status: "created"))
        for part in [#""StartedAt":"0001-01-01T00:00:00Z""#, #""Error":"""#, #""Pid":0"#, #""Running":false"#] { #expect(state.contains(part)) }
    }

    @Test("of a container as a whole")
    func inspect() throws {
        let text = try json(
            ContainerInspect(
                id: "i", created: "c", path: "sh", args: [], state: ContainerState(status: "running"), image: "sha256:x", name: "/n", hostConfig: HostConfig(),
                config: ContainerConfig(), graphDriver: GraphDriver(name: "overlay2", data: nil), networks: NetworkSettings()))
        for part in [
            #""Args":[]"#, #""ExecIDs":null"#, #""Mounts":[]"#, #""Platform":"linux""#, #""GraphDriver":{"Data":null,"Name":"overlay2"}"#, #""Running":true"#
        ] {
            #expect(text.contains(part))
        }
        for key in ["SizeRw", "SizeRootFs"] { #expect(!text.contains(key)) }
    }

    @Test("of ports: exposed but unpublished ones are null, and read so")
    func ports() throws {
        let text = #"{"PortBindings":{"7000/tcp":null,"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"8080"}]}}"#
        let host = try read(HostConfig.self, text)
        #expect(host.PortBindings?.keys.sorted() == ["7000/tcp", "80/tcp"])
        #expect(try json(host.PortBindings) == #"{"7000/tcp":null,"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"8080"}]}"#)
    }

    @Test("of images and of removing them")
    func images() throws {
        let line = try json(ImageSummary(id: "sha256:x", created: 1, tags: ["a:1"], digests: [], size: 5, labels: nil))
        #expect(
            line
                == #"{"Containers":-1,"Created":1,"Id":"sha256:x","Labels":null,"ParentId":"","RepoDigests":[],"RepoTags":["a:1"],"SharedSize":-1,"Size":5}"#)
        #expect(try json([ImageRemoval(untagged: "a:1"), ImageRemoval(deleted: "sha256:x")]) == #"[{"Untagged":"a:1"},{"Deleted":"sha256:x"}]"#)
        #expect(
            try json(HistoryEntry(id: "<missing>", created: 1, createdBy: "x", tags: nil, size: 0, comment: ""))
                == #"{"Comment":"","Created":1,"CreatedBy":"x","Id":"<missing>","Size":0,"Tags":null}"#)
    }

    @Test("of events: containers carry the three old keys, images two, others none")
    func events() throws {
        func event(_ type: String) throws -> String {
            try json(EventMessage(type: type, action: "start", actor: "id", attributes: ["image": "bb"], nanoseconds: 1_500_000_000))
        }
        let rest = #""scope":"local","#, times = #""time":1,"timeNano":1500000000}"#
        let actor = #""Actor":{"Attributes":{"image":"bb"},"ID":"id"},"#
        #expect(try event("container") == #"{"Action":"start","# + actor + #""Type":"container","from":"bb","id":"id","# + rest + #""status":"start","# + times)
        #expect(try event("image") == #"{"Action":"start","# + actor + #""Type":"image","id":"id","# + rest + #""status":"start","# + times)
        #expect(try event("network") == #"{"Action":"start","# + actor + #""Type":"network","# + rest + times)
    }

    @Test("of progress")
    func progress() throws {
        #expect(try json(ProgressLine(status: "sha256:x")) == #"{"status":"sha256:x"}"#)
        #expect(try json(ProgressLine(failure: "no")) == #"{"error":"no","errorDetail":{"message":"no"}}"#)
    }
}

@Suite("A request to create a container")
struct CreateRequestTests {
    @Test("is read with the odd values of the docker command")
    func docker() throws {
        let text = """
            {"Hostname":"","AttachStdin":false,"Tty":false,"Env":null,"Cmd":["sh"],"Image":"bb","Volumes":{"/d":{}},"Entrypoint":null,"OnBuild":null,"Labels":{},
            "HostConfig":{"Binds":null,"LogConfig":{"Type":"","Config":{}},"NetworkMode":"default","PortBindings":{},"RestartPolicy":{"Name":"no","MaximumRetryCount":0},
            "ConsoleSize":[0,0],"CapAdd":null,"Dns":[],"MemorySwappiness":-1,"OomKillDisable":false,"PidsLimit":0,"NanoCpus":500000000,"Memory":67108864,"New":{"x":1}},
            "NetworkingConfig":{"EndpointsConfig":{"default":{"IPAMConfig":null,"Aliases":null},"n1":null}},"Unknown":[1]}
            """
        let request = try read(CreateRequest.self, text)
        #expect(request.config.Cmd == ["sh"] && request.config.Env == nil && request.config.Volumes?.keys.first == "/d")
        #expect(request.hostConfig.NanoCpus == 500_000_000 && request.hostConfig.MemorySwappiness == -1)
        #expect(request.networking?.EndpointsConfig?.keys.sorted() == ["default", "n1"])
    }

    @Test("may lack its host config, or have null there", arguments: [#"{"Image":"bb"}"#, #"{"Image":"bb","HostConfig":null,"NetworkingConfig":null}"#])
    func bare(text: String) throws { #expect(try read(CreateRequest.self, text).hostConfig == HostConfig()) }

    @Test(
        "may give its command as one text",
        arguments: [(#""sleep 1""#, ["sleep 1"]), (#"["a","b"]"#, ["a", "b"]), ("[]", []), ("null", nil)] as [(String, [String]?)])
    func command(text: String, words: [String]?) throws {
        let request = try read(CreateRequest.self, "{\"Cmd\":\(text),\"Entrypoint\":\(text)}")
        #expect(request.config.Cmd == words && request.config.Entrypoint == words)
    }

    @Test(
        "of wrong types is refused",
        arguments: [
            "null", "[]", "1", "{", #"{"Cmd":1}"#, #"{"Env":"a"}"#, #"{"Tty":"yes"}"#, #"{"HostConfig":[]}"#, #"{"HostConfig":{"Memory":"64m"}}"#,
            #"{"Labels":{"a":1}}"#,
            #"{"HostConfig":{"Memory":99999999999999999999}}"#, "{\"Image\":\"\u{1}\"}"
        ])
    func malformed(text: String) { #expect(throws: (any Error).self) { try read(CreateRequest.self, text) } }
}
