// The second list, which a container's first process and every later one (`exec`) walk through alike: from a process of the runtime's to the
// command that was asked for. From "become the user" on there is no way back, so all that can be wrong with the command, the user and the
// directory is found before. man 7 credentials, man 2 seccomp, execve. Chapter 06.

import Capabilities
import Explain
import Linux
import OCI
import Rootfs
import Seccomp
import Terminals

/// From a finished world to the command.
let processSteps: [Step<Child>] = [
    Step("start a session", because: "Ctrl-C at the runtime's terminal is not for the container, and only a session's leader may take a terminal", chapter: 6) {
        _ throws(KernelError) in
        try newSession()
    },
    Step("limit the process", because: "raising a hard limit takes CAP_SYS_RESOURCE, which is given up below", chapter: 6, when: { !$0.process.limits.isEmpty })
    {
        child throws(KernelError) in
        for (number, limit) in child.process.limits { try setResourceLimit(number, soft: limit.soft, hard: limit.hard) }
    },
    Step(
        "open a terminal", because: "it must be one of the container's own /dev/pts, or `tty` would name a file that is not there", chapter: 11,
        when: \.process.hasTerminal
    ) {
        child throws(KernelError) in
        try child.openTerminal()
    },
    Step("take the streams", because: "whatever fails from here on is told over the socket, not on them", chapter: 11) { child throws(KernelError) in
        try child.takeStreams()
    },
    Step(StepName.findUser, because: "the container's own files say who a name is, and they can be seen now", chapter: 1) { child throws(StepError) in
        try child.findUser()
    },
    Step("go to the working directory", because: "as root, who may enter any; relative commands are looked up from here", chapter: 6) {
        child throws(KernelError) in
        try child.withWorkingDirectory { (directory) throws(KernelError) in try changeDirectory(directory) }
    },
    Step(StepName.findCommand, because: "a missing command must be told before anything is given up", chapter: 6) { child throws(StepError) in
        try child.findTheCommand()
    },
    Step("wait for the hooks", because: "they may still be busy with our network", chapter: 6, when: \.mustWaitForGo) { child throws(StepError) in
        try child.parent.waitForGo()
    },
    Step("give up gaining privileges", because: "set-user-id programs then run as whoever starts them", chapter: 5, when: \.process.noNewPrivileges) {
        _ throws(KernelError) in
        try setNoNewPrivileges()
    },
    Step("keep nothing open", because: "a descriptor of ours would lead out of the container; marked, not closed: ours are needed until execve", chapter: 6) {
        _ throws(KernelError) in
        try closeOnExec(from: 3)
    },
    Step(
        "filter its kernel calls", because: "without no_new_privs this takes CAP_SYS_ADMIN, so it comes before the user is changed", chapter: 5,
        when: \.filtersEarly
    ) {
        child throws(StepError) in
        try child.installFilter()
    },
    Step("become the user", because: "bounding set first, while we may; then groups, group, user; the other sets last", chapter: 5) {
        child throws(KernelError) in
        try child.becomeUser()
    },
    Step("filter its kernel calls, last", because: "with no_new_privs anybody may, so the calls above need not be allowed", chapter: 5, when: \.filtersLate) {
        child throws(StepError) in
        try child.installFilter()
    },
    Step("wait at the gate", because: "`create` ends here; `start` opens the gate", chapter: 6, when: { $0.gate != nil }) { child throws(StepError) in
        try child.waitAtGate()
    },
    Step(StepName.execute, because: "all is done; execve closes the socket, and that tells our parent", chapter: 6) { child throws(StepError) in
        try child.becomeCommand()
    }
]

// MARK: When a step has something to do

extension Child {
    fileprivate var filtersEarly: Bool { process.filter != nil && !process.noNewPrivileges }
    fileprivate var filtersLate: Bool { process.filter != nil && process.noNewPrivileges }
}
