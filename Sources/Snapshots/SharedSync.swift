// One sync for several layers. syncfs(2) writes whatever of the file system is not on the disk yet; syncing file by file would take as long as
// unpacking. While one commit waits for it, others have been staged: those that were complete when it began are covered by it, and their
// commits need not ask again.
//
// An error of writing back is told once to each open file that asks (Linux 5.8), hence one descriptor for the life of the store, and a memory
// of failure: what was complete before a failed sync is not trusted any more. man 2 syncfs; chapter 07.

import Linux
import Synchronization

/// Syncs a file system, at most as often as needed.
final class SharedSync: Sendable {
    private let folder: Descriptor
    private let state = Mutex(State())

    private struct State {
        /// When the last successful sync began, in monotonic nanoseconds.
        var covered: UInt64 = 0
        var count = 0
        /// When the last failed one ended, and why it failed.
        var failure: (ended: UInt64, error: KernelError)?
    }

    /// Watches over the file system of `path`.
    init(_ path: FilePath) throws(KernelError) {
        folder = try open(path, [.readOnly, .directory])
    }

    /// Returns when all that was written before `moment` is on the disk. Blocks; those who come meanwhile wait, and mostly find themselves covered.
    /// - Throws: EIO, ENOSPC and the like where something may be lost.
    func cover(_ moment: UInt64) throws(KernelError) {
        try state.withLock { (state) throws(KernelError) in
            if let failure = state.failure, moment <= failure.ended { throw failure.error }
            guard moment >= state.covered else { return }
            let began = monotonicNanoseconds()
            state.count += 1
            do throws(KernelError) {
                try folder.borrow { (folder) throws(KernelError) in try synchronizeFileSystem(folder) }
            } catch {
                state.failure = (monotonicNanoseconds(), error)
                throw error
            }
            state.covered = began
        }
    }

    /// How often the file system was synced.
    var count: Int { state.withLock { $0.count } }
}
