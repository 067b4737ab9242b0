// `slip-lab update 03`: merges what has changed in the reference into the learner's copy.
import ArgumentParser
import Course
import Linux

struct Update: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Merge a newer reference into your copy.")
    @OptionGroup var which: Which

    func run() {
        finish(as: "slip-lab") {
            let told = try begun(which).update()
            for line in told { print(line) }
            if told.isEmpty { print(language("Your copy is up to date.", "이미 최신 상태입니다.")) }
            return 0
        }
    }
}
