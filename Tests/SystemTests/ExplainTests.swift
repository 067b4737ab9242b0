// What `--explain` shows is what the kernel was asked: compared with strace, call by call; and it says whose code ran.
import Foundation
import Testing

@Suite("The explanation is complete and true", .enabled(if: Machine.isSandbox, Machine.why), .serialized)
struct ExplainTests {
    static let shared = Result { try Testbed("explain") }
    let bed: Testbed
    init() throws { bed = try Self.shared.get() }

    /// `reference`, or what the lab's copy carries.
    let provenance = ProcessInfo.processInfo.environment["SLIPWAY_PROVENANCE"] ?? "reference"

    @Test("each step comes with its reason, its calls and its chapter, and whose Namespaces it was")
    func explained() throws {
        let outcome = try bed.slipway("run", "--rm", "--network", "none", "--hostname", "boat", "--explain", "bb", "echo", "hello")
        #expect(outcome.status == 0 && outcome.output == "hello\n", "\(outcome)")
        for part in ["Namespaces: \(provenance)", "clone3", "NEWPID", "pivot_root", "sethostname boat", "capset", "seccomp", "execve"] {
            #expect(outcome.errors.contains(part), "\(part)")
        }
        let reasons = try run([Machine.tool("slipway-runtime"), "steps"]).lines
        #expect(!reasons.isEmpty)
    }

    @Test("info says which code is inside, and the build of shim and runtime")
    func info() throws {
        try bed.slipway("run", "--rm", "--network", "none", "bb", "true")
        let text = try bed.slipway("info").output
        #expect(text.contains(provenance), "\(text)")
        let body = try bed.request("GET", "/slipway/info").body
        #expect(body.contains("\"Namespaces\":\"\(provenance)\""), "\(body)")
        for name in ["slipway-shim", "slipway-runtime"] { #expect(body.contains(name), "\(name) in \(body)") }
    }

    @Test(
        "a foreign engine is told from ours before anything is made",
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/python3"), "UNVERIFIED HERE: needs python3"))
    func foreign() throws {
        let server = """
            import http.server, socketserver, sys
            class Handler(http.server.BaseHTTPRequestHandler):
                def do_GET(self):
                    print(self.command, self.path, flush=True)
                    body = b'{"Platform":{"Name":"Docker Engine - Community"},"Version":"28.2.2","ApiVersion":"1.50","Components":[{"Name":"Engine","Version":"28.2.2"}]}'
                    self.send_response(200); self.send_header("Content-Type", "application/json"); self.send_header("Content-Length", str(len(body))); self.end_headers(); self.wfile.write(body)
                do_POST = do_GET
                def log_message(self, *a): pass
            with socketserver.TCPServer(("127.0.0.1", 23751), Handler) as s: s.serve_forever()
            """
        let engine = try begin(["python3", "-c", server])
        defer { kill(engine.pid, 9) }
        #expect(
            try eventually {
                try run(["sh", "-c", "exec 3<>/dev/tcp/127.0.0.1/23751"]).status == 0 || run(["curl", "-s", "http://127.0.0.1:23751/"]).status == 0
            })
        let outcome = try run([Machine.tool("slipway"), "-H", "tcp://127.0.0.1:23751", "run", "--explain", "bb", "true"], seconds: 20)
        #expect(outcome.status == 125)
        #expect(outcome.errors.contains("--explain"), "\(outcome)")
        #expect(!engine.outputSoFar.contains("create"), "\(engine.outputSoFar)")
    }

    /// The calls that the chapters teach. What the Swift runtime and the C library ask for themselves is none of them.
    static let taught = [
        "mount", "umount2", "pivot_root", "clone3", "unshare", "setns", "sethostname", "setdomainname", "move_mount", "open_tree", "fsopen", "fsmount",
        "mount_setattr", "mknodat", "symlinkat",
        "capset", "setgroups", "setresuid", "setresgid", "seccomp", "chroot", "setsid"
    ]

    @Test(
        "strace sees the same taught calls, as often",
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/strace"), "UNVERIFIED HERE: needs strace"))
    func complete() throws {
        let id = try bed.slipway("create", "--name", "traced", "--network", "none", "bb", "true").line
        let bundle = bed.folder.appending(path: "bundle").path
        try run(["cp", "-r", bed.folder.appending(path: "run/containers/\(id)").path, bundle])
        try bed.slipway("rm", "traced")
        try run(["sh", "-c", "rm -rf \(bundle)/rootfs; mkdir -p \(bundle)/rootfs; tar -C \(bundle)/rootfs -xf - "], input: Testbed.busyboxArchive)
        try run([
            "python3", "-c",
            "import json;p='\(bundle)/config.json';c=json.load(open(p));c['root']['path']='rootfs';c['mounts']=[m for m in c['mounts'] if not m['destination'].startswith('/etc/')];json.dump(c,open(p,'w'))"
        ])
        let words = [Machine.tool("slipway-runtime"), "--root", bed.folder.appending(path: "states").path, "run", "--explain", "--bundle", bundle, "traced"]
        let trace = bed.folder.appending(path: "trace").path
        let outcome = try run(["strace", "-f", "-qq", "-o", trace, "-e", "trace=" + Self.taught.joined(separator: ",")] + words)
        #expect(outcome.status == 0, "\(outcome)")
        let seen = try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n").filter {
            !$0.contains("resumed>") && !$0.contains("+++") && !$0.contains("---")
        }
        // libseccomp asks the kernel what it knows before it compiles, without our knowledge; clone3 returns twice, and both sides tell.
        let ours = seen.filter { !$0.contains("seccomp(") || ($0.contains("SECCOMP_SET_MODE_FILTER") && $0.hasSuffix("= 0")) }
        for call in Self.taught {
            let asked = ours.count { $0.split(separator: " ").dropFirst().first?.hasPrefix("\(call)(") == true }
            let told = outcome.errors.split(separator: "\n").count {
                $0.contains(" = ") && !($0.contains("clone3") && $0.hasSuffix(" = 0")) && $0.split(separator: " ").dropFirst().first == call[...]
            }
            #expect(asked == told, "\(call): strace saw \(asked), --explain told \(told)")
        }
    }
}
