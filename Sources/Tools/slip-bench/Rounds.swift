// Runs candidates in turns and prints what came out: median, minimum, 90th percentile, and the ratio to a peer, taken round by round, since
// two runs of one round met the same weather.
import Linux

/// A command to be timed, with what must happen after each run, untimed.
struct Candidate {
    let name: String, command: [String]
    var environment: [String] = []
    var after: () throws -> Void = {}
}

/// What a run of a command was.
struct BenchFailure: Error, CustomStringConvertible {
    let description: String
}

/// The file of a program, looked for on the usual path and beside this one.
func find(_ program: String) -> FilePath? {
    let beside = (try? readLink("/proc/self/exe")).map { FilePath($0).removingLastComponent() }  // without /proc there is only the path
    let folders = [
        beside, beside?.removingLastComponent().appending("libexec/slipway"), "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"
    ]
    return folders.compactMap { $0?.appending(program) }.first { exists($0) }
}

/// Runs a command to its end, its output thrown away; milliseconds. A status other than 0 is an error that shows what was said.
@discardableResult
func time(_ candidate: Candidate) throws -> Double {
    let words = candidate.command
    guard let program = words[0].hasPrefix("/") ? FilePath(words[0]) : find(words[0]) else { throw BenchFailure(description: "\(words[0]) is not installed") }
    let errors = try memoryFile("errors")
    let start = monotonicNanoseconds()
    let child = try errors.borrow { (file) throws(KernelError) in
        try spawn(
            Spawn(
                program, words, environment: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"] + candidate.environment,
                descriptors: [(file, 2)]))
    }
    let status = try child.descriptor.borrow { (descriptor) throws(KernelError) in try wait(descriptor) }
    let milliseconds = Double(monotonicNanoseconds() - start) / 1_000_000
    guard status?.code == 0 else {
        let said = try errors.borrow { (file) throws(KernelError) in
            try seek(file, to: 0)
            return String(decoding: try readAll(file), as: UTF8.self)
        }
        throw BenchFailure(description: "\(words.joined(separator: " ")): status \(status?.code ?? -1): \(said)")
    }
    try candidate.after()
    return milliseconds
}

/// What a command prints. `anyStatus`: its failure too is an answer.
func output(of words: [String], anyStatus: Bool = false) throws -> String {
    let file = try memoryFile("output")
    return try file.borrow { (file) throws in
        guard let program = words[0].hasPrefix("/") ? FilePath(words[0]) : find(words[0]) else {
            throw BenchFailure(description: "\(words[0]) is not installed")
        }
        let environment = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"]
        let child = try spawn(Spawn(program, words, environment: environment, descriptors: [(file, 1), (file, 2)]))
        let status = try child.descriptor.borrow { (descriptor) throws(KernelError) in try wait(descriptor) }
        try seek(file, to: 0)
        let text = String(decoding: try readAll(file), as: UTF8.self)
        guard anyStatus || status?.code == 0 else {
            throw BenchFailure(description: "\(words.joined(separator: " ")): status \(status?.code ?? -1): \(text)")
        }
        return text
    }
}

/// Two digits after the point, without Foundation.
func digits(_ value: Double) -> String {
    let hundredths = Int((value * 100).rounded())
    return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
}

func quantile(_ values: [Double], _ part: Double) -> Double {
    let sorted = values.sorted()
    return sorted[min(sorted.count - 1, Int(Double(sorted.count) * part))]
}

/// Times all candidates in turns and prints a table.
/// - Parameter megabytes: what a run moves, for the rate; nil where that says nothing
func compare(_ title: String, _ candidates: [Candidate], rounds: Int, pauseMilliseconds: Int, megabytes: Double? = nil) throws {
    for candidate in candidates { try time(candidate) }
    var times = [[Double]](repeating: [], count: candidates.count)
    for _ in 0..<rounds {
        for (index, candidate) in candidates.enumerated() {
            pause(milliseconds: pauseMilliseconds)
            times[index].append(try time(candidate))
        }
    }
    print("\(title): \(rounds) rounds, \(pauseMilliseconds) ms idle before each run; milliseconds")
    for (index, candidate) in candidates.enumerated() {
        let own = times[index]
        let ratios =
            index == 0 ? "" : "   \(candidates[0].name) / \(candidate.name): median of the ratios \(digits(quantile(zip(times[0], own).map { $0 / $1 }, 0.5)))"
        let rate = megabytes.map { " (\(Int($0 * 1000 / quantile(own, 0.5))) MB/s)" } ?? ""
        print("  \(candidate.name): median \(digits(quantile(own, 0.5)))\(rate), min \(digits(own.min() ?? 0)), p90 \(digits(quantile(own, 0.9)))\(ratios)")
    }
}
