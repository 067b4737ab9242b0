// The user's own terminal while a container's terminal shows through it: no echo, no line editing, no ^C here, for the terminal in the
// container does all that. Whatever happens, the user's shell must find its settings again; so the guard restores them at the end of its
// life, and a crash restores them too. (A program killed by SIGKILL cannot: `stty sane`.) man 3 termios, cfmakeraw. Chapter 06.
public import Linux

/// Holds a terminal in raw mode for as long as this value lives.
///
///     let guarded = try RawMode(of: .standardInput)
///     … relay …
///     guarded.restore()
public struct RawMode: ~Copyable, Sendable {
    private let terminal: FileDescriptor
    private let before: TerminalSettings

    /// Saves the settings and lets every byte pass.
    /// - Throws: `KernelError` with ENOTTY where the descriptor is no terminal.
    public init(of terminal: FileDescriptor) throws(KernelError) {
        let before = try terminalSettings(terminal)
        guardTerminal(terminal, before)
        do throws(KernelError) {
            try setTerminalSettings(terminal, before.passingEveryByte)
        } catch {
            endGuardingTerminal()
            throw error
        }
        self.terminal = terminal
        self.before = before
    }

    deinit {
        try? setTerminalSettings(terminal, before)  // the terminal may have hung up: then there is nothing left to restore
        endGuardingTerminal()
    }

    /// Restores the settings now.
    public consuming func restore() {}
}
