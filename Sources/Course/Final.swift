// The whole engine with a learner's modules in it, and its system tests. The tests come from the reference's own build; only the
// executables that they start are the learner's, by the variable SLIPWAY_BIN: what judges is never built from what is judged.
import Linux

/// Builds the engine with the modules of `chapters` and runs the system tests on it, with output shown.
/// - Parameter chapters: such as `03`, `3` or `01,03`; each lab must have been begun
/// - Returns: the exit status: that of the build, or of the tests.
public func final(_ chapters: String, in project: String) throws -> Int32 {
    var words: [String] = [], numbers: [String] = []
    for chapter in chapters.split(separator: ",") {
        let lab = try Lab(String(chapter), in: project)
        guard lab.isBegun else { throw CourseError("you have not begun lab \(lab.file.chapter): make lab N=\(lab.file.chapter)") }
        for line in try lab.followLinks() { print(line) }
        words += try lab.words()
        numbers.append(lab.file.chapter)
    }
    let settings = ["MINE=\(numbers.joined(separator: ","))", "LAB=", "ONLY="]
    let scratch = "\(project)/.build-mine"
    let build = try run(["swift", "build", "--scratch-path", scratch, "-Xswiftc", "-use-ld=lld"], in: project, with: settings, shown: true)
    guard build.code == 0 else { return build.code }
    // Built, if need be, by the reference alone: a bundle from last week would judge by last week's tests.
    let reference = ["MINE=", "LAB=", "ONLY="]
    let tests = try run(["swift", "build", "-c", "release", "--build-tests"], in: project, with: reference, shown: true)
    guard tests.code == 0 else { return tests.code }
    let bin = try run(["swift", "build", "-c", "release", "--show-bin-path"], in: project, with: reference).output.filter { $0 != "\n" }
    let bundle = "\(bin)/slipwayPackageTests.xctest"
    return try run(
        ["\(project)/Tests/Sandbox/run", bundle, "--testing-library", "swift-testing", "--no-parallel", "--filter", "SystemTests"], in: project,
        with: ["SLIPWAY_BIN=\(scratch)/debug"] + words.map { "SLIPWAY_PROVENANCE=\($0)" }, shown: true
    ).code
}
