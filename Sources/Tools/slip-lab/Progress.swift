// `slip-lab progress`: every lab with its exercises, what is passed, with how much help.
import ArgumentParser
import Course
import Linux

struct ProgressCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "progress", abstract: "Show what you have done.")

    func run() {
        finish(as: "slip-lab") {
            let top = try tree()
            for name in try entries(FilePath("\(top)/labs")).sorted() where exists(FilePath("\(top)/labs/\(name)/LAB.json")) {
                let lab = try Lab(String(name.prefix(2)), in: top)
                let progress = Progress(of: lab)
                print("\(lab.file.chapter) \(language(lab.file.title))\(lab.isBegun ? "" : language(" (not begun)", " (시작 전)"))")
                for exercise in lab.file.exercises {
                    let state = progress.exercises[exercise.id] ?? ExerciseProgress()
                    let mark = state.isPassed ? language("passed", "통과") : language("open  ", "미완")
                    let help = language("hints \(state.hints)", "힌트 \(state.hints)") + (state.sawSolution ? language(", solution seen", ", 풀이 확인") : "")
                    print("  \(mark)  \(exercise.id)  \(language(exercise.title))  (\(help))")
                }
            }
            return 0
        }
    }
}
