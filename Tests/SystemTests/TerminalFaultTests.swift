// Whatever becomes of client, engine or terminal: the user's terminal is as it was, and nothing hangs.
import Foundation
import Glibc
import Testing

@Suite("A terminal is given back", .enabled(if: Machine.isSandbox, Machine.why), .serialized)
struct TerminalFaultTests {
    static let shared = Result { try Testbed("given-back") }
    let bed: Testbed
    init() throws { bed = try Self.shared.get() }

    private func atShell(_ client: Client = .slipway, _ words: String...) throws -> TerminalBench {
        let terminal = try TerminalBench(client.words + words, environment: bed.environment)
        #expect(terminal.shows("# "), "\(terminal.screen)")
        #expect(terminal.isRaw)
        return terminal
    }

    @Test("when the client is told to end", arguments: [SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGINT])
    func signals(number: Int32) throws {
        let terminal = try atShell(.slipway, "run", "--rm", "-it", "--name", "told", "bb", "sh")
        defer { _ = try? bed.slipway("rm", "-f", "told") }
        kill(terminal.pid, number)
        #expect(terminal.wait() == 128 + number)
        #expect(terminal.isRestored)
    }

    @Test("when the client of an exec is told to end", arguments: Client.present)
    func execSignals(client: Client) throws {
        try bed.slipway("run", "-d", "--name", "host", "bb", "sleep", "1000")
        defer { _ = try? bed.slipway("rm", "-f", "host") }
        let terminal = try atShell(client, "exec", "-it", "host", "sh")
        kill(terminal.pid, SIGTERM)
        #expect(terminal.wait() != nil)
        #expect(terminal.isRestored)
    }

    @Test("when the client crashes", arguments: [SIGILL, SIGTRAP, SIGABRT, SIGSEGV])
    func crash(number: Int32) throws {
        let terminal = try atShell(.slipway, "run", "--rm", "-it", "--name", "crashed", "bb", "sh")
        defer { _ = try? bed.slipway("rm", "-f", "crashed") }
        kill(terminal.pid, number)
        #expect(terminal.wait() == 128 + number)
        #expect(terminal.isRestored)
    }

    @Test("when the container is removed under it", arguments: Client.present)
    func removed(client: Client) throws {
        let terminal = try atShell(client, "run", "-it", "--name", "gone", "bb", "sh")
        try bed.slipway("rm", "-f", "gone")
        #expect(terminal.wait() == 137)
        #expect(terminal.isRestored)
    }

    @Test("when the container's supervisor is killed", arguments: Client.present)
    func supervisorKilled(client: Client) throws {
        let terminal = try atShell(client, "run", "-it", "--name", "orphan", "bb", "sh")
        defer { _ = try? bed.slipway("rm", "-f", "orphan") }
        let process = try bed.slipway("inspect", "-f", "{{.State.Pid}}", "orphan").line
        let status = try String(contentsOf: URL(filePath: "/proc/\(process)/status"), encoding: .utf8)
        let shim = try #require(
            status.split(separator: "\n").first { $0.hasPrefix("PPid:") }.flatMap { Int32($0.dropFirst(5).trimmingCharacters(in: .whitespaces)) })
        kill(shim, SIGKILL)
        #expect(terminal.wait() == 137)
        #expect(terminal.isRestored)
    }

    @Test("when the terminal shows nothing any more, and the client is told to end")
    func standstill() throws {
        let terminal = try atShell(.slipway, "run", "--rm", "-it", "--name", "still", "bb", "sh")
        defer { _ = try? bed.slipway("rm", "-f", "still") }
        terminal.pause(true)
        terminal.type("yes\r")
        sleep(1)
        kill(terminal.pid, SIGTERM)
        #expect(terminal.wait(within: 10) == 128 + SIGTERM)
        #expect(terminal.isRestored)
    }

    // The genuine command passes the signal on to the container, and stays.
    @Test("when the terminal hangs up, the client ends, and the container lives")
    func hangUp() throws {
        let terminal = try atShell(.slipway, "run", "-it", "--name", "hung", "bb", "sh")
        defer { _ = try? bed.slipway("rm", "-f", "hung") }
        terminal.hangUp()
        #expect(terminal.wait() != nil)
        #expect(try bed.inspect("hung", "{{.State.Running}}") == "true")
    }

    @Test("when the engine is killed; the container lives, and the next engine lets us in again", arguments: Client.present)
    func engineKilled(client: Client) throws {
        let own = try Testbed("killed-\(client)")
        let terminal = try TerminalBench(client.words + ["run", "-it", "--name", "kept", "bb", "sh"], environment: own.environment)
        #expect(terminal.shows("# "))
        own.killDaemon()
        #expect(terminal.wait() != nil)
        #expect(terminal.isRestored)
        try own.startDaemon()
        let again = try TerminalBench(client.words + ["attach", "kept"], environment: own.environment, rows: 22, columns: 66)
        usleep(500_000)
        again.type("stty size\r")
        #expect(again.shows("22 66"), "\(again.screen)")
        again.type("exit 4\r")
        #expect(again.wait() == 4)
        #expect(again.isRestored)
    }
}
