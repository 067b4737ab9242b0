// `slip-lab begin 03`: makes the learner's copy once, and prints the brief and the first exercise.
import ArgumentParser
import Course
import Linux

struct Begin: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Make your copy of a lab's module (never overwritten) and read the brief.")
    @OptionGroup var which: Which

    func run() {
        finish(as: "slip-lab") {
            let lab = try which.lab()
            if !lab.isBegun { try lab.generate(.starter, base: lab.currentCommit()) }
            print(
                language(
                    "Lab \(lab.file.chapter): \(lab.file.title.en) (about \(lab.file.minutes) minutes)",
                    "실습 \(lab.file.chapter): \(lab.file.title.ko) (약 \(lab.file.minutes)분)"))
            print("\n\(language(lab.file.brief))\n")
            for exercise in lab.file.exercises {
                print("\(exercise.id)  \(language(exercise.title))")
                print("      \(lab.folder)/mine/\(lab.file.modules[0])/\(exercise.file)")
            }
            if let first = lab.file.exercises.first { print("\n\(first.id): \(language(first.brief))") }
            print(language("\nThen: make check N=\(lab.file.chapter)", "\n다음 명령: make check N=\(lab.file.chapter)"))
            return 0
        }
    }
}
