// From the specification's filter to chapter 05's: the same words, but closed enums in place of strings. Names of calls that this machine's
// libseccomp does not know are passed over, as every runtime does: Docker's profile names calls that are newer than most libraries, and an
// unknown name can't be a call that the filter would have let through. Chapter 06.

import Explain
import Linux
import OCI
import Seccomp

/// The filter as bytes for the kernel; nil without one.
/// - Parameter cache: where programs are kept from one run to the next; nil: compiled each time.
func compile(_ settings: SeccompSettings?, cache: FilePath?) throws(StepError) -> Program? {
    guard let settings else { return nil }
    let profile = try Profile(settings)
    if profile.rules.isEmpty, profile.defaultAction == .allow { return nil }
    do throws(SeccompError) {
        guard let cache else { return try profile.compile() }
        return try ProgramCache(directory: cache).program(for: profile)
    } catch {
        throw .refused(what: "linux.seccomp", why: "\(error)")
    }
}

extension Profile {
    fileprivate init(_ settings: SeccompSettings) throws(StepError) {
        var architectures: [Architecture] = []
        for name in settings.architectures ?? [] {
            do throws(SeccompError) { architectures.append(try Architecture(name: name)) } catch { throw refused("architectures", "\(error)") }
        }
        var flags: Set<Flag> = []
        for name in settings.flags ?? [] {
            guard let flag = Flag(rawValue: name) else { throw refused("flags", "unknown flag \(name)") }
            flags.insert(flag)
        }
        var rules: [Rule] = []
        for rule in settings.syscalls ?? [] { rules.append(try Rule(rule)) }
        self.init(
            defaultAction: try translate(settings.defaultAction, settings.defaultErrnoRet), architectures: architectures, rules: rules, flags: flags,
            skipsUnknownNames: true)
    }
}

extension Rule {
    fileprivate init(_ rule: SeccompRule) throws(StepError) {
        var conditions: [Condition] = []
        for argument in rule.args ?? [] {
            guard let comparison = Comparison(rawValue: argument.op) else { throw refused("op", "unknown comparison \(argument.op)") }
            guard argument.index < 6 else { throw refused("index", "\(argument.index): a call has six arguments, from 0 on") }
            conditions.append(Condition(argument: argument.index, comparison, argument.value, argument.valueTwo ?? 0))
        }
        self.init(rule.names, try translate(rule.action, rule.errnoRet), where: conditions)
    }
}

private func translate(_ name: String, _ errno: UInt32?) throws(StepError) -> Action {
    guard let action = Action(name: name, errno: errno.map { UInt16(clamping: $0) }) else { throw refused("action", "unknown action \(name)") }
    guard action != .notify else { throw refused("action", "\(name) is not supported") }
    return action
}

private func refused(_ key: String, _ why: String) -> StepError { .refused(what: "linux.seccomp.\(key)", why: why) }
