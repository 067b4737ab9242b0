// The order of the steps is the kernel's. Each test states one of its demands.
import Explain
import Runtime
import Testing

@Suite("The steps' order")
struct StepOrderTests {
    private let names = stepTable.map(\.name)

    private func expect(_ first: String, before second: String) throws {
        let one = try #require(names.firstIndex(of: first), "\(first)"), two = try #require(names.firstIndex(of: second), "\(second)")
        #expect(one < two, "\(first) must come before \(second)")
    }

    @Test("the cgroup is there before the child, and entered before it is made the root of a namespace")
    func cgroup() throws {
        try expect("make the cgroup", before: "make the process")
        try expect("enter the cgroup", before: "see only its own cgroup")
    }

    @Test("no mount is made before our mounts have become our own")
    func propagation() throws {
        try expect("keep our mounts to ourselves", before: "take what the host lends")
        try expect("keep our mounts to ourselves", before: "enter the root")
    }

    @Test("what needs the host's files comes before the root is entered")
    func host() throws {
        for name in ["join the namespaces that are there", "say how soon to kill it", "take what the host lends"] { try expect(name, before: "enter the root") }
    }

    @Test("mount points are made before the root is read-only, and masks lie over what is mounted")
    func mounts() throws {
        try expect("mount what the container sees", before: "fill /dev")
        try expect("fill /dev", before: "open a terminal")
        for name in ["mount what the container sees", "fill /dev", "make the working directory"] { try expect(name, before: "make the root read-only") }
        try expect("mount what the container sees", before: "hide what tells about the machine")
        try expect("set kernel parameters", before: "protect what would change the machine")
    }

    @Test("what can be wrong with the command is found before anything is given up")
    func irrevocable() throws {
        for name in ["find the user", "go to the working directory", "find the command"] {
            for last in ["give up gaining privileges", "filter its kernel calls", "become the user"] { try expect(name, before: last) }
        }
    }

    @Test("a filter goes in before the privileges that it takes are gone, or last of all with no_new_privs")
    func filter() throws {
        try expect("filter its kernel calls", before: "become the user")
        try expect("give up gaining privileges", before: "filter its kernel calls, last")
        try expect("become the user", before: "filter its kernel calls, last")
        try expect("limit the process", before: "become the user")
        try expect("keep nothing open", before: "filter its kernel calls")
    }

    @Test("an exec hides before it joins, and joins before its command is made")
    func exec() throws {
        let names = execStepTable.map(\.name)
        let wanted = ["hide", "enter the cgroup", "join the namespaces", "close what is the host's", "make the command's process", "become the user"]
        #expect(names.filter(wanted.contains) == wanted)
    }

    @Test("every step says why, and names a chapter that exists")
    func reasons() {
        for step in stepTable + execStepTable {
            #expect(step.because.count > 10, "\(step.name)")
            #expect((0...15).contains(step.chapter), "\(step.name)")
        }
        #expect(Set(names).count == names.count, "two steps of one name could not be told apart in an error")
    }
}
