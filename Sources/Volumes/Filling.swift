// The first use of a volume: where it is empty, it gets the files that the image has at that place, owners and all, and the directory itself
// gets that directory's owner and mode. So a database finds its files prepared, and `www-data` may write where the image lets it.
//
// An image is hostile, and so slipway-tree copies, confined, into a directory beside the volume's. Nobody sees that until it is whole; then its
// entries move over by rename(2), one by one, since the volume's own directory may be shown to a container already and cannot be exchanged.
// `filling` in the row says that the moving has begun: a crash before throws the copy away (the volume is empty, and filled next time), a crash
// after is finished at the next start. What a container wrote meanwhile stays. moby, container/container_unix.go (CopyImagePathContent). Chapter 10.

import Glibc
public import Linux
import Metadata
import Synchronization
public import Trees

/// Locks by which each volume is filled by one at a time, and most of them independently.
final class FillTurns: Sendable {
    private final class Turn: Sendable { let lock = Mutex(()) }
    private let turns = (0..<16).map { _ in Turn() }

    func take<Result>(_ name: String, _ body: () throws(VolumesError) -> Result) throws(VolumesError) -> Result {
        let turn = turns[Int(truncatingIfNeeded: UInt(bitPattern: name.hashValue) % UInt(turns.count))]
        return try turn.lock.withLock { (_) throws(VolumesError) in try body() }
    }
}

extension VolumeStore {
    /// Fills a volume, if it is empty, with what an image has at a path. May take long.
    /// - Parameters:
    ///   - path: as the container would see it; links in the image are followed, and end within it
    ///   - layers: the image's, the topmost first
    /// - Returns: what was copied; nil where the volume has files already, or is of a kind that is never filled.
    /// - Throws: `.trees` with the file under way; the volume is then as empty as before.
    public func fill(_ volume: Volume, from layers: [FilePath], at path: FilePath) throws(VolumesError) -> Copied? {
        if case .memory = try volume.backing { return nil }
        return try filling.take(volume.name) { () throws(VolumesError) in
            guard try isEmpty(volume) else { return nil }
            do throws(VolumesError) {
                return try fillNow(volume, layers, path)
            } catch {
                try? discardStaging(of: volume)  // the next start does it otherwise; the first error is the one to tell
                throw error
            }
        }
    }

    /// Whether a volume has no files.
    public func isEmpty(_ volume: Volume) throws(VolumesError) -> Bool {
        try data(of: volume).borrow { (data) throws(VolumesError) in
            try kernel { () throws(KernelError) in try entryNames(in: data).allSatisfy { $0.string == stagingName } }
        }
    }

    private func fillNow(_ volume: Volume, _ layers: [FilePath], _ path: FilePath) throws(VolumesError) -> Copied {
        let staging = try staging(of: volume), files = staging.appending("files"), place = staging.appending("place")
        try kernel { () throws(KernelError) in
            try removeTree(staging)
            for directory in [staging, files, place] { try makeDirectory(directory, mode: 0o700) }
        }
        let copied = try tree { () throws(TreesError) in try helper.copy(path, of: layers, into: files, place: place) }
        if copied.entries > 0 {
            try kernel { () throws(KernelError) in
                try open(files, [.readOnly, .directory]).borrow { (files) throws(KernelError) in try synchronizeFileSystem(files) }
            }
            try setStage("filling", of: volume.name)
            try finishFilling(volume)
        } else if copied.isFound {
            try takeAttributes(of: files, for: volume)
        }
        try discardStaging(of: volume)
        return copied
    }

    /// Moves a whole copy over. Again after a crash: what has moved is not there any more.
    func finishFilling(_ volume: Volume) throws(VolumesError) {
        do throws(VolumesError) {
            let files = try staging(of: volume).appending("files")
            try data(of: volume).borrow { (data) throws(VolumesError) in try moveAll(files, to: data) }
            try takeAttributes(of: files, for: volume)
        } catch .spoilt {
            // Its directory was taken away by hand; whoever uses it next is told so.
        }
        try setStage("ready", of: volume.name)
    }

    private func moveAll(_ files: FilePath, to data: FileDescriptor) throws(VolumesError) {
        try kernel { () throws(KernelError) in
            guard exists(files) else { return }
            try open(files, [.readOnly, .directory]).borrow { (files) throws(KernelError) in
                for name in try entryNames(in: files) {
                    do throws(KernelError) {
                        try rename(name, to: name, at: files, targetAt: data, replacing: false)
                    } catch {
                        guard error.errno == EEXIST else { throw error }  // a container has made one of this name meanwhile: that is the newer one
                    }
                }
            }
        }
    }

    /// Owner, mode, attributes, times: in this order, since each changes what follows it.
    private func takeAttributes(of files: FilePath, for volume: Volume) throws(VolumesError) {
        guard exists(files) else { return }
        try data(of: volume).borrow { (data) throws(VolumesError) in
            try kernel { () throws(KernelError) in
                let original = try status(files, followLinks: false)
                try changeOwner(data, user: original.user, group: original.group)
                try changeMode(data, original.mode & 0o7777)
                for name in try attributes(of: files) where name.hasPrefix("user.") || name.hasPrefix("system.posix_acl_") {
                    if let value = try attribute(name, of: files) { try setAttribute(name, of: data, to: value) }
                }
                try changeTimes(data, seconds: original.modified.seconds, nanoseconds: original.modified.nanoseconds)
            }
        }
    }

    /// Where a copy is made: on the file system of the volume's files, for rename(2) works within one only.
    private func staging(of volume: Volume) throws(VolumesError) -> FilePath {
        if case .bind(let device, _) = try volume.backing { return device.appending(stagingName) }
        return root.appending(volume.name).appending(stagingName)
    }

    func discardStaging(of volume: Volume) throws(VolumesError) {
        let staging = try staging(of: volume)
        try kernel { () throws(KernelError) in
            do throws(KernelError) { try removeTree(staging) } catch { guard error.errno == ENOTDIR else { throw error } }
        }
    }
}

private let stagingName = ".slipway-filling"
