// `slip-lab reset 03`: a new copy; the old one is kept beside it.
import ArgumentParser
import Course
import Linux

struct Reset: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Begin a lab again; your work is kept beside it.")
    @OptionGroup var which: Which

    func run() {
        finish(as: "slip-lab") {
            let lab = try begun(which)
            let kept = try lab.setAside()
            try lab.generate(.starter, base: lab.currentCommit())
            try Progress().save(for: lab)
            print(language("A new copy lies in \(lab.folder)/mine; what you had is in \(kept).", "\(lab.folder)/mine 에 새로 만들었습니다. 이전 작업은 \(kept) 에 있습니다."))
            return 0
        }
    }
}
