// `--join PID`: enter namespaces that exist. Of a PID namespace we ourselves never become a member, only our children do; hence the fork.
import Linux
import Namespaces

extension Run {
    func enterOther(_ process: ProcessID) throws -> Int32 {
        try Namespaces.join(process, wanted.isEmpty ? Namespace.allCases : wanted)
        try holdSignals(sharesTerminal: true)
        guard let child = try fork() else {
            try resetSignals()
            becomeCommand()
        }
        return try supervise(child).code
    }
}
