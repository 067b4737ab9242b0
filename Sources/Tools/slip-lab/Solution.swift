// `slip-lab solution 03.2`: the reference's region, and why it is so. Whoever looks before passing finds that noted in the progress.
import ArgumentParser
import Course
import Linux

struct Solution: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show the reference's answer to an exercise, and why.")
    @OptionGroup var which: Which

    func run() {
        finish(as: "slip-lab") {
            let lab = try which.lab()
            let exercise = try lab.exercise(which.number)
            var progress = Progress(of: lab)
            var state = progress.exercises[exercise.id] ?? ExerciseProgress()
            if !state.isPassed { state.sawSolution = true }
            progress.exercises[exercise.id] = state
            try progress.save(for: lab)
            print("// \(exercise.id): \(language(exercise.title)) (Sources/\(lab.file.modules[0])/\(exercise.file))")
            for line in try lab.region(of: exercise).body { print(line) }
            print("\n\(language(exercise.why))")
            return 0
        }
    }
}
