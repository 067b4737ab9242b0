// Containers at a terminal, by our command line and by the genuine one: size, keys, full-screen programs, and the terminal as it was, afterwards.
import Foundation
import Glibc
import Testing

/// The two command lines.
enum Client: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case slipway, docker
    var words: [String] { [self == .slipway ? Machine.tool("slipway") : Machine.docker ?? "docker"] }
    var testDescription: String { rawValue }
    /// Those that are here.
    static var present: [Client] { Machine.docker == nil ? [.slipway] : allCases }
}

extension Testbed {
    /// A command at a terminal.
    func terminal(_ client: Client, _ words: String..., rows: UInt16 = 30, columns: UInt16 = 100) throws -> TerminalBench {
        try TerminalBench(client.words + words, environment: environment, rows: rows, columns: columns)
    }
}

@Suite("A container at a terminal", .enabled(if: Machine.isSandbox, Machine.why), .serialized)
struct TerminalTests {
    static let shared = Result { try Testbed("terminal") }
    let bed: Testbed
    init() throws { bed = try Self.shared.get() }

    @Test("run -it: the size from the first moment, after a change, and the modes back at the end", arguments: Client.present)
    func size(client: Client) throws {
        let terminal = try bed.terminal(client, "run", "--rm", "-it", "bb", "sh", "-c", "stty size; read x; stty size; exit 5", rows: 31, columns: 101)
        #expect(terminal.shows("31 101"), "\(terminal.screen)")
        #expect(terminal.isRaw)
        terminal.resize(rows: 44, columns: 132)
        #expect(eventually { (try? bed.slipway("ps", "-q").line).map { !$0.isEmpty } ?? false })
        usleep(300_000)
        terminal.type("\r")
        #expect(terminal.shows("44 132"), "\(terminal.screen)")
        #expect(terminal.wait() == 5)
        #expect(terminal.isRestored)
    }

    @Test("exec -it: the size from the first moment, TERM, a shell that has its terminal, and the modes back", arguments: Client.present)
    func exec(client: Client) throws {
        try bed.slipway("run", "-d", "--name", "host", "bb", "sleep", "1000")
        defer { _ = try? bed.slipway("rm", "-f", "host") }
        let terminal = try bed.terminal(client, "exec", "-it", "host", "sh", "-c", "stty size; echo $TERM; tty; exec sh", rows: 33, columns: 111)
        #expect(terminal.shows("33 111"), "\(terminal.screen)")
        #expect(terminal.shows("xterm") && terminal.shows("/dev/pts/"))
        #expect(terminal.shows("# "))
        #expect(!terminal.screen.contains("can't access tty"))
        terminal.resize(rows: 20, columns: 70)
        usleep(300_000)
        terminal.clear()
        terminal.type("stty size\r")
        #expect(terminal.shows("20 70"), "\(terminal.screen)")
        terminal.type("exit 9\r")
        #expect(terminal.wait() == 9)
        #expect(terminal.isRestored)
    }

    @Test("ctrl-C and ctrl-Z are the container's: they reach its foreground, and not the client", arguments: Client.present)
    func interrupt(client: Client) throws {
        let terminal = try bed.terminal(client, "run", "--rm", "-it", "bb", "sh")
        #expect(terminal.shows("# "))
        terminal.type("sleep 1000\r")
        usleep(500_000)
        terminal.type([3])
        terminal.type("echo code $?\r")
        #expect(terminal.shows("code 130"), "\(terminal.screen)")
        terminal.type("sleep 1001\r")
        usleep(500_000)
        terminal.type([26])
        #expect(terminal.shows("Stopped"), "\(terminal.screen)")
        terminal.type("fg\r")
        usleep(500_000)
        terminal.type([3])
        usleep(200_000)
        terminal.type("exit 3\r")
        #expect(terminal.wait() == 3)
        #expect(terminal.isRestored)
    }

