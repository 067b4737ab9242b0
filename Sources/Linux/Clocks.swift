// Time. man 2 clock_gettime.
import Glibc

/// Seconds and nanoseconds since 1970, UTC.
public func wallClock() -> (seconds: Int64, nanoseconds: Int64) {
    var now = timespec()
    unsafe _ = clock_gettime(CLOCK_REALTIME, &now)
    return (Int64(now.tv_sec), Int64(now.tv_nsec))
}

/// Nanoseconds of a clock that never jumps; its zero means nothing.
public func monotonicNanoseconds() -> UInt64 {
    var now = timespec()
    unsafe _ = clock_gettime(CLOCK_MONOTONIC, &now)
    return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
}

/// Sleeps for a time; a signal may shorten it. man 2 nanosleep.
public func pause(milliseconds: Int) {
    usleep(useconds_t(milliseconds) * 1000)
}
