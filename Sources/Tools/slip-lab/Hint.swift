// `slip-lab hint 03.2`: the next of three rungs: a question, a pointer, nearly the answer.
import ArgumentParser
import Course
import Linux

struct Hint: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show the next hint for an exercise.")
    @OptionGroup var which: Which

    func run() {
        finish(as: "slip-lab") {
            let lab = try which.lab()
            let exercise = try lab.exercise(which.number)
            var progress = Progress(of: lab)
            let rung = progress.takeHint(for: exercise)
            try progress.save(for: lab)
            print(language("Hint \(rung + 1) of \(exercise.hints.count) for \(exercise.id):", "\(exercise.id) 힌트 \(rung + 1)/\(exercise.hints.count):"))
            print(language(exercise.hints[rung]))
            return 0
        }
    }
}
