// The numbers of man 2 setrlimit by name, as OCI configurations and `docker run --ulimit` give them. Chapter 06.
import Glibc

/// The number of `RLIMIT_NOFILE` and its like; nil where there is none of that name.
public func resourceNumber(named name: String) -> CInt? { resources[name] }

/// `RLIMIT_` names; the numbers are those of asm-generic/resource.h, which x86 and ARM use.
private let resources: [String: CInt] = [
    "RLIMIT_CPU": 0, "RLIMIT_FSIZE": 1, "RLIMIT_DATA": 2, "RLIMIT_STACK": 3, "RLIMIT_CORE": 4, "RLIMIT_RSS": 5, "RLIMIT_NPROC": 6,
    "RLIMIT_NOFILE": 7, "RLIMIT_MEMLOCK": 8, "RLIMIT_AS": 9, "RLIMIT_LOCKS": 10, "RLIMIT_SIGPENDING": 11, "RLIMIT_MSGQUEUE": 12,
    "RLIMIT_NICE": 13, "RLIMIT_RTPRIO": 14, "RLIMIT_RTTIME": 15
]
