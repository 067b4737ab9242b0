// `slip-lab prove [03]`: who checks the checks.
import ArgumentParser
import Course
import Linux

struct Prove: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prove the labs: the starter is not written yet, the reference passes twice, each mutant is caught by the check that it names.")
    @OptionGroup var which: Which

    func run() {
        finish(as: "slip-lab") {
            let top = try tree()
            let numbers = which.number.isEmpty ? try entries(FilePath("\(top)/labs")).sorted().map { String($0.prefix(2)) } : [which.number]
            var wrong = 0
            for number in numbers {
                let lab = try Lab(number, in: top)
                print("lab \(lab.file.chapter) \(lab.file.title.en)")
                wrong += try Proof(of: lab, in: "\(top)/.build-labs") { print($0) }.run()
            }
            print(wrong == 0 ? "labs: everything holds" : "labs: \(wrong) statements do not hold")
            return wrong == 0 ? 0 : 1
        }
    }
}
