// What an exercise holds before a learner has written it. It is the whole module: a check that meets it says "not written yet"
// instead of failing, because it ends the program with a status of its own (69, EX_UNAVAILABLE of sysexits.h).
internal import Glibc

/// Ends the program with status 69 and a fixed message on standard error: exercise `number` (such as "03.2") is not written yet.
public func unfinished(_ number: StaticString) -> Never {
    let message = "slipway-lab: exercise \(number) is not written yet\n"
    _ = unsafe message.utf8.withContiguousStorageIfAvailable { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
    exit(69)
}
