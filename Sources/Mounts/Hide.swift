// Places in /proc and /sys that tell about the whole machine, or change it: a container gets them empty, or read-only. The list comes from
// the OCI configuration; Docker's is printed in chapter 05. Called inside the new root, after the pivot, so that no path can lead out of it.
// man 2 mount. Chapter 02.
import Glibc
public import Linux

/// Lays nothing over a path: an empty read-only tmpfs over a directory, /dev/null over a file. A path that is not there needs none.
public func mask(_ path: FilePath) throws(KernelError) {
    guard let kind = try kind(of: path) else { return }
    if kind == .directory {
        try mount("tmpfs", onto: path, type: "tmpfs", [.readOnly, .noSetUserID, .noDevices, .noExecute], data: "size=0k")
    } else {
        try bind("/dev/null", onto: path)
    }
}

/// Makes a path, and what is mounted beneath it, read-only. A path that is not there needs none.
public func protect(_ path: FilePath) throws(KernelError) {
    guard try kind(of: path) != nil else { return }
    try bind(path, onto: path, .parse(["rbind", "rro"]))
}

private func kind(of path: FilePath) throws(KernelError) -> FileStatus.Kind? {
    do throws(KernelError) {
        return try status(path).kind
    } catch {
        guard error.errno == ENOENT || error.errno == ENOTDIR else { throw error }
        return nil
    }
}
