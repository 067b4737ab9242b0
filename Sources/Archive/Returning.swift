// Attributes of links and nodes are reached by name only, relative to the working directory: the calls that take a directory came with Linux 6.13.
// So that changes while a tree is read or made, and is what it was before when that is done. man 2 fchdir, lsetxattr; chapter 07.

import Linux

/// Runs `body`, which may change the working directory, and returns to where we were. For programs with one thread, as the directory is shared.
func returning<Value>(_ body: () throws(ArchiveError) -> Value) throws(ArchiveError) -> Value {
    let here = try workingDirectory(), outcome: Result<Value, ArchiveError>
    do throws(ArchiveError) { outcome = .success(try body()) } catch { outcome = .failure(error) }
    try? here.borrow { (here) throws(KernelError) in try changeDirectory(here) }  // a place that we may not enter again was never more than a name to us
    return try outcome.get()
}

private func workingDirectory() throws(ArchiveError) -> Descriptor {
    do throws(KernelError) { return try open(".", [.path, .directory]) } catch { throw .kernel(entry: "", error) }
}