    @Test("a full-screen program draws, takes keys, and leaves what was typed", arguments: Client.present)
    func editor(client: Client) throws {
        let terminal = try bed.terminal(client, "run", "--rm", "-it", "bb", "sh", "-c", "vi /tmp/x; cat /tmp/x", rows: 24, columns: 80)
        #expect(terminal.shows("~\u{1b}[K") || terminal.shows("\u{1b}[23;1H"), "\(terminal.screen)")
        terminal.type("ihello from vi")
        #expect(terminal.shows("hello from vi"))
        terminal.type([27])
        usleep(300_000)
        terminal.clear()
        terminal.type(":wq\r")
        #expect(terminal.shows("hello from vi\r\n"), "\(terminal.screen)")
        #expect(terminal.wait() == 0)
        #expect(terminal.isRestored)
    }

    @Test("500 changes of the window end at the last size", arguments: Client.present)
    func storm(client: Client) throws {
        let terminal = try bed.terminal(client, "run", "--rm", "-it", "bb", "sh")
        #expect(terminal.shows("# "))
        for number in 1...500 {
            terminal.resize(rows: UInt16(10 + number % 50), columns: UInt16(40 + number % 100))
            usleep(1000)
        }
        terminal.resize(rows: 37, columns: 137)
        // The last call may still be on its way when we look: so the shell looks again.
        terminal.type("until [ \"$(stty size)\" = '37 137' ]; do sleep 0.1; done; stty size; exit\r")
        #expect(terminal.shows("\n37 137\r\n"), "\(terminal.screen.suffix(2000))")
        #expect(terminal.wait() == 0)
        #expect(terminal.isRestored)
    }

    @Test("ctrl-P ctrl-Q leaves: the container goes on, the modes are back, and attach comes back in", arguments: Client.present)
    func detach(client: Client) throws {
        let terminal = try bed.terminal(client, "run", "-it", "--name", "left", "bb", "sh")
        defer { _ = try? bed.slipway("rm", "-f", "left") }
        #expect(terminal.shows("# "))
        terminal.type([16, 17])
        #expect(terminal.wait() == 0)
        #expect(terminal.isRestored)
        #expect(try bed.inspect("left", "{{.State.Running}}") == "true")
        let again = try bed.terminal(client, "attach", "left", rows: 27, columns: 77)
        again.type("\r")
        #expect(again.shows("# "))
        again.type("stty size\r")
        #expect(again.shows("27 77"), "\(again.screen)")
        again.type("exit 6\r")
        #expect(again.wait() == 6)
        #expect(again.isRestored)
    }

    @Test("other detach keys are obeyed, a sequence that goes on wrong is typed, and wrong ones are told", arguments: Client.present)
    func otherKeys(client: Client) throws {
        let terminal = try bed.terminal(client, "run", "-it", "--detach-keys", "ctrl-a,d", "--name", "keys", "bb", "cat", "-v")
        defer { _ = try? bed.slipway("rm", "-f", "keys") }
        usleep(500_000)
        terminal.type([1])
        terminal.type("x\r")
        #expect(terminal.shows("^Ax\r\n"), "\(terminal.screen)")
        terminal.type([1])
        terminal.type("d")
        #expect(terminal.wait() == 0)
        #expect(terminal.isRestored)
        #expect(try bed.inspect("keys", "{{.State.Running}}") == "true")
        let wrong = try run(client.words + ["attach", "--detach-keys", "ctrl-1", "--no-stdin", "keys"], environment: bed.environment, seconds: 20)
        #expect(wrong.status != 0)
        // The genuine command does not read what the engine says to this.
        #expect(client == .docker || wrong.errors.contains("invalid detach keys (ctrl-1)"), "\(wrong)")
    }

