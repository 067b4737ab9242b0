// A program that has made its user's terminal raw and then crashes leaves a shell that shows nothing of what is typed. So the settings of before
// are kept where the handler of a fatal signal can set them: tcsetattr is one of the calls that may be made there. The signal then takes its
// usual course. man 7 signal-safety, man 2 sigaction, man 3 termios. Chapter 06.
import Glibc

/// Which terminal, -1 for none. Set last and cleared first, so that the handler never sees half.
nonisolated(unsafe) private var terminalAtRisk: CInt = -1
/// Allocated once, and never freed.
nonisolated(unsafe) private var settingsOfBefore: UnsafeMutablePointer<termios>?

/// Gives `terminal` back its `settings` should this process crash from now on: a failed precondition, an abort, a bad address.
/// One terminal at a time; a second call replaces the first.
public func guardTerminal(_ terminal: FileDescriptor, _ settings: TerminalSettings) {
    let room = unsafe settingsOfBefore ?? UnsafeMutablePointer<termios>.allocate(capacity: 1)
    unsafe terminalAtRisk = -1
    unsafe room.initialize(to: settings.raw)
    unsafe settingsOfBefore = room
    unsafe terminalAtRisk = terminal.rawValue
    for number in [SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS] {
        var action = sigaction()
        unsafe action.__sigaction_handler.sa_handler = { number in
            if unsafe terminalAtRisk >= 0, let settings = unsafe settingsOfBefore { _ = unsafe tcsetattr(terminalAtRisk, TCSANOW, settings) }
            raise(number)  // held back until this handler returns, and then with its default meaning
        }
        action.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND))
        _ = unsafe sigaction(number, &action, nil)  // fails for no valid signal
    }
}

/// The terminal has its settings back: a crash needs not touch it any more.
public func endGuardingTerminal() { unsafe terminalAtRisk = -1 }
