// Further processes in a container as clients see them: flags, ends, inspect, and what happens when the container stops meanwhile. And the streams of
// exec and attach after the client has said that it will send no more: every byte still arrives.
import Foundation
import Glibc
import Testing

@Suite("Execs", .enabled(if: Machine.isSandbox, Machine.why), .serialized)
struct ExecTests {
    static let shared = Result { () throws -> Testbed in
        let bed = try Testbed("exec")
        try bed.slipway("run", "-d", "--name", "host", "--env", "FROM=container", "--workdir", "/home", "bb", "sleep", "1000")
        return bed
    }
    let bed: Testbed
    init() throws { bed = try Self.shared.get() }

    private func exec(_ client: Client, _ words: String...) throws -> Outcome {
        try run(client.words + ["exec"] + words, environment: bed.environment, seconds: 30)
    }

    @Test("environment, user, directory and privileges are those asked for, over the container's", arguments: Client.present)
    func flags(client: Client) throws {
        #expect(try exec(client, "host", "sh", "-c", "echo $FROM $PWD $(id -u) $HOME").line == "container /home 0 /root")
        let script = "echo $FROM,$NEW $PWD $(id -u):$(id -g) $HOME"
        let changed = try exec(client, "-e", "FROM=exec", "-e", "NEW=a b", "-w", "/tmp", "-u", "me", "host", "sh", "-c", script)
        #expect(changed.line == "exec,a b /tmp 1000:1000 /home/me")
        #expect(try exec(client, "-u", "33:44", "host", "sh", "-c", "echo $(id -u):$(id -g)").line == "33:44")
        let plain = try exec(client, "host", "grep", "CapEff", "/proc/self/status").line
        let all = try exec(client, "--privileged", "host", "grep", "CapEff", "/proc/self/status").line
        #expect(plain.hasSuffix("00000000a80425fb"), "\(plain)")
        #expect(all != plain && all.count == plain.count)
        #expect(try exec(client, "-u", "nobody-here", "host", "true").status == 126)
    }

    @Test("exit codes are the process's, 126 for what cannot be run, 127 for what is not there", arguments: Client.present)
    func codes(client: Client) throws {
        #expect(try exec(client, "host", "sh", "-c", "exit 42").status == 42)
        #expect(try exec(client, "host", "sh", "-c", "kill -9 $$").status == 137)
        #expect(try exec(client, "host", "nosuch").status == 127)
        #expect(try exec(client, "host", "/etc/data").status == 126)
        #expect(try exec(client, "-it", "host", "sh").errors.contains("the input device is not a TTY"))
        #expect(try exec(client, "nosuch", "true").errors.contains("No such container: nosuch"))
        let terminal = try bed.terminal(client, "exec", "-it", "host", "nosuch")
        #expect(terminal.wait() == 127)
        #expect(terminal.shows("executable file not found") && terminal.isRestored, "\(terminal.screen)")
    }

    @Test("-d comes back at once, and the process goes on", arguments: Client.present)
    func detached(client: Client) throws {
        let outcome = try exec(client, "-d", "host", "sh", "-c", "sleep 0.5; echo done >/tmp/detached-\(client)")
        #expect(outcome.status == 0 && outcome.output.isEmpty, "\(outcome)")
        #expect(try eventually { try exec(.slipway, "host", "cat", "/tmp/detached-\(client)").line == "done" })
        #expect(try exec(client, "-d", "-t", "host", "sh", "-c", "tty >/tmp/tty-\(client)").status == 0)
        #expect(try eventually { try exec(.slipway, "host", "cat", "/tmp/tty-\(client)").line.hasPrefix("/dev/pts/") })
    }

