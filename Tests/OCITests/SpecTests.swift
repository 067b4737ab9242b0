// The specifications' JSON, read and written.
import FoundationEssentials
import OCI
import Testing

@Suite("config.json")
struct SpecTests {
    private func decode<Value: Decodable>(_ type: Value.Type, _ json: String) throws -> Value { try JSONDecoder().decode(type, from: Data(json.utf8)) }

    @Test("keys that nobody knows are passed over, and absent ones stay absent")
    func tolerant() throws {
        let spec = try decode(Spec.self, #"{"ociVersion":"1.1.0","novel":{"a":1},"process":{"user":{"uid":0,"gid":0},"cwd":"/","more":true}}"#)
        #expect(spec.process?.cwd == "/")
        #expect(spec.process?.args == nil)
        #expect(spec.linux == nil && spec.mounts == nil)
    }

    @Test("what a runtime needs is read, down to the numbers")
    func complete() throws {
        let spec = try decode(
            Spec.self,
            #"""
            {"ociVersion":"1.0.2","root":{"path":"rootfs","readonly":true},
             "process":{"args":["sh"],"cwd":"/","user":{"uid":1,"gid":2,"additionalGids":[3],"umask":18},"rlimits":[{"type":"RLIMIT_NOFILE","hard":18446744073709551615,"soft":1}],
                        "capabilities":{"bounding":["CAP_CHOWN"]},"noNewPrivileges":true,"oomScoreAdj":-5,"consoleSize":{"height":3,"width":4}},
             "linux":{"namespaces":[{"type":"network","path":"/proc/1/ns/net"}],"resources":{"memory":{"limit":-1,"swap":9223372036854771712},"cpu":{"quota":5,"period":6,"cpus":"0-1"},"pids":{"limit":7},
                      "devices":[{"allow":false,"access":"rwm"}]},"seccomp":{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":38,"syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":1,"valueTwo":2,"op":"SCMP_CMP_MASKED_EQ"}]}]}}}
            """#)
        #expect(spec.process?.rlimits?.first?.hard == .max)
        #expect(spec.process?.user.additionalGids == [3])
        #expect(spec.linux?.namespaces == [Namespace(type: "network", path: "/proc/1/ns/net")])
        #expect(spec.linux?.resources?.memory?.swap == 9_223_372_036_854_771_712)
        #expect(spec.linux?.seccomp?.syscalls?.first?.args?.first?.valueTwo == 2)
        #expect(try decode(Spec.self, String(decoding: JSONEncoder().encode(spec), as: UTF8.self)) == spec)
    }

    @Test("what is absent is not written: absent and null mean different things to other runtimes")
    func noNulls() throws {
        let text = String(decoding: try JSONEncoder().encode(Spec(process: Process(args: ["x"]))), as: UTF8.self)
        #expect(!text.contains("null"))
    }

    @Test("an image's configuration keeps Docker's keys")
    func image() throws {
        let json = #"""
            {"architecture":"amd64","os":"linux","config":{"Cmd":["sh"],"ExposedPorts":{"80/tcp":{}},"Healthcheck":{"Test":["NONE"],"Interval":1000},"OnBuild":["RUN x"]},
             "rootfs":{"type":"layers","diff_ids":["sha256:00"]},"history":[{"created_by":"x","empty_layer":true}],"docker_version":"28"}
            """#
        let image = try decode(ImageConfiguration.self, json)
        #expect(image.config?.exposedPorts?.keys.first == "80/tcp")
        #expect(image.config?.healthcheck?.interval == 1000)
        #expect(image.history?.first?.emptyLayer == true)
        #expect(try decode(ImageConfiguration.self, String(decoding: JSONEncoder().encode(image), as: UTF8.self)) == image)
    }
}
