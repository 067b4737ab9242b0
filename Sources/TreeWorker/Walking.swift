// Every file of a tree, one after the other, following no link. Directories are opened by their path beneath the root rather than held open
// on the way down, as a stranger's tree may be deeper than descriptors allow; its paths are bounded by the kernel's 4,096 bytes. Chapter 07.

import Linux
import Trees

/// Visits everything beneath `root`, itself included. The working directory is that of the file that is visited; a directory is visited as `.`
/// before what it holds.
func walk(_ root: FileDescriptor, _ visit: (FilePath, FileStatus) throws(KernelError) -> Void) throws(TreesError) {
    var left: [FilePath] = ["."]
    while let path = left.popLast() {
        try kernel(for: TreePath(path)) { () throws(KernelError) in
            let directory = try openBeneath(root, path, [.readOnly, .directory, .noFollow], resolve: [.beneath, .noSymbolicLinks, .noMagicLinks])
            try directory.borrow { (directory) throws(KernelError) in
                try changeDirectory(directory)
                try visit(".", status(directory))
                for name in try entryNames(in: directory) {
                    let status = try status(name, followLinks: false, at: directory)
                    if status.kind == .directory { left.append(path.appending(name.components)) } else { try visit(name, status) }
                }
            }
        }
    }
}

/// Adds up what `directory` holds, confined to it.
func size(_ directory: FilePath) throws(TreesError) -> Sized {
    try confine(to: directory, .reading)
    let root = try kernel { () throws(KernelError) in try open("/", [.readOnly, .directory]) }
    var total = Sized(bytes: 0, inodes: 0), linked: Set<UInt64> = []
    try root.borrow { (root) throws(TreesError) in
        try walk(root) { (_, status) throws(KernelError) in
            guard status.kind == .directory || status.links == 1 || linked.insert(status.inode).inserted else { return }
            total.inodes += 1
            if status.kind != .directory { total.bytes += status.bytes }
        }
    }
    return total
}
