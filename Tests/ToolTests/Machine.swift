// Where these tests can run, and a folder for each of them. The tools are the ones built beside the test program, or those in SLIPWAY_BIN.
import Foundation
import Glibc
import Testing

enum Machine {
    static let isSandbox = ProcessInfo.processInfo.environment["SLIPWAY_SANDBOX"] == "1" && getuid() == 0
    static let isReady = isSandbox && has("python3", "setpriv", "tar", "busybox")
    static let why: Comment = "UNVERIFIED HERE: needs root, python3, and the sandbox that `make test` makes"
    static let executables: URL = {
        if let given = ProcessInfo.processInfo.environment["SLIPWAY_BIN"] { return URL(filePath: given) }
        return URL(filePath: (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "/").deletingLastPathComponent()
    }()
    static func tool(_ name: String) -> String { executables.appending(path: name).path }
}

struct Refused: Error, CustomStringConvertible {
    let description: String
}

/// A folder of a test's own, and the tools at work in it.
final class Bench {
    let folder = URL(filePath: "/tmp/slipway-bench-\(UUID().uuidString.prefix(6))")
    var path: String { folder.path }

    init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// Runs a script in the folder; it must succeed. `$LAYER` and `$IMAGE` are our tools.
    @discardableResult
    func sh(_ script: String, ownNetwork: Bool = false) throws -> String {
        let outcome = try attempt(script, ownNetwork: ownNetwork)
        guard outcome.status == 0 else { throw Refused(description: "\(script)\n\(outcome)") }
        return outcome.output
    }

    /// The same, whatever comes of it.
    func attempt(_ script: String, ownNetwork: Bool = false) throws -> Outcome {
        let environment = [
            "LAYER": Machine.tool("slip-layer"), "IMAGE": Machine.tool("slip-image"), "LC_ALL": "C", "HOME": path, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"
        ]
        let words = ["bash", "-c", "\(attributes)\ncd \(path); \(script)"]
        return try run(ownNetwork ? ["unshare", "--net", "sh", "-c", "ip link set lo up && exec \"$@\"", "sh"] + words : words, environment: environment)
    }

    /// Three layers: a root; one that hides and replaces; one that only implies the directories of its files.
    func makeLayers() throws {
        try sh(
            """
            set -e; umask 022
            mkdir -p base/etc base/bin base/var/cache/apt base/srv
            echo hello >base/etc/motd; echo old >base/etc/issue; cp /bin/busybox base/bin/; ln base/bin/busybox base/bin/sh; ln -s sh base/bin/ash
            for name in a b c; do echo $name >base/var/cache/apt/$name; done
            echo page >base/srv/index; chmod 2750 base/srv; chown 33:44 base/srv; setattribute base/srv user.kept yes || true
            mkdir -p app/etc app/var/cache/apt app/srv top/srv top/etc
            echo 'hello, app' >app/etc/motd; touch app/etc/.wh.issue app/var/cache/apt/.wh..wh..opq; echo d >app/var/cache/apt/d
            echo new >top/srv/new; echo 'hello, top' >top/etc/motd
            tar --format=pax -C base -cf base.tar . ; tar -C app -czf app.tar.gz etc var; tar -C top -cf top.tar srv/new etc/motd
            """)
    }
}

/// A tree as `find` describes it, in the working directory.
let look = "find . -mindepth 1 -printf '%P %y %m %U:%G %n %l %T@\\n' | sort"

/// Extended attributes, for which not every machine has programs.
private let attributes = """
    setattribute() { python3 -c 'import os, sys; os.setxattr(sys.argv[1], sys.argv[2], sys.argv[3].encode())' "$@" 2>/dev/null; }
    getattribute() { python3 -c 'import os, sys; print(os.getxattr(sys.argv[1], sys.argv[2]).decode())' "$@"; }
    """
