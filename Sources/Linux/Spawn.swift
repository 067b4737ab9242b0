// Starting a program from a process with many threads: posix_spawn, which is vfork and execve in one and costs the same however big the
// caller is. Every spawn closes descriptors from 3 up but those named, resets signals and starts a session. man 3 posix_spawn. Chapter 11.
import CLinux
import Glibc

/// What to start, and how.
public struct Spawn: Sendable {
    /// The program's file.
    public var executable: FilePath
    /// argv, its first element included.
    public var arguments: [String]
    /// envp, `KEY=VALUE`.
    public var environment: [String]
    /// Which of our descriptors the child gets, and under which numbers. Numbers 0–2 that are not named open /dev/null.
    public var descriptors: [(ours: FileDescriptor, number: CInt)]
    /// nil: ours.
    public var workingDirectory: FilePath?

    /// A program with arguments; the environment is empty unless given.
    public init(
        _ executable: FilePath, _ arguments: [String], environment: [String] = [], descriptors: [(ours: FileDescriptor, number: CInt)] = [],
        workingDirectory: FilePath? = nil
    ) {
        (self.executable, self.arguments, self.environment) = (executable, arguments, environment)
        (self.descriptors, self.workingDirectory) = (descriptors, workingDirectory)
    }
}

/// A process that we started and must wait for.
public struct Spawned: ~Copyable, Sendable {
    /// Its number.
    public let process: ProcessID
    /// Its pidfd.
    public let descriptor: Descriptor
}

/// Starts a program. man 3 posix_spawn.
public func spawn(_ what: Spawn) throws(KernelError) -> Spawned {
    // Copies far above the targets, so that no dup2 overwrites a source before it was used.
    var sources: [(CInt, CInt)] = []
    defer { for (copy, _) in sources { _ = Glibc.close(copy) } }
    for (ours, number) in what.descriptors {
        sources.append((try call("fcntl", "\(ours.rawValue) F_DUPFD_CLOEXEC") { fcntl(ours.rawValue, F_DUPFD_CLOEXEC, 200) }, number))
    }
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe _ = posix_spawn_file_actions_destroy(&actions) }
    for number in CInt(0)...2 where !sources.contains(where: { $0.1 == number }) {
        unsafe posix_spawn_file_actions_addopen(&actions, number, "/dev/null", number == 0 ? O_RDONLY : O_WRONLY, 0)
    }
    for (copy, number) in sources { unsafe posix_spawn_file_actions_adddup2(&actions, copy, number) }
    if let directory = what.workingDirectory { unsafe _ = slipway_spawn_change_directory(&actions, directory.string) }
    unsafe _ = slipway_spawn_close_from(&actions, max(2, sources.map(\.1).max() ?? 2) + 1)

    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe _ = posix_spawnattr_destroy(&attributes) }
    var (none, all) = (sigset_t(), sigset_t())
    unsafe sigemptyset(&none)
    unsafe sigfillset(&all)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    unsafe posix_spawnattr_setsigdefault(&attributes, &all)
    let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | 0x80  // POSIX_SPAWN_SETSID
    unsafe posix_spawnattr_setflags(&attributes, Int16(flags))

    var pid: pid_t = 0
    unsafe try withCStrings(what.arguments) { argv throws(KernelError) in
        unsafe try withCStrings(what.environment) { envp throws(KernelError) in
            let reason = unsafe posix_spawn(&pid, what.executable.string, &actions, &attributes, argv, envp)
            guard reason == 0 else { throw KernelError(call: "posix_spawn", subject: "\(what.executable)", errno: reason) }
        }
    }
    return Spawned(process: ProcessID(pid), descriptor: try openProcess(ProcessID(pid)))
}
