// What every subcommand needs: the tree it stands in, the reader's language, printing.
import ArgumentParser
import Course
import Linux

/// The lab or exercise that a command is about.
struct Which: ParsableArguments {
    @Argument(help: "A lab (03) or an exercise (03.2).")
    var number: String = ""

    func lab() throws -> Lab { try Lab(number, in: tree()) }
}

let language = Language(environment: currentEnvironment())

/// The top of the project: where we were started.
func tree() throws -> String {
    guard exists("Package.swift"), exists("labs") else { throw Refusal("start slip-lab at the top of the project (where Package.swift lies)") }
    return try readLink("/proc/self/cwd")
}

/// A sentence for the reader.
struct Refusal: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// The lab, begun; or a sentence that says how to begin.
func begun(_ which: Which) throws -> Lab {
    let lab = try which.lab()
    guard lab.isBegun else {
        throw Refusal(language("you have not begun this lab: make lab N=\(lab.file.chapter)", "아직 시작하지 않은 실습입니다: make lab N=\(lab.file.chapter)"))
    }
    return lab
}