    @Test("the engine finds the keys too, for clients that do not look, and tells of it")
    func engineKeys() throws {
        try bed.slipway("run", "-dit", "--name", "raw", "bb", "cat")
        defer { _ = try? bed.slipway("rm", "-f", "raw") }
        let script = """
            import socket,sys
            s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
            lines=['POST /containers/raw/attach?stream=1&stdin=1&stdout=1&detachKeys=ctrl-x,y HTTP/1.1','Host: e','Connection: Upgrade','Upgrade: tcp','','']
            s.sendall('\\r\\n'.join(lines).encode())
            data=b''
            while b'\\r\\n\\r\\n' not in data: data+=s.recv(1000)
            s.sendall(b'\\x18'); s.sendall(b'z\\n')
            while b'z\\r\\n' not in data: data+=s.recv(1000)
            s.sendall(b'\\x18'); s.sendall(b'yrest')
            while True:
                more=s.recv(1000)
                if not more: break
            print('ended')
            """
        #expect(try run(["python3", "-c", script, bed.socket], seconds: 20).line == "ended")
        #expect(try bed.inspect("raw", "{{.State.Running}}") == "true")
        let until = "\(Int(Date().timeIntervalSince1970) + 1)"
        #expect(try bed.slipway("events", "--since", "0", "--until", until, "--filter", "event=detach").output.contains("name=raw"))
        let bad = try bed.request("POST", "/containers/raw/attach?stream=1&stdin=1&detachKeys=zz")
        #expect(bad.status == 400 && bad.body.contains("Invalid detach keys (zz) provided"), "\(bad)")
    }

    @Test("run -it without a terminal is refused in Docker's words, and makes nothing", arguments: Client.present)
    func noTerminal(client: Client) throws {
        let outcome = try run(client.words + ["run", "-it", "--name", "never", "bb", "sh"], environment: bed.environment, seconds: 20)
        #expect(outcome.status == 1, "\(outcome)")
        #expect(outcome.errors.contains("the input device is not a TTY"))
        #expect(try bed.slipway("ps", "-aq", "--filter", "name=never").line.isEmpty)
    }

    @Test("two clients at one terminal see and type the same", arguments: Client.present)
    func two(client: Client) throws {
        let first = try bed.terminal(client, "run", "-it", "--rm", "--name", "shared", "bb", "sh")
        #expect(first.shows("# "))
        let second = try bed.terminal(client, "attach", "shared")
        usleep(500_000)
        second.type("echo from the $((1 + 1))nd\r")
        #expect(first.shows("from the 2nd") && second.shows("from the 2nd"))
        first.type("echo from the $((2 - 1))st\r")
        #expect(first.shows("from the 1st") && second.shows("from the 1st"))
        second.type([16, 17])
        #expect(second.wait() == 1 && second.shows("read escape sequence"))
        first.type("exit 2\r")
        #expect(first.wait() == 2)
        #expect(first.isRestored && second.isRestored)
    }

    @Test("a size that comes before the start is kept, of a container and of an exec alike")
    func early() throws {
        try bed.slipway("create", "-t", "--name", "early", "bb", "sh", "-c", "stty size; sleep 1000")
        defer { _ = try? bed.slipway("rm", "-f", "early") }
        #expect(try bed.request("POST", "/containers/early/resize?h=41&w=141").status == 200)
        try bed.slipway("start", "early")
        #expect(try eventually { try bed.slipway("logs", "early").output == "41 141\r\n" })
        let body = #"{"AttachStdout":true,"Tty":true,"ConsoleSize":[1,2],"Cmd":["stty","-F","/dev/tty","size"]}"#
        let made = try bed.request("POST", "/containers/early/exec", body: body)
        let id = try #require(made.body.split(separator: "\"").first { $0.count == 64 }.map(String.init), "\(made)")
        #expect(try bed.request("POST", "/exec/\(id)/resize?h=42&w=142").status == 200)
        let json = #"-H 'Content-Type: application/json' -d '{"Detach":false,"Tty":true}'"#
        let script = "curl -s --unix-socket \(bed.socket) -X POST \(json) http://e/exec/\(id)/start"
        #expect(try run(["sh", "-c", script], seconds: 20).output == "42 142\r\n")
        #expect(try bed.request("POST", "/exec/\(id)/resize?h=1&w=1").status == 409)
    }
}
