// The acts behind the longer steps of ProcessSteps.swift: terminal, streams, user, command, and the last one. Chapter 06.

import Capabilities
import Explain
import Linux
import Mounts
import Namespaces
import OCI
import Rootfs
import Seccomp
import Terminals

extension Child {
    /// A pseudo-terminal of the container's own; the parent gets the master.
    func openTerminal() throws(KernelError) {
        let pair = try PseudoTerminal(in: "/dev/pts")
        if let size = process.consoleSize {
            let window = WindowSize(rows: UInt16(clamping: size.height), columns: UInt16(clamping: size.width))
            try pair.master.borrow { (master) throws(KernelError) in try window.apply(to: master) }
        }
        terminal = try pair.openTerminalEnd().release()
        if hasConsole {
            try withRoot { (root) throws(KernelError) in _ = try ensureFile(beneath: root, "/dev/console") }
            try bind(pair.path, onto: "/dev/console")
        }
        try pair.master.borrow { (master) throws(KernelError) in try parent.tell(.console, descriptors: [master]) }
    }

    /// Puts the streams at 0, 1 and 2. Copies first: the caller may well hand us 1 as input and 0 as output.
    func takeStreams() throws(KernelError) {
        if let terminal {
            for number in CInt(0)...2 { try duplicate(terminal, onto: number) }
            return try setControllingTerminal(terminal)
        }
        let wanted = [streams.input, streams.output, streams.error]
        guard wanted.map(\.rawValue) != [0, 1, 2] else { return }
        var copies: [FileDescriptor] = []
        for stream in wanted { copies.append(try duplicate(stream).release()) }
        for (number, copy) in copies.enumerated() { try duplicate(copy, onto: CInt(number)) }
    }

    /// Looks the user up if it is a name, and sets HOME if nobody has.
    func findUser() throws(StepError) {
        environment = process.environment
        let hasHome = environment.contains { $0.hasPrefix("HOME=") && $0 != "HOME=" }
        if process.userText == nil && process.additionalGroups.isEmpty && hasHome {
            user = ResolvedUser(user: process.user.uid, group: process.user.gid, groups: process.user.additionalGids ?? [], home: "/")
        } else {
            user = try lookUpUser()
        }
        if !hasHome {
            environment.removeAll { $0 == "HOME=" }
            environment.append("HOME=\(user.home)")
        }
    }

    private func lookUpUser() throws(StepError) -> ResolvedUser {
        let database = try asking { () throws(KernelError) in
            try withRoot { (root) throws(KernelError) in try UserDatabase.read(beneath: root) }
        }
        do throws(UserError) {
            if let text = process.userText {
                var found = try database.resolve(text, additional: process.additionalGroups)
                found.groups = [found.group] + found.groups.filter { $0 != found.group }  // or a file that forbids the group would be open to it
                return found
            }
            var found = try database.resolve("\(process.user.uid)", additional: process.additionalGroups)
            found.group = process.user.gid
            found.groups = (process.user.additionalGids ?? []) + (process.additionalGroups.isEmpty ? [] : found.groups)
            return found
        } catch {
            if case .kernel(let cause) = error { throw .kernel(cause) }
            throw .refused(what: words(error).what, why: words(error).why)
        }
    }

    /// The directory, made if it is missing.
    func withWorkingDirectory(_ body: (FileDescriptor) throws(KernelError) -> Void) throws(KernelError) {
        try withRoot { (root) throws(KernelError) in
            try ensureDirectory(beneath: root, process.workingDirectory).borrow(body)
        }
    }

    func findTheCommand() throws(StepError) {
        let path = environment.last { $0.hasPrefix("PATH=") }?.dropFirst(5) ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        do throws(CommandError) {
            command = try findCommand(process.arguments[0], searchPath: String(path))
        } catch {
            switch error {
            case .notFound(let name, let reason), .notExecutable(let name, let reason): throw .refused(what: "exec: \"\(name)\"", why: reason)
            }
        }
    }

    func installFilter() throws(StepError) {
        guard let filter = process.filter else { return }
        try asking { () throws(KernelError) in try filter.install(noNewPrivileges: false) }
    }

    func becomeUser() throws(KernelError) {
        if user.user != 0 { giveStreamsTo(user.user) }
        guard let capabilities = process.capabilities else { return try changeUser() }
        try capabilities.apply { () throws(KernelError) in try changeUser() }
    }

    private func changeUser() throws(KernelError) {
        setUmask(process.user.umask ?? 0o022)
        try setGroups(user.groups)
        try setGroup(user.group)
        try setUser(user.user)
    }

    /// So that the user may open /dev/stdout again. A stream that can't change hands (a socket, a read-only file system) stays as it is.
    private func giveStreamsTo(_ user: UInt32) {
        for number in CInt(0)...2 {
            let stream = FileDescriptor(rawValue: number)
            guard let found = try? status(stream), found.user != user else { continue }  // a closed stream needs no owner
            guard found.kind != .characterDevice || terminal != nil else { continue }  // /dev/null is everybody's
            try? changeOwner(stream, user: user, group: found.group)  // see above: not every stream has an owner to change
        }
    }

    /// Says that all is ready, and reads until somebody writes.
    func waitAtGate() throws(StepError) {
        guard let gate else { return }
        try asking { () throws(KernelError) in
            try parent.tell(.waiting)
            _ = try read(gate, upTo: 1)
        }
    }

    /// The last step; returns only by throwing.
    func becomeCommand() throws(StepError) {
        guard runsInit else { return try execve() }
        let child = self
        try asking { () throws(KernelError) in
            try setDumpable(false)  // PID 1 stays a program of the host's: nobody inside may look into it
            setCommandLine("slipway-init")  // nor read the host's paths in its arguments
            pauseRecording()  // it closes the recorder's descriptor, which its child still has
            let end = try runInit {
                resumeRecording()
                do throws(StepError) {
                    try child.execve()
                    exitNow(126)  // execve returns only by failing
                } catch { child.parent.fail(StepFailure(step: StepName.execute, error: error)) }
            }
            exitNow(end.code)
        }
    }

    private func execve() throws(StepError) {
        do throws(KernelError) {
            if gate == nil { try parent.tell(.executing) }
            try resetSignals()
            try execute(command, process.arguments, environment)
        } catch {
            guard error.call == "execve" else { throw .kernel(error) }
            throw .refused(what: "exec: \"\(process.arguments[0])\"", why: error.reason.lowercased())
        }
    }
}

/// Docker's words, as subject and reason.
private func words(_ error: UserError) -> (what: String, why: String) {
    let text = error.description
    guard let colon = text.firstRange(of: ": ") else { return ("user", text) }
    return (String(text[..<colon.lowerBound]), String(text[colon.upperBound...]))
}
