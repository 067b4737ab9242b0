// `slip-chroot ROOT COMMAND…`: enter the root, become a user of it, become the command. The user is looked up in the root's own files before
// we go in, because afterwards only what the root offers can be read.
import ArgumentParser
import Linux
import Rootfs

struct Chroot: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "slip-chroot", abstract: "Run a command with another root directory (chapter 01).",
        usage: "slip-chroot [--user USER[:GROUP]] [--workdir DIR] ROOT [COMMAND [ARGUMENT…]]",
        discussion: """
            The root is a view, not a wall: whoever is root inside can leave. slip-root makes it a wall.

            Examples:
              slip-chroot ./busybox /bin/sh
              slip-chroot --user nobody --workdir /tmp ./debian id

            Exit status: the command's; 126 where it cannot be run, 127 where it is not found, 1 for a failure of ours.
            """)

    @Option(name: .shortAndLong, help: "A user of the root's own /etc/passwd: NAME or UID, with :GROUP if wanted.")
    var user = ""

    @Option(name: .shortAndLong, help: "Where to start, inside.")
    var workdir = "/"

    @Argument(help: "The new root directory.")
    var root: String

    @Argument(parsing: .captureForPassthrough, help: "What to run; /bin/sh if nothing is said.")
    var command: [String] = []

    func run() {
        finish(as: "slip-chroot") {
            let identity = try lookUp(user)
            try enter(FilePath(root))
            try changeDirectory(FilePath(workdir))
            try setGroups(identity.groups)
            try setGroup(identity.group)
            try setUser(identity.user)  // last: afterwards we may change nothing any more
            try become(command.isEmpty ? ["/bin/sh"] : command, environment: currentEnvironment() + ["HOME=\(identity.home)"])
        }
    }

    private func lookUp(_ text: String) throws -> ResolvedUser {
        let folder = try open(FilePath(root), [.path, .directory])
        return try folder.borrow { (descriptor) throws in try UserDatabase.read(beneath: descriptor).resolve(text) }
    }
}
