// The calls that Docker's default profile (moby 28) lets every container make, by what they are for. It is a list of what is
// allowed, so that a call which the kernel grows tomorrow is refused until somebody has thought about it. Left out on purpose,
// among some 60: io_uring (its work escapes the filter), keyctl (keys belong to no namespace), userfaultfd (a tool for winning
// races in the kernel), kexec, swapon, nfsservctl, and all that DockerProfile.swift ties to a capability.
// Names of other architectures are there too (`_llseek`, `chown32`): 32-bit programs run on 64-bit kernels.
// chapter 05

/// Groups of names, separated by blanks and line breaks.
let dockerCalls: [(purpose: String, names: String)] = [
    (
        "open, read and write",
        """
        open openat openat2 creat close close_range dup dup2 dup3 read readv pread64 preadv preadv2 write writev pwrite64 pwritev pwritev2
        lseek _llseek sendfile sendfile64 splice tee vmsplice copy_file_range fcntl fcntl64 flock ioctl truncate truncate64 ftruncate ftruncate64
        fallocate fadvise64 fadvise64_64 readahead cachestat fsync fdatasync sync syncfs sync_file_range pipe pipe2 memfd_create memfd_secret
        """
    ),
    (
        "names and directories",
        """
        access faccessat faccessat2 stat stat64 lstat lstat64 fstat fstat64 fstatat64 newfstatat statx statfs statfs64 fstatfs fstatfs64
        getdents getdents64 getcwd chdir fchdir mkdir mkdirat rmdir rename renameat renameat2 link linkat unlink unlinkat symlink symlinkat
        readlink readlinkat mknod mknodat umask name_to_handle_at listmount statmount
        """
    ),
    (
        "owners, modes, times and attributes of files",
        """
        chmod fchmod fchmodat fchmodat2 chown chown32 fchown fchown32 lchown lchown32 fchownat utime utimes futimesat utimensat utimensat_time64
        getxattr lgetxattr fgetxattr getxattrat setxattr lsetxattr fsetxattr setxattrat listxattr llistxattr flistxattr listxattrat
        removexattr lremovexattr fremovexattr removexattrat
        """
    ),
    (
        "waiting for events",
        """
        poll ppoll ppoll_time64 select _newselect pselect6 pselect6_time64 epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_wait epoll_wait_old
        epoll_pwait epoll_pwait2 eventfd eventfd2 signalfd signalfd4 inotify_init inotify_init1 inotify_add_watch inotify_rm_watch fanotify_mark
        io_setup io_submit io_cancel io_destroy io_getevents io_pgetevents io_pgetevents_time64
        """
    ),
    (
        "memory",
        """
        brk mmap mmap2 munmap mremap mprotect madvise mincore mlock mlock2 mlockall munlock munlockall msync mseal membarrier remap_file_pages
        map_shadow_stack pkey_alloc pkey_free pkey_mprotect
        """
    ),
    (
        "processes",
        """
        fork vfork execve execveat exit exit_group wait4 waitid waitpid getpid getppid gettid getpgid getpgrp setpgid getsid setsid kill tkill tgkill
        pidfd_open pidfd_send_signal process_mrelease process_vm_readv process_vm_writev ptrace prctl seccomp landlock_create_ruleset
        landlock_add_rule landlock_restrict_self restart_syscall pause rseq uretprobe
        """
    ),
    (
        "threads and locks",
        """
        futex futex_time64 futex_waitv futex_wait futex_wake futex_requeue get_robust_list set_robust_list set_tid_address
        get_thread_area set_thread_area
        """
    ),
    (
        "users, groups and capabilities (the capabilities decide what these can do)",
        """
        getuid getuid32 geteuid geteuid32 getgid getgid32 getegid getegid32 getresuid getresuid32 getresgid getresgid32 getgroups getgroups32
        setuid setuid32 setgid setgid32 setreuid setreuid32 setregid setregid32 setresuid setresuid32 setresgid setresgid32 setfsuid setfsuid32
        setfsgid setfsgid32 setgroups setgroups32 capget capset
        """
    ),
    (
        "signals",
        """
        rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64
        rt_tgsigqueueinfo sigaltstack sigprocmask sigreturn
        """
    ),
    (
        "scheduling and limits",
        """
        sched_yield sched_getaffinity sched_setaffinity sched_getattr sched_setattr sched_getparam sched_setparam sched_getscheduler sched_setscheduler
        sched_get_priority_max sched_get_priority_min sched_rr_get_interval sched_rr_get_interval_time64 getpriority setpriority ioprio_get ioprio_set
        getcpu getrlimit setrlimit ugetrlimit prlimit64 getrusage times
        """
    ),
    (
        "clocks and timers (setting the clock needs a capability)",
        """
        time gettimeofday adjtimex clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep
        clock_nanosleep_time64 nanosleep alarm getitimer setitimer timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64
        timer_settime timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64
        """
    ),
    (
        "sockets (socket itself has a condition)",
        """
        socketcall socketpair bind connect listen accept accept4 getsockname getpeername getsockopt setsockopt shutdown
        send sendto sendmsg sendmmsg recv recvfrom recvmsg recvmmsg recvmmsg_time64
        """
    ),
    (
        "System V and POSIX IPC",
        """
        ipc msgctl msgget msgrcv msgsnd semctl semget semop semtimedop semtimedop_time64 shmat shmctl shmdt shmget mq_open mq_unlink mq_notify
        mq_getsetattr mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64
        """
    ),
    ("the machine", "uname sysinfo getrandom riscv_hwprobe")
]