    @Test("inspect tells of it before, while and after it runs; the container lists it until its end; it starts once")
    func inspect() throws {
        let body = #"{"AttachStdin":true,"AttachStdout":true,"Tty":true,"DetachKeys":"ctrl-a,b","User":"me","Cmd":["sh","-c","sleep 2; exit 3"]}"#
        let made = try bed.request("POST", "/containers/host/exec", body: body)
        #expect(made.status == 201)
        let id = try #require(made.body.split(separator: "\"").first { $0.count == 64 }.map(String.init))
        func state() throws -> [String: Any] {
            try #require(try JSONSerialization.jsonObject(with: Data(bed.request("GET", "/exec/\(id)/json").body.utf8)) as? [String: Any])
        }
        let before = try state()
        #expect(before["Running"] as? Bool == false && before["ExitCode"] is NSNull && before["ID"] as? String == id)
        #expect(before["CanRemove"] as? Bool == false)
        #expect(before["DetachKeys"] as? String == "AWI=" && before["OpenStdin"] as? Bool == true && before["OpenStderr"] as? Bool == false)
        let process = try #require(before["ProcessConfig"] as? [String: Any])
        #expect(
            process["entrypoint"] as? String == "sh" && process["arguments"] as? [String] == ["-c", "sleep 2; exit 3"] && process["user"] as? String == "me")
        #expect(process["tty"] as? Bool == true && process["privileged"] as? Bool == false)
        #expect(try bed.slipway("inspect", "-f", "{{.ExecIDs}}", "host").line == "[\(id)]")
        #expect(try bed.request("POST", "/exec/\(id)/start", body: #"{"Detach":true}"#).status == 200)
        let running = try state()
        #expect(running["Running"] as? Bool == true && (running["Pid"] as? Int ?? 0) > 0)
        let second = try bed.request("POST", "/exec/\(id)/start", body: #"{"Detach":true}"#)
        #expect(second.status == 409 && second.body.contains("is already running"), "\(second)")
        #expect(try eventually { try state()["Running"] as? Bool == false })
        #expect(try state()["ExitCode"] as? Int == 3)
        let third = try bed.request("POST", "/exec/\(id)/start", body: #"{"Detach":true}"#)
        #expect(third.status == 409 && third.body.contains("has already run"), "\(third)")
        #expect(try bed.slipway("inspect", "-f", "{{json .ExecIDs}}", "host").line == "null")
        #expect(try bed.request("POST", "/containers/host/exec", body: #"{"Cmd":[]}"#).body.contains("No exec command specified"))
        let keys = try bed.request("POST", "/containers/host/exec", body: #"{"Cmd":["x"],"DetachKeys":"zz"}"#)
        #expect(keys.status == 400 && keys.body.contains("Invalid escape keys (zz) provided"), "\(keys)")
        #expect(try bed.request("GET", "/exec/0123/json").body.contains("No such exec instance: 0123"))
    }

    @Test("only the streams that were asked for are told")
    func streams() throws {
        for (attached, wanted) in [(#""AttachStdout":true"#, "out"), (#""AttachStderr":true"#, "err")] {
            let made = try bed.request("POST", "/containers/host/exec", body: "{\(attached),\"Cmd\":[\"sh\",\"-c\",\"echo out; echo err >&2\"]}")
            let id = try #require(made.body.split(separator: "\"").first { $0.count == 64 }.map(String.init))
            let script = "curl -s --unix-socket \(bed.socket) -X POST -H 'Content-Type: application/json' -d '{}' http://e/exec/\(id)/start | tail -c +9"
            #expect(try run(["sh", "-c", script], seconds: 20).line == wanted)
        }
    }

    @Test("a container that stops ends its execs: 137, and the client's terminal is back", arguments: Client.present)
    func stopped(client: Client) throws {
        try bed.slipway("run", "-d", "--name", "brief", "bb", "sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.1; done")
        defer { _ = try? bed.slipway("rm", "-f", "brief") }
        let terminal = try bed.terminal(client, "exec", "-it", "brief", "sh")
        let plain = try begin(client.words + ["exec", "brief", "sleep", "1000"], environment: bed.environment)
        #expect(terminal.shows("# "))
        let made = try bed.request("POST", "/containers/brief/exec", body: #"{"Cmd":["true"]}"#)
        let id = try #require(made.body.split(separator: "\"").first { $0.count == 64 }.map(String.init))
        #expect(try eventually { try bed.slipway("exec", "brief", "ps").output.contains("sleep 1000") })
        try bed.slipway("stop", "brief")
        #expect(terminal.wait() == 137)
        #expect(terminal.isRestored)
        #expect(plain.wait().status == 137)
        let late = try bed.request("POST", "/exec/\(id)/start", body: #"{"Detach":true}"#)
        #expect(late.status == 409, "\(late)")
        let gone = try exec(client, "brief", "true")
        #expect(gone.status == 1 && gone.errors.contains("is not running"), "\(gone)")
    }

    @Test("detach keys leave an exec: the process goes on", arguments: Client.present)
    func leave(client: Client) throws {
        let script = "echo here; sleep 1.5; echo still >/tmp/still-\(client)"
        let terminal = try bed.terminal(client, "exec", "-it", "--detach-keys", "ctrl-x,x", "host", "sh", "-c", script)
        #expect(terminal.shows("here"))
        terminal.type([24])
        terminal.type("x")
        #expect(terminal.wait() != nil)
        #expect(terminal.isRestored)
        #expect(try eventually { try exec(.slipway, "host", "cat", "/tmp/still-\(client)").line == "still" })
    }

    // MARK: After the half-close

    /// Sends a line, half-closes, and counts what comes.
    private static let sender = """
        import socket,sys,json
        path,kind,tty=sys.argv[1],sys.argv[2],sys.argv[3]=='1'
        def call(method,url,body=None,upgrade=False):
            s=socket.socket(socket.AF_UNIX); s.connect(path)
            data=json.dumps(body).encode() if body is not None else b''
            head='%s %s HTTP/1.1\\r\\nHost: e\\r\\nContent-Type: application/json\\r\\nContent-Length: %d\\r\\n' % (method,url,len(data))
            if upgrade: head+='Connection: Upgrade\\r\\nUpgrade: tcp\\r\\n'
            s.sendall(head.encode()+b'\\r\\n'+data)
            got=b''
            while b'\\r\\n\\r\\n' not in got: got+=s.recv(1)
            if upgrade: return s
            length=[int(l.split(b':')[1]) for l in got.split(b'\\r\\n') if l.lower().startswith(b'content-length')]
            rest=b''
            while length and len(rest)<length[0]: rest+=s.recv(4096)
            return json.loads(rest) if rest else None
        command=['sh','-c','read line; sleep 0.3; head -c 4194304 /dev/zero; echo END']
        if kind=='attach':
            made=call('POST','/containers/create',{'Image':'bb','Cmd':command,'Tty':tty,'OpenStdin':True,'StdinOnce':sys.argv[4]=='1'})
            s=call('POST','/containers/%s/attach?stream=1&stdin=1&stdout=1&stderr=1' % made['Id'],upgrade=True)
            call('POST','/containers/%s/start' % made['Id'])
        else:
            made=call('POST','/containers/host/exec',{'Cmd':command,'Tty':tty,'AttachStdin':True,'AttachStdout':True})
            s=call('POST','/exec/%s/start' % made['Id'],{'Tty':tty},upgrade=True)
        s.sendall(b'go\\n'); s.shutdown(socket.SHUT_WR)
        got=b''
        while True:
            more=s.recv(65536)
            if not more: break
            got+=more
        print(got.count(b'\\0') if tty else len(got), b'END' in got)
        if kind=='attach': call('DELETE','/containers/%s?force=1' % made['Id'])
        """

    @Test("4 MB sent after the client's half-close all arrive", arguments: ["attach", "exec"], [(true, true), (false, true), (false, false)])
    func halfClose(kind: String, how: (tty: Bool, once: Bool)) throws {
        for round in 0..<3 {
            let outcome = try run(["python3", "-c", Self.sender, bed.socket, kind, how.tty ? "1" : "0", how.once ? "1" : "0"], seconds: 60)
            let words = outcome.line.split(separator: " ").map(String.init)
            #expect(words.last == "True", "round \(round): \(outcome)")
            #expect((Int(words.first ?? "") ?? 0) >= 4_194_304, "round \(round): \(outcome)")
        }
    }
}
