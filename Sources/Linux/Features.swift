// What this kernel can do, asked once by trying: calls newer than the floor (5.15) have a way around them where they are missing. Chapter 00.
import CLinux
import Glibc

/// Which newer calls the kernel has.
public struct Features: Sendable, Equatable {
    /// `lowerdir+` of overlay through fsconfig (6.5): no limit of one page on the list of layers
    public let overlayLowerByOne: Bool
    /// The ABI version of Landlock (5.13), 0 without
    public let landlock: Int
    /// `clone3` (5.3) is not forbidden to us
    public let clone3: Bool

    /// The answers, found at first use.
    public static let current = probe()

    /// Asks the kernel.
    public static func probe() -> Features {
        Features(overlayLowerByOne: probeOverlay(), landlock: max(0, Int(slipway_landlock_abi())), clone3: probeClone())
    }

    private static func probeOverlay() -> Bool {
        let context = unsafe slipway_fsopen("overlay", 1)
        guard context >= 0 else { return false }
        defer { _ = Glibc.close(context) }
        // An unknown key is EINVAL; a known key with a path that is not there says something else.
        return unsafe slipway_fsconfig(context, 1, "lowerdir+", "/slipway-does-not-exist", 0) >= 0 || Glibc.errno != EINVAL
    }

    private static func probeClone() -> Bool {
        // An impossible exit signal: EINVAL from a kernel that has the call, ENOSYS or EPERM from one that hides it.
        var unused: Int32 = 0
        return unsafe slipway_clone3(0, 0xFFFF, -1, &unused) < 0 && Glibc.errno == EINVAL
    }
}
