// Variables for a container from our own environment and from files, for the commands that have `-e` and `--env-file`. chapter 13

internal import Linux

enum OwnEnvironment {
    /// Our variables by name.
    static var values: [String: String] {
        Dictionary(
            currentEnvironment().compactMap { word in word.firstIndex(of: "=").map { (String(word[..<$0]), String(word[word.index(after: $0)...])) } },
            uniquingKeysWith: { first, _ in first })
    }

    /// Where we are.
    static var directory: FilePath { FilePath((try? readLink("/proc/self/cwd")) ?? "/") }  // a directory that is gone has no name

    /// The variables that `--env-file` and `-e` name; nil where they name none.
    static func variables(files: [String], words: [String]) throws(ValueError) -> [String]? {
        var texts: [(name: String, text: String)] = []
        for name in files {
            do throws(KernelError) { texts.append((name, try readText(FilePath(name)))) } catch {
                throw ValueError(description: "open \(name): \(error.reason.lowercased())")
            }
        }
        let all = try KeyValues.variables(files: texts, words: words, environment: values)
        return all.isEmpty ? nil : all
    }
}
