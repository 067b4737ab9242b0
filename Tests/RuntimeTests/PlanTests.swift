// Nonsense in config.json is refused before anything is touched, naming the key. All this runs without privileges: a bad plan makes nothing.
import Linux
import OCI
import Runtime
import Testing

@Suite("A spec that can't be is refused with its key")
struct PlanTests {
    /// Expects that the example spec, so changed, is refused with these words.
    private func expect(_ words: String, _ edit: (inout Spec) -> Void) {
        var spec = exampleSpec, said = "accepted"
        edit(&spec)
        do throws(RuntimeError) {
            try cleanUp(Plan(bundle: Bundle(path: "/nonexistent", spec: spec), identifier: "never"))
        } catch {
            said = "\(error)"
        }
        #expect(said.contains(words))
    }

    @Test("without root, process, command or mount namespace")
    func missing() {
        expect("plan: root.path: is missing") { $0.root = nil }
        expect("plan: process: is missing") { $0.process = nil }
        expect("plan: process.args: no command is given") { $0.process?.args = [] }
        expect("plan: exec: \"\": executable file not found in $PATH") { $0.process?.args = [""] }
        expect("a new mount namespace is needed") { $0.linux?.namespaces?.removeAll { $0.type == "mount" } }
        expect("plan: ociVersion 2.0: only 1.x is understood") { $0.ociVersion = "2.0" }
    }

    @Test("with names that nobody knows")
    func unknown() {
        expect("plan: process.capabilities: unknown capability: \"CAP_X\"") { $0.process?.capabilities?.bounding = ["CAP_X"] }
        expect("no such resource") { $0.process?.rlimits = [ResourceLimit(type: "RLIMIT_X", hard: 1, soft: 1)] }
        expect("plan: linux.namespaces net!: unknown") { $0.linux?.namespaces?.append(Namespace(type: "net!")) }
        expect("plan: linux.seccomp.action: unknown action SCMP_ACT_X") { $0.linux?.seccomp = SeccompSettings(defaultAction: "SCMP_ACT_X") }
        expect("linux.rootfsPropagation sideways") { $0.linux?.rootfsPropagation = "sideways" }
        expect("unknown type q") { $0.linux?.devices = [Device(path: "/dev/x", type: "q")] }
    }

    @Test("with what contradicts itself")
    func contradictions() {
        expect("pid is named twice") { $0.linux?.namespaces?.append(Namespace(type: "pid")) }
        expect("exceeds the hard one") { $0.process?.rlimits = [ResourceLimit(type: "RLIMIT_CORE", hard: 1, soft: 2)] }
        expect("must be an absolute path") { $0.process?.cwd = "relative" }
        expect("zero byte") { $0.process?.args = ["a\0b"] }
        expect("between -1000 and 1000") { $0.process?.oomScoreAdj = 1001 }
    }

    @Test("with what would reach the host: its name, its parameters, its root")
    func host() {
        expect("would rename the host") { $0.linux?.namespaces?.removeAll { $0.type == "uts" } }
        expect("plan: linux.sysctl kernel.panic: belongs to the whole machine") { $0.linux?.sysctl = ["kernel.panic": "1"] }
        expect("linux.sysctl") { $0.linux?.sysctl = ["net.x/../../y": "1"] }
        expect("needs a network namespace") {
            $0.linux?.namespaces?.removeAll { $0.type == "network" }
            $0.linux?.sysctl = ["net.ipv4.ip_forward": "1"]
        }
        expect("linux.cgroupsPath") { $0.linux?.cgroupsPath = "/a/../../b" }
        expect("systemd's form") { $0.linux?.cgroupsPath = "system.slice:docker:x" }
        expect("linux.root") { $0.mounts?.append(Mount(destination: "/", type: "tmpfs")) }
        expect("must be an absolute path") { $0.mounts?.append(Mount(destination: "x", type: "tmpfs")) }
    }

    @Test("with what we don't do: it is never left out silently")
    func unsupported() {
        expect("not supported") { $0.linux?.namespaces?.append(Namespace(type: "user")) }
        expect("not supported") { $0.process?.apparmorProfile = "docker-default" }
        expect("not supported") {
            $0.hooks = Hooks()
            $0.hooks?.startContainer = [Hook(path: "/x")]
        }
    }

    @Test("a bundle that is missing, or no JSON, or lacks a key says which")
    func bundle() throws {
        let folder = FilePath("/tmp/slipway-bundle-\(currentProcess())-\(UInt32.random(in: 0 ... .max))")
        try makeDirectories(folder)
        defer { try? removeTree(folder) }  // the test's own
        #expect(throws: RuntimeError.self) { try Bundle(path: "/nonexistent") }
        func says(_ text: String) throws -> String {
            try writeFile(folder.appending("config.json"), text)
            do { return "\(try Bundle(path: folder).spec)" } catch { return "\(error)" }
        }
        #expect(try says("{").hasSuffix("not valid JSON"))
        #expect(try says("{}").hasSuffix("ociVersion is missing"))
        #expect(try says(#"{"ociVersion":"1.0.2","root":{"path":7}}"#).contains(".root.path"))
        #expect(try says(#"{"ociVersion":"1.0.2","mounts":[{"destination":"/"},{}]}"#).contains(".mounts[1].destination is missing"))
    }
}
