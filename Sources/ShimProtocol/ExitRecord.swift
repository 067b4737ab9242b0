// How a container ended. The shim makes this file durable (written aside, synced, renamed) before it tells anybody, so that no crash of
// shim, daemon or machine loses an exit code: a daemon that finds no shim reads the record. Chapter 11.
import FoundationEssentials
public import Linux

/// The end of one run of a container.
public struct ExitRecord: Codable, Sendable, Equatable {
    /// What `docker wait` prints: the exit status, or 128+n where signal n ended it.
    public var code: Int32
    /// The signal that ended it, if one did.
    public var signal: Int32?
    public var startedAt: WallTime
    public var finishedAt: WallTime
    /// The kernel killed something in it because its memory limit was reached.
    public var oomKilled: Bool
    /// What else went wrong at the end: a mount or a cgroup that would not go.
    public var error: String?

    public init(code: Int32, signal: Int32? = nil, startedAt: WallTime, finishedAt: WallTime, oomKilled: Bool = false, error: String? = nil) {
        self.code = code
        self.signal = signal
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.oomKilled = oomKilled
        self.error = error
    }

    /// Writes the record so that a crash leaves the old one or this one. Blocks for the disk.
    public func write(to path: FilePath) throws(ShimProtocolError) {
        let bytes = try Packet.encode(self)
        do throws(KernelError) { try writeDurably(path, bytes) } catch { throw .kernel(error) }
    }

    /// Reads a record; nil where there is none.
    public init?(readFrom path: FilePath) throws(ShimProtocolError) {
        let bytes: [UInt8]
        do throws(KernelError) {
            bytes = try readFile(path)
        } catch {
            guard error.means(.missing) else { throw .kernel(error) }
            return nil
        }
        self = try Packet.decode(ExitRecord.self, bytes)
    }

    /// Removes the record of an earlier run, which must not be mistaken for the coming one's.
    public static func forget(at path: FilePath) throws(ShimProtocolError) {
        do throws(KernelError) {
            try remove(path)
        } catch {
            guard error.means(.missing) else { throw .kernel(error) }
        }
    }
}

extension ShimConfiguration {
    /// Reads `shim.json`.
    public init(readFrom path: FilePath) throws(ShimProtocolError) {
        let bytes: [UInt8]
        do throws(KernelError) { bytes = try readFile(path) } catch { throw .kernel(error) }
        self = try Packet.decode(ShimConfiguration.self, bytes)
    }

    /// Writes `shim.json`. The bundle lives as long as the machine is up, so this is not synced.
    public func write(to path: FilePath) throws(ShimProtocolError) {
        let bytes = try Packet.encode(self)
        do throws(KernelError) { try writeFile(path, bytes, mode: 0o600) } catch { throw .kernel(error) }
    }
}
