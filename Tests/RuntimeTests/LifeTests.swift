// create, start, state, exec, kill, delete: a container's life over several commands.
import Linux
import OCI
import Runtime
import Testing

@Suite("slipway-runtime keeps a container over several commands", .enabled(if: Sandbox.isHere, Sandbox.why), .serialized)
struct LifeTests {
    private func created(_ edit: (inout Spec) -> Void = { _ in }) throws -> Box {
        let box = try Box(["sh", "-c", "echo begun > /begun; sleep 60"], edit)
        #expect(try box.runtime("create", "--bundle", "\(box.folder)", "--pid-file", "\(box.folder)/pid", box.id).status == 0)
        return box
    }

    private func status(_ box: Box) throws -> String {
        let outcome = try box.runtime("state", box.id)
        return outcome.output.split(separator: "\n").first { $0.contains("\"status\"") }.map { $0.split(separator: "\"").last.map(String.init) ?? "" } ?? "none"
    }

    private func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
        for _ in 1...300 {
            if try condition() { return true }
            pause(milliseconds: 10)
        }
        return false
    }

    @Test("created, it waits; started, it runs; killed, it has stopped; deleted, it is gone")
    func life() throws {
        let box = try created()
        #expect(try status(box) == "created")
        #expect(!exists(box.root.appending("begun")), "the command has not begun")
        #expect(try box.runtime("exec", box.id, "true").status == 1, "not before start")
        #expect(try box.runtime("start", box.id).status == 0)
        #expect(eventually { exists(box.root.appending("begun")) })
        #expect(try status(box) == "running")
        #expect(try box.runtime("start", box.id).errors.contains("is not waiting to be started"))
        #expect(try box.runtime("delete", box.id).errors.contains("is not stopped"))
        #expect(try box.runtime("kill", box.id, "KILL").status == 0)
        #expect(try eventually { try status(box) == "stopped" })
        #expect(try box.runtime("kill", box.id).errors.contains("container not running"))
        #expect(try box.runtime("delete", box.id).status == 0)
        #expect(try status(box) == "none")
        try box.expectNothingLeft()
    }

    @Test("a name is given once, and only to a name")
    func names() throws {
        let box = try created()
        #expect(try box.runtime("create", "--bundle", "\(box.folder)", box.id).errors.contains("exists already"))
        #expect(try status(box) == "created", "the first is untouched")
        #expect(try box.runtime("delete", box.id).status == 0)
        for name in ["../x", "a/b", ".hidden", "a b"] {
            #expect(try box.runtime("create", "--bundle", "\(box.folder)", name).errors.contains("must be letters"), "\(name)")
        }
        #expect(try box.runtime("state", "never").errors.contains("container does not exist"))
        #expect(try box.runtime("delete", "--force", "never").status == 0)
        try box.expectNothingLeft()
    }

    @Test("a later process shares its namespaces, cgroup and filter, and its exit status comes back")
    func exec() throws {
        let box = try created()
        #expect(try box.runtime("start", box.id).status == 0)
        #expect(eventually { exists(box.root.appending("begun")) })
        let pid = ProcessID(try #require(Int32(readText(box.folder.appending("pid")))))
        let script = "for n in mnt uts ipc pid net cgroup; do readlink /proc/self/ns/$n; done; exit 9"
        let outcome = try box.runtime("exec", box.id, "--", "sh", "-c", script)
        let theirs = try ["mnt", "uts", "ipc", "pid", "net", "cgroup"].map { try readLink(FilePath("/proc/\(pid)/ns/\($0)")) }
        #expect(outcome.output.split(separator: "\n").map(String.init) == theirs)
        #expect(outcome.status == 9)
        let second = try box.runtime(
            "exec", "--user", "web", "--cwd", "/srv", "--env", "A=b", box.id, "--", "sh", "-c", "id -u; pwd; echo $A; ls /proc/self/fd")
        #expect(second.output == "33\n/srv\nb\n0\n1\n2\n3\n", "\(second)")
        #expect(try box.runtime("exec", box.id, "nosuch").errors.hasSuffix("exec: \"nosuch\": executable file not found in $PATH\n"))
        #expect(try box.runtime("delete", "--force", box.id).status == 0)
        try box.expectNothingLeft()
    }

    @Test("hooks get the state, in time, and the last one comes after the end")
    func hooks() throws {
        let box = try Box(["true"]) { spec in
            let note = "/tmp/\(UInt32.random(in: 0 ... .max)).hooks"
            func hook(_ name: String) -> Hook { Hook(path: "/bin/sh", args: ["sh", "-c", "echo \(name) >> \(note); cat >> \(note); echo >> \(note)"]) }
            spec.hooks = Hooks()
            spec.hooks?.prestart = [hook("before")]
            spec.hooks?.poststop = [hook("after")]
            spec.annotations = ["note": note]
        }
        let outcome = try box.run()
        #expect(outcome.status == 0, "\(outcome)")
        let annotations = try Bundle(path: box.folder).spec.annotations ?? [:]
        let note = try #require(annotations["note"])
        let lines = try readText(FilePath(note)).split(separator: "\n")
        try remove(FilePath(note))
        try #require(lines.count == 4, "\(lines)")
        #expect(lines.first == "before" && lines[1].contains("\"creating\"") && lines[1].contains(box.id))
        #expect(lines[2] == "after" && lines[3].contains("\"stopped\""))
    }
}
