import DockerAPI
import FoundationEssentials
import OCI
import Testing

@testable import Engine

private let machine = MachineFacts(processors: 2, isUnified: false)

private func request(_ json: String) throws -> CreateRequest { try JSONDecoder().decode(CreateRequest.self, from: Data(json.utf8)) }

private func refusal(_ json: String) throws -> EngineError? {
    let request = try request(json)
    do throws(EngineError) {
        _ = try check(request, on: machine)
        return nil
    } catch { return error }
}

@Suite("What a create request must fulfil")
struct CreateRulesTests {
    @Test(
        "bad values are told in Docker's words",
        arguments: [
            (#"{"WorkingDir":"rel"}"#, "the working directory 'rel' is invalid, it needs to be an absolute path"),
            (#"{"HostConfig":{"Memory":1000}}"#, "Minimum memory limit allowed is 6MB"),
            (#"{"HostConfig":{"Memory":8388608,"MemorySwap":7000000}}"#, "Minimum memoryswap limit should be larger than memory limit, see usage"),
            (#"{"HostConfig":{"MemorySwap":7000000}}"#, "You should always set the Memory limit when using Memoryswap limit, see usage"),
            (#"{"HostConfig":{"NanoCpus":1,"CpuPeriod":5000}}"#, "Conflicting options: Nano CPUs and CPU Period cannot both be set."),
            (#"{"HostConfig":{"NanoCpus":9000000000}}"#, "Range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available"),
            (#"{"HostConfig":{"AutoRemove":true,"RestartPolicy":{"Name":"always"}}}"#, "can't create 'AutoRemove' container with restart policy"),
            (#"{"HostConfig":{"LogConfig":{"Type":"x"}}}"#, "logger: no log driver named 'x' is registered"),
            (#"{"HostConfig":{"PidMode":"x"}}"#, "invalid PID mode: x"),
            (#"{"StopSignal":"ZZ"}"#, "Invalid signal: ZZ"),
            (#"{"HostConfig":{"SecurityOpt":["x=y"]}}"#, #"invalid --security-opt 2: "x=y""#)
        ])
    func invalid(_ json: String, _ text: String) throws { #expect(try refusal(json) == EngineError(.invalid, text)) }

    @Test(
        "what is not built is refused by name, never left out in silence",
        arguments: [
            #"{"HostConfig":{"IpcMode":"container:x"}}"#, #"{"HostConfig":{"LogConfig":{"Type":"local"}}}"#,
            #"{"HostConfig":{"LogConfig":{"Type":"json-file","Config":{"compress":"true"}}}}"#,
            #"{"HostConfig":{"LogConfig":{"Type":"json-file","Config":{"mode":"non-blocking"}}}}"#,
            #"{"HostConfig":{"SecurityOpt":["seccomp={}"]}}"#, #"{"HostConfig":{"Mounts":[{"Type":"image","Source":"v","Target":"/x"}]}}"#
        ])
    func unbuilt(_ json: String) throws { #expect(try refusal(json)?.kind == .unsupported) }

    @Test("what the docker command sends by default is accepted, on every network")
    func accepted() throws {
        let usual =
            #"{"Image":"bb","Volumes":{},"HostConfig":{"NetworkMode":"default","MemorySwappiness":-1,"PidsLimit":0,"RestartPolicy":{"Name":"no"},"LogConfig":{"Type":"","Config":{}},"CapAdd":null,"Dns":[],"PortBindings":{},"Isolation":""},"NetworkingConfig":{"EndpointsConfig":{"default":{}}}}"#
        #expect(try check(request(usual), on: machine).isEmpty)
        #expect(try check(request(#"{"HostConfig":{"NetworkMode":"none"}}"#), on: machine).isEmpty)
        #expect(try check(request(#"{"HostConfig":{"NetworkMode":"host"}}"#), on: machine).isEmpty)
    }

    @Test("log limits: sizes with suffixes, and no number of files without a size; restart policies by name")
    func logs() throws {
        for (policy, isKnown) in [("always", true), ("unless-stopped", true), ("on-failure", true), ("zz", false)] {
            #expect(try (refusal(#"{"HostConfig":{"RestartPolicy":{"Name":"\#(policy)"}}}"#) == nil) == isKnown, "\(policy)")
        }
        let warned = try check(request(#"{"HostConfig":{"LogConfig":{"Type":"","Config":{"tag":"x","labels":"y"}}}}"#), on: machine)
        #expect(warned == ["Log options labels, tag are kept, but the lines of the log do not carry them"])
        var host = HostConfig()
        host.LogConfig = LogConfig(type: "json-file", config: ["max-size": "10m", "max-file": "3"])
        let limits = try logLimits(host)
        #expect(limits.maxBytes == 10 << 20 && limits.maxFiles == 3)
        host.LogConfig = LogConfig(type: "json-file", config: ["max-file": "3"])
        #expect(throws: EngineError.self) { try logLimits(host) }
    }
}

@Suite("What becomes of request and image")
struct ResolvingTests {
    private func image() -> ImageConfiguration.RunDefaults {
        var image = ImageConfiguration.RunDefaults()
        (image.cmd, image.entrypoint, image.env, image.labels, image.user) = (["c"], ["e"], ["A=1", "B=2"], ["l": "image", "m": "image"], "www")
        return image
    }

    @Test("an entry point of the user's makes the image's command void, and [\"\"] takes the entry point away")
    func commands() throws {
        var asked = ContainerConfig()
        #expect(commandLine(merged(asked, with: image(), id: "1"))?.arguments == ["c"])
        asked.Cmd = ["x"]
        #expect(try #require(commandLine(merged(asked, with: image(), id: "1"))) == ("e", ["x"]))
        (asked.Entrypoint, asked.Cmd) = (["z"], nil)
        #expect(try #require(commandLine(merged(asked, with: image(), id: "1"))) == ("z", []))
        asked.Entrypoint = [""]
        #expect(commandLine(merged(asked, with: image(), id: "1")) == nil)
    }

    @Test("variables: the user's first, then the image's that the user did not set; labels by key; hostname from the id")
    func merging() {
        var asked = ContainerConfig()
        (asked.Env, asked.Labels) = (["B=9", "C=3"], ["l": "user"])
        let config = merged(asked, with: image(), id: "0123456789abcdef")
        #expect(config.Env == ["B=9", "C=3", "A=1"])
        #expect(config.Labels == ["l": "user", "m": "image"])
        #expect(config.Hostname == "0123456789ab" && config.User == "www")
    }

    @Test("the process's variables: PATH, HOSTNAME, TERM with a terminal; set ones replace in place, bare names remove")
    func environments() {
        var config = ContainerConfig()
        (config.Hostname, config.Tty, config.Env) = ("h", true, ["PATH=/x", "A=1", "HOSTNAME"])
        #expect(environment(config) == ["PATH=/x", "TERM=xterm", "A=1"])
    }

    @Test("defaults: what an unset value shows; privileged has no masks; an explicit empty list is kept")
    func defaults() {
        let host = completed(HostConfig(), on: machine)
        #expect(
            host.NetworkMode == "bridge" && host.ShmSize == 64 << 20 && host.PidsLimit == nil && host.MaskedPaths == maskedPaths && host.CgroupnsMode == "host")
        var asked = HostConfig()
        (asked.Memory, asked.MaskedPaths) = (8 << 20, [])
        #expect(completed(asked, on: machine).MemorySwap == 16 << 20)
        #expect(completed(asked, on: machine).MaskedPaths == [])
        asked.Privileged = true
        #expect(completed(asked, on: machine).MaskedPaths == nil)
    }
}
