// `slip-lab check 03`: builds with the learner's module and runs the checks; shows the first that does not pass in five lines.
import ArgumentParser
import Course
import Linux

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "check", abstract: "Check your exercises, each check in a sandbox of its own.")
    @OptionGroup var which: Which
    @Flag(help: "Run all checks, and do not stop at the first that does not pass.")
    var all = false

    func run() {
        finish(as: "slip-lab") {
            let lab = try begun(which)
            for line in try lab.followLinks() { print(line) }
            let begin = monotonicNanoseconds()
            let workshop = Workshop(lab, scratch: "\(lab.tree)/.build-lab-\(lab.file.chapter)", project: lab.tree)
            if !exists(FilePath(workshop.scratch)) {
                let time = lab.file.firstBuildSeconds
                print(
                    language(
                        "The first build takes about \(time) s on two cores; the next ones take seconds.", "처음 빌드는 코어 두 개에서 약 \(time)초 걸립니다. 다음부터는 몇 초면 됩니다."))
            }
            if let complaint = try workshop.build() {
                print(complaint)
                print(language("It does not compile yet. The messages above are the compiler's.", "아직 컴파일되지 않습니다. 위의 메시지는 컴파일러가 남긴 것입니다."))
                return 1
            }
            let built = monotonicNanoseconds()
            let report = Report(language)
            let found = try workshop.findings(stopping: !all) { print(report.line($0, $1)) }
            var progress = Progress(of: lab)
            progress.note(found, of: lab)
            try progress.save(for: lab)
            print("")
            for line in report.conclusion(found, of: lab) { print(line) }
            print(
                language(
                    "(build \(seconds(begin, built)) s, checks \(seconds(built, monotonicNanoseconds())) s)",
                    "(빌드 \(seconds(begin, built))초, 검사 \(seconds(built, monotonicNanoseconds()))초)"))
            return status(found)
        }
    }

    private func seconds(_ begin: UInt64, _ end: UInt64) -> String {
        let tenths = (end - begin) / 100_000_000
        return "\(tenths / 10).\(tenths % 10)"
    }

    private func status(_ found: [(check: Check, finding: Finding)]) -> Int32 {
        for (_, finding) in found {
            switch finding {
            case .pass, .unverified: continue
            case .notWritten: return 69
            case .fail, .waits: return 1
            }
        }
        return 0
    }
}
