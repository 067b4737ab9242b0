// A bundle with busybox as its root, made anew for each test, run by slipway-runtime with a memory of its own; and a look at what was left.
import Cgroups
import FoundationEssentials
import Linux
import OCI
import Runtime
import Testing

final class Box {
    let folder: FilePath, id = "box-\(currentProcess())-\(UInt32.random(in: 0 ... .max))"
    private let mountsBefore: String

    /// A bundle whose command is `arguments`; `edit` changes the example spec, whose root is writable here and whose terminal is gone.
    init(_ arguments: [String], _ edit: (inout Spec) -> Void = { _ in }) throws {
        folder = FilePath("/tmp/\(id)")
        mountsBefore = try readText("/proc/self/mountinfo")
        try makeDirectories(folder)
        try rename(FilePath.busyboxRoot(), to: root)
        for name in ["true", "grep", "head", "readlink"] { try symbolicLink("busybox", at: root.appending("bin/\(name)")) }
        var spec = exampleSpec
        spec.process?.args = arguments
        spec.process?.terminal = false
        spec.root = Root(path: "rootfs")
        edit(&spec)
        try writeFile(folder.appending("config.json"), Array(JSONEncoder().encode(spec)))
    }

    deinit { try? removeTree(folder) }  // the test's own; what it can't remove, the sandbox does

    var root: FilePath { folder.appending("rootfs") }
    private var state: FilePath { folder.appending("state") }

    /// A subcommand of slipway-runtime.
    func runtime(_ words: String...) throws -> Outcome {
        try Running("slipway-runtime", ["--root", "\(state)"] + words).wait()
    }

    /// `run`, and then nothing may be left.
    func run(_ options: String...) throws -> Outcome {
        let outcome = try Running("slipway-runtime", ["--root", "\(state)", "run", "--bundle", "\(folder)"] + options + [id]).wait()
        try expectNothingLeft()
        return outcome
    }

    /// Nothing of the container is there: no name, cgroup, mount or process.
    func expectNothingLeft() throws {
        let names = exists(state) ? try entries(state).filter { $0 != ".filters" } : []
        #expect(names.isEmpty, "names are left")
        #expect(try !Cgroup(FilePath("/slipway/\(id)"), in: Hierarchies.discover()).exists, "the cgroup is left")
        #expect(try readText("/proc/self/mountinfo") == mountsBefore, "mounts are left")
        let processes = try entries("/proc").filter { Int32($0) != nil }
        for process in processes {
            let words = (try? readText(FilePath("/proc/\(process)/cmdline"))) ?? ""  // ended meanwhile
            #expect(!words.contains(id), "process \(process) is left: \(words)")
        }
    }
}
