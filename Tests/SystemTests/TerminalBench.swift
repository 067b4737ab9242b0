// A person at a terminal, for programs that insist on one: we hold the master of a pseudo-terminal, the program is the leader of a session of its
// own whose controlling terminal is the other end. Opening that end as descriptor 0 without O_NOCTTY in the new session makes it so. What the
// program shows is collected by a thread; what is typed goes in as bytes. man 7 pty, man 3 posix_spawn.
import Foundation
import Glibc

final class TerminalBench: @unchecked Sendable {
    let master: Int32
    private(set) var pid: pid_t = 0
    private let lock = NSLock()
    private var shown: [UInt8] = []
    private var hasEnded = false, isPaused = false
    private var code: Int32?
    private let before: termios

    /// Starts a program at a terminal of this size.
    init(_ words: [String], environment: [String: String] = [:], rows: UInt16 = 30, columns: UInt16 = 100, reads: Bool = true) throws {
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var locked: Int32 = 0, number: Int32 = 0
        guard master >= 0, ioctl(master, 0x4004_5431, &locked) == 0, ioctl(master, 0x8004_5430, &number) == 0 else {  // TIOCSPTLCK, TIOCGPTN
            throw Refused(description: "no pseudo-terminal: \(errno)")
        }
        before = Self.settings(of: master)
        resize(rows: rows, columns: columns)
        try start(words, environment, path: "/dev/pts/\(number)")
        isPaused = !reads
        let thread = Thread { [weak self, master] in
            while let self, self.readOnce(master) {}
        }
        thread.start()
    }

    deinit {
        if code == nil, pid > 0 {
            kill(pid, SIGKILL)
            var status: Int32 = 0
            waitpid(pid, &status, 0)
        }
        close(master)
    }

    private func start(_ words: [String], _ environment: [String: String], path: String) throws {
        var actions = posix_spawn_file_actions_t(), attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, 0, path, O_RDWR, 0)
        posix_spawn_file_actions_adddup2(&actions, 0, 1)
        posix_spawn_file_actions_adddup2(&actions, 0, 2)
        // This thread is one of a pool whose threads hold signals back; a program at a terminal must get them.
        var (none, all) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | 0x80))  // POSIX_SPAWN_SETSID
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }.map { "\($0)=\($1)" }
        var argv = words.map { strdup($0) } + [nil], envp = variables.map { strdup($0) } + [nil]
        defer { (argv + envp).forEach { free($0) } }
        let reason = posix_spawnp(&pid, words[0], &actions, &attributes, &argv, &envp)
        guard reason == 0 else { throw Refused(description: "\(words[0]): \(String(cString: strerror(reason)))") }
    }

    /// False at the end.
    private func readOnce(_ master: Int32) -> Bool {
        if lock.withLock({ isPaused }) {
            usleep(10_000)
            return true
        }
        var waiting = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, 50) > 0 else { return true }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = read(master, &buffer, buffer.count)
        return lock.withLock {
            if count > 0 { shown += buffer[..<count] } else { hasEnded = true }
            return count > 0
        }
    }

    /// Stops or goes on taking what the program shows.
    func pause(_ on: Bool) { lock.withLock { isPaused = on } }

    // MARK: What is seen and typed

    var bytes: [UInt8] { lock.withLock { shown } }
    var screen: String { String(decoding: bytes, as: UTF8.self) }

    /// Forgets what was shown.
    func clear() { lock.withLock { shown = [] } }

    /// Waits until a text is shown.
    func shows(_ text: String, within seconds: Double = 20) -> Bool { eventually(within: seconds) { screen.contains(text) } }

    func type(_ text: String) { type(Array(text.utf8)) }

    func type(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = Array(rest).withUnsafeBytes { write(master, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// Changes the window; what runs in its foreground gets SIGWINCH.
    func resize(rows: UInt16, columns: UInt16) {
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(master, UInt(TIOCSWINSZ), &size)
    }

    /// The terminal goes away, as when its window is closed.
    func hangUp() {
        let nothing = open("/dev/null", O_RDWR | O_CLOEXEC)
        dup2(nothing, master)  // the number stays ours, the master is closed
        close(nothing)
    }

    // MARK: Its modes

    private static func settings(of terminal: Int32) -> termios {
        var settings = termios()
        tcgetattr(terminal, &settings)
        return settings
    }

    /// Whether the program has made the terminal raw: no echo, no lines, no signals by key.
    var isRaw: Bool { Self.settings(of: master).c_lflag & UInt32(ECHO | ICANON | ISIG) == 0 }

    /// Whether all modes are those of before the program.
    var isRestored: Bool {
        let now = Self.settings(of: master)
        return (now.c_iflag, now.c_oflag, now.c_lflag, now.c_cflag) == (before.c_iflag, before.c_oflag, before.c_lflag, before.c_cflag)
    }

    // MARK: Its end

    /// Waits for the end: the exit code, or 128 and the signal; nil where it goes on.
    func wait(within seconds: Double = 20) -> Int32? {
        _ = eventually(within: seconds) {
            if code != nil { return true }
            var status: Int32 = 0
            guard waitpid(pid, &status, WNOHANG) == pid else { return false }
            code = status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
            return true
        }
        return code
    }
}
