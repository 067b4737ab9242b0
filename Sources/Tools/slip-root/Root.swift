// `slip-root ROOT COMMAND…`: a mount namespace, the root turned into a mount, /proc, /dev and /sys of its own, and pivot_root. What chroot
// left open is closed: the old root is not mounted anywhere any more, and what is mounted in here the host never sees.
import ArgumentParser
import Linux
import Mounts
import Rootfs

struct Root: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "slip-root", abstract: "Run a command in a root of its own, by pivot_root (chapter 02).",
        usage: "slip-root [--bind SOURCE:TARGET[:OPTIONS]]… [--tmpfs TARGET[:OPTIONS]]… [--read-only] [--bare] ROOT [COMMAND [ARGUMENT…]]",
        discussion: """
            Missing mount points, such as ROOT/proc, are made. Processes are still the host's: slip-ns has namespaces for those.

            Examples:
              slip-root ./busybox /bin/mount
              slip-root --read-only --tmpfs /tmp:size=1m ./busybox sh -c 'touch /tmp/a; touch /b'
              slip-root --bind /etc/hostname:/etc/hostname:ro ./busybox cat /etc/hostname

            Exit status: the command's; 126 where it cannot be run, 127 where it is not found, 1 for a failure of ours.
            """)

    @Option(name: .shortAndLong, help: "Show a host's file or directory inside: SOURCE:TARGET, with options as mount(8) has them.")
    var bind: [String] = []

    @Option(help: "A file system in memory: TARGET, with options such as size=1m.")
    var tmpfs: [String] = []

    @Flag(help: "Make the root itself read-only.")
    var readOnly = false

    @Flag(help: "Without /proc, /dev and /sys.")
    var bare = false

    @Argument(help: "The new root directory.")
    var root: String

    @Argument(parsing: .captureForPassthrough, help: "What to run; /bin/sh if nothing is said.")
    var command: [String] = []

    func run() {
        finish(as: "slip-root") {
            try unshare(.mount)
            try setPropagation("/", .slave)
            let place = FilePath(root)
            try Mounts.bind(place, onto: place, .parse(["rbind"]))  // a mount of its own, so that --read-only changes nothing else
            try open(place, [.path, .directory]).borrow { (top) throws in
                if !bare { try mountBasics { (path) throws(KernelError) in try ensureDirectory(beneath: top, path) } }
                for wish in try bind.map(Wish.bind) + tmpfs.map(Wish.tmpfs) { try wish.mount(beneath: top) }
            }
            try pivot(to: place)
            if readOnly { try makeReadOnly("/") }
            try become(command.isEmpty ? ["/bin/sh"] : command, environment: currentEnvironment())
        }
    }
}
