// The exercise at work: slip-net, a process of its own, makes a bridge and two hosts with the module under test. What there is then, the kernel
// tells by files: /sys/class/net for this namespace, /proc/net for the hosts. Nothing here calls the learner's module.
import Glibc
import Linux
import Testing

@Suite("Lab 09: the world")
struct WorldChecks {
    @Test("A bridge, two hosts and their wires are there, as they were asked for")
    func worldWired() throws {
        guard effectiveUser() == 0 else { throw Unverified("needs root: network namespaces and a bridge are made") }
        defer { _ = try? run([tool("slip-net"), "lab", "down"]) }  // the sandbox's namespace goes with the sandbox
        for number in 1...5 {
            let outcome = try run([tool("slip-net"), "lab", "step", "--subnet", "10.97.0.0/24"])
            guard outcome.code == 0 else { throw Sign("ended", "\(number)", outcome.output.split(separator: "\n").last.map(String.init) ?? "") }
        }
        for (link, alias) in [("lab0", "slip-net-lab bridge"), ("lab-alice", "slip-net-lab alice"), ("lab-bob", "slip-net-lab bob")] {
            guard exists(FilePath("/sys/class/net/\(link)")) else {
                throw Sign("absent", link, try entries("/sys/class/net").sorted().joined(separator: " "))
            }
            let found = try readText(FilePath("/sys/class/net/\(link)/ifalias")).filter { $0 != "\n" }
            guard found == alias else { throw Sign("alias", link, found, alias) }
        }
        guard exists("/sys/class/net/lab0/bridge") else { throw Sign("kind", "lab0") }
        for link in ["lab-alice", "lab-bob"] {
            guard exists(FilePath("/sys/class/net/lab0/brif/\(link)")) else { throw Sign("unplugged", link) }
        }
        for (host, address) in [("alice", "10.97.0.2"), ("bob", "10.97.0.3")] {
            let inside = try run([tool("slip-net"), "exec", host, "cat", "/proc/net/fib_trie", "/proc/net/dev"]).output
            guard inside.contains(" eth0:") else { throw Sign("absent", "eth0 (\(host))", "lo") }
            guard inside.contains("|-- \(address)\n") else { throw Sign("address", host, address) }
        }
    }
}

/// How a program ended, and what it said.
private struct Outcome {
    let code: Int32, output: String
}

/// Runs a program to its end.
private func run(_ words: [String]) throws -> Outcome {
    let pipe = try Pipe()
    let process = try pipe.writing.borrow { (output) throws(KernelError) in
        try spawn(
            Spawn("/usr/bin/env", ["env"] + words, environment: currentEnvironment(), descriptors: [(ours: output, number: 1), (ours: output, number: 2)])
        )
        .process
    }
    let reading = pipe.takeReading()
    let bytes = try reading.borrow { (descriptor) throws(KernelError) in try readAll(descriptor) }
    let outcome = Outcome(code: try wait(process)?.code ?? 255, output: String(decoding: bytes, as: UTF8.self))
    if let line = outcome.output.split(separator: "\n").first(where: { $0.hasPrefix("slipway-lab: exercise ") }) {
        print(line)  // it met an exercise that is not written yet
        fflush(nil)
        exit(69)
    }
    return outcome
}

/// A program that was built beside this test program.
private func tool(_ name: String) throws -> String {
    let own = try readLink("/proc/self/exe")
    return own.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/") + "/\(name)"
}
