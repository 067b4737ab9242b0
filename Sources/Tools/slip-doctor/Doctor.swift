// The examination: a list of checks, each of which asks the kernel and answers with a finding; printed in order, and what follows from them for
// the tiers of the labs at the end.
import ArgumentParser
import Linux

struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "slip-doctor", abstract: "Say what this machine can do, and why not (chapter 00).",
        discussion: """
            Nothing is changed: what has to be tried is tried in a child process with namespaces of its own.

            Examples:
              slip-doctor
              sudo slip-doctor
              slip-doctor --failing

            Exit status: 0 where containers can be run, 1 where something that they need is missing.
            """)

    @Flag(help: "Only what is missing.")
    var failing = false

    func run() {
        finish(as: "slip-doctor") {
            let findings = machine() + privileges() + namespaces() + fileSystems() + controlGroups() + confinement()
            for finding in findings where !failing || finding.state != .good { print(finding) }
            print("")
            for tier in tiers(findings) { print(tier) }
            return findings.contains { $0.state == .bad } ? 1 : 0
        }
    }

    /// What can be checked here of the course: pure code; namespaces without root; with root; what only a virtual machine has.
    private func tiers(_ findings: [Finding]) -> [String] {
        func isGood(_ names: String...) -> Bool { names.allSatisfy { name in findings.contains { $0.name == name && $0.state == .good } } }
        let answer = { (works: Bool) in works ? "runs here" : "UNVERIFIED HERE" }
        return [
            "tier P  values in, values out                runs here",
            "tier U  user namespaces, no root             \(answer(isGood("user namespaces")))",
            "tier R  root                                 \(answer(isGood("root", "making namespaces", "mounting")))",
            "tier V  cgroup v2 limits, AppArmor           \(isGood("limits by cgroup v2", "AppArmor") ? "runs here" : isGood("virtual machine") ? "in a virtual machine (KVM is here)" : "UNVERIFIED HERE")"
        ]
    }
}
