// The packet filter, asked through libnftables: the library behind `nft`, kept open, so that a change costs a twentieth of a millisecond instead
// of a process. A call is one transaction: the kernel takes all of its commands or none, and no packet sees half of them.
//
// A context belongs to one network namespace for its life. Measured with strace on libnftables 1.0.6: nft_ctx_new opens the NETLINK_NETFILTER
// socket at once, and a socket stays in the namespace of the thread that made it. So a thread that did setns makes the context inside, and may
// then go home: the context keeps to where it was born. A context made at home never follows a setns.
//
// libnftables(3) says nothing of threads, so one lock for the process stands around every call of it. nft(8); chapter 09.

internal import CNftables
internal import Linux
private import Synchronization

/// libnftables keeps parser tables and name caches for the whole process.
private let library = Mutex(())

/// A connection to the packet filter of one network namespace: that of the thread which makes it.
@safe public final class Nftables: @unchecked Sendable {
    private let context: OpaquePointer

    /// Opens a context in the calling thread's network namespace, and stays with that one.
    ///
    /// - Throws: `NftablesError.kernel` where there can be no netlink socket. It is tried before the library is asked, for libnftables ends the
    ///   process when it gets none.
    public init() throws(NftablesError) {
        do throws(KernelError) { _ = try netlinkSocket(Self.netfilterFamily) } catch { throw .kernel(error) }
        let made = library.withLock { _ in
            unsafe UInt(bitPattern: nft_ctx_new(UInt32(NFT_CTX_DEFAULT)))
        }
        guard let context = unsafe OpaquePointer(bitPattern: made) else {
            throw .kernel(KernelError(call: "nft_ctx_new", subject: "", errno: 12))  // ENOMEM: the only reason that the library has
        }
        unsafe self.context = context
        unsafe nft_ctx_buffer_output(context)
        unsafe nft_ctx_buffer_error(context)
    }

    deinit {
        library.withLock { _ in unsafe nft_ctx_free(context) }
    }

    /// `NETLINK_NETFILTER` of linux/netlink.h.
    private static let netfilterFamily: CInt = 12

    /// Carries out commands in the words of nft(8), several a call if need be, one a line: all of them or none.
    ///
    /// - Throws: `NftablesError` with the command that was refused and the library's own words.
    public func run(_ commands: String) throws(NftablesError) {
        _ = try answer(to: commands, flags: 0)
    }

    /// What a command such as `list table ip slipway` prints.
    ///
    /// - Parameter json: as JSON in the form of libnftables-json(5), else as nft prints it.
    public func list(_ command: String, json: Bool = true) throws(NftablesError) -> String {
        try answer(to: command, flags: json ? UInt32(NFT_CTX_OUTPUT_JSON) : 0)
    }

    /// Prints what happens to packets that are traced (`meta nftrace set 1`) on standard output, a line each, in the calling thread's network
    /// namespace. Returns only if that cannot be, so it is called by a process that has nothing else to do and is ended from outside.
    public static func monitorTrace() throws(NftablesError) {
        do throws(KernelError) { _ = try netlinkSocket(netfilterFamily) } catch { throw .kernel(error) }
        guard let context = unsafe nft_ctx_new(UInt32(NFT_CTX_DEFAULT)) else { return }
        unsafe nft_ctx_buffer_error(context)
        let status = unsafe nft_run_cmd_from_buffer(context, "monitor trace")
        let words = unsafe nft_ctx_get_error_buffer(context).map { unsafe String(cString: $0) } ?? ""
        unsafe nft_ctx_free(context)
        guard status == 0 else { throw NftablesError(words, commands: "monitor trace") }
    }

    private func answer(to commands: String, flags: UInt32) throws(NftablesError) -> String {
        let result: Result<(CInt, String, String), KernelError> = library.withLock { _ in
            unsafe nft_ctx_output_set_flags(context, flags)
            do throws(KernelError) {
                let status = try carryOut(commands)
                return .success(unsafe (status, text(nft_ctx_get_output_buffer(context)), text(nft_ctx_get_error_buffer(context))))
            } catch {
                return .failure(error)
            }
        }
        switch result {
        case .success((0, let output, _)): return output
        case .success((_, _, let words)): throw NftablesError(words, commands: commands)
        case .failure(let error): throw .kernel(error)
        }
    }

    /// One line goes as it is. Several go through a file in memory: only of a file does this library say which line it refuses (of a buffer it
    /// shows the first, whichever is wrong).
    private func carryOut(_ commands: String) throws(KernelError) -> CInt {
        guard commands.contains("\n") else { return unsafe nft_run_cmd_from_buffer(context, commands) }
        let file = try memoryFile("nft")
        return try file.borrow { (descriptor) throws(KernelError) in
            try write(descriptor, commands)
            try seek(descriptor, to: 0)
            return unsafe nft_run_cmd_from_filename(context, "/proc/self/fd/\(descriptor.rawValue)")
        }
    }

    private func text(_ pointer: UnsafePointer<CChar>?) -> String {
        unsafe pointer.map { unsafe String(cString: $0) } ?? ""
    }
}
