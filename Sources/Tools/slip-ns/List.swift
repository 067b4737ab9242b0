// `slip-ns list PID…`: in which namespaces processes are, beside those of this one and of PID 1.
import ArgumentParser
import Linux
import Namespaces

struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show the namespaces of processes, and which of them are the host's (PID 1's) or ours.")

    @Argument(help: "Processes; this one if none is named.")
    var processes: [Int32] = []

    func run() {
        finish(as: "slip-ns") {
            for process in processes.isEmpty ? [currentProcess()] : processes.map({ ProcessID($0) }) {
                let command = try readText(FilePath("/proc/\(process)/comm")).filter { $0 != "\n" }
                print("process \(process) (\(command))")
                for kind in Namespace.allCases {
                    do throws(KernelError) {
                        let found = try identity(of: process, kind)
                        print("  \(found)".padded(to: 24) + relation(of: found))
                    } catch {  // a kernel without this kind, or not ours to see
                        print("  \(kind.procName)".padded(to: 24) + error.reason.lowercased())
                    }
                }
            }
            return 0
        }
    }

    private func relation(of found: NamespaceIdentity) -> String {
        // Without root, PID 1's are not to be seen; a kind that the kernel lacks is nobody's.
        let host = try? identity(of: ProcessID(1), found.kind)  // see above
        let ours = try? identity(of: currentProcess(), found.kind)  // see above
        return found == host ? "the host's" : host == nil && found == ours ? "ours" : "its own" + (found == ours ? ", and ours" : "")
    }
}

extension String {
    func padded(to width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}
