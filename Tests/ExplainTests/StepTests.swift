// Lists of steps, and the records that they leave.
import Explain
import FoundationEssentials
import Linux
import Testing

private final class Log: @unchecked Sendable { var entries: [String] = [] }

@Suite("A list of steps")
struct StepTests {
    private func step(_ name: String, failing error: StepError? = nil, when isWanted: Bool = true) -> Step<Log> {
        Step(name, because: "of the test", chapter: 6, when: { _ in isWanted }) { log throws(StepError) in
            log.entries.append(name)
            if let error { throw error }
        }
    }

    @Test("is done in order, without those that have nothing to do")
    func order() throws {
        let log = Log()
        try Explain.run([step("a"), step("b", when: false), step("c")], log)
        #expect(log.entries == ["a", "c"])
    }

    @Test("ends at the first failure, which names its step")
    func failure() {
        let log = Log(), error = StepError.kernel(KernelError(call: "mount", subject: "/x", errno: 2))
        #expect(throws: StepFailure(step: "b", error: error)) { try Explain.run([step("a"), step("b", failing: error), step("c")], log) }
        #expect(log.entries == ["a", "b"])
        #expect("\(StepFailure(step: "b", error: error))" == "b: mount /x: No such file or directory")
        #expect("\(StepError.refused(what: "exec: \"x\"", why: "is a directory"))" == "exec: \"x\": is a directory")
    }

    @Test("may consist of kernel calls alone: their errors become the step's")
    func kernelStep() {
        let missing = Step<Log>("open", because: "it is not there", chapter: 0) { _ throws(KernelError) in _ = try open("/nonexistent/x", .readOnly) }
        #expect(throws: StepFailure(step: "open", error: .kernel(KernelError(call: "openat", subject: "/nonexistent/x", errno: 2)))) {
            try Explain.run([missing], Log())
        }
    }
}

@Suite("A record")
struct RecordTests {
    private func record(_ subject: String) -> Record {
        var record = Record(process: "init", time: 1_700_000_000_123_456_789, kind: .call)
        (record.step, record.because, record.chapter) = ("enter \"the\" root", "so", 2)
        (record.call, record.subject, record.result, record.errno) = ("mount", subject, -1, 2)
        return record
    }

    @Test("is one line of JSON that reads back as itself", arguments: ["/a b", "quote \" and \\", "line\nfeed\tand \u{1} \u{1f}", "한글 ✓ 🚢", ""])
    func roundTrip(_ subject: String) throws {
        let record = record(subject), line = record.line
        #expect(line.filter { $0 == "\n" }.count == 1 && line.hasSuffix("}\n"))
        #expect(try JSONDecoder().decode(Record.self, from: Data(line.utf8)) == record)
    }

    @Test("of another version, with fewer and other keys, can be read")
    func tolerant() throws {
        let record = try JSONDecoder().decode(Record.self, from: Data(#"{"process":"shim","time":1,"kind":"note","later":[]}"#.utf8))
        #expect(record == Record(process: "shim", time: 1, kind: .note))
    }

    @Test("is shown with its speaker, and the kernel's reason in words")
    func printed() {
        let text = RecordPrinter().print(record("/x"))
        #expect(text.hasPrefix("init ") && text.contains("mount /x") && text.hasSuffix("= No such file or directory\n"))
    }
}
