// See CLinux.h. Each function is its kernel call and nothing else.
#define _GNU_SOURCE
#include "CLinux.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <linux/mount.h>
#include <linux/netlink.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <termios.h>
#include <unistd.h>

int64_t slipway_clone3(uint64_t flags, uint64_t exit_signal, int32_t cgroup, int32_t *pidfd) {
    struct clone_args arguments = {.flags = flags, .exit_signal = exit_signal};
    if (flags & CLONE_PIDFD) arguments.pidfd = (uint64_t)(uintptr_t)pidfd;
    if (flags & CLONE_INTO_CGROUP) arguments.cgroup = (uint64_t)cgroup;
    return syscall(SYS_clone3, &arguments, sizeof arguments);
}
int slipway_unshare(uint64_t flags) { return (int)syscall(SYS_unshare, flags); }
int slipway_setns(int descriptor, int flags) { return setns(descriptor, flags); }
int slipway_pivot_root(const char *new_root, const char *put_old) { return (int)syscall(SYS_pivot_root, new_root, put_old); }
int slipway_prctl(int option, uint64_t a, uint64_t b, uint64_t c, uint64_t d) { return prctl(option, a, b, c, d); }
int slipway_pidfd_open(int32_t pid, uint32_t flags) { return (int)syscall(SYS_pidfd_open, pid, flags); }
int slipway_pidfd_send_signal(int pidfd, int signal) { return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0); }
int slipway_close_range(uint32_t first, uint32_t last, uint32_t flags) { return (int)syscall(SYS_close_range, first, last, flags); }
int slipway_pipe2(int *pair, int flags) { return pipe2(pair, flags); }
int slipway_dup3(int from, int to, int flags) { return dup3(from, to, flags); }
int slipway_memfd_create(const char *name, uint32_t flags) { return memfd_create(name, flags); }
int slipway_openat2(int at, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve) {
    struct open_how how = {.flags = flags, .mode = mode, .resolve = resolve};
    return (int)syscall(SYS_openat2, at, path, &how, sizeof how);
}
int slipway_renameat2(int from_at, const char *from, int to_at, const char *to, uint32_t flags) {
    return (int)syscall(SYS_renameat2, from_at, from, to_at, to, flags);
}
int64_t slipway_seccomp(uint32_t operation, uint32_t flags, const void *arguments) { return syscall(SYS_seccomp, operation, flags, arguments); }
int slipway_landlock_abi(void) { return (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION); }

int slipway_fsopen(const char *type, uint32_t flags) { return (int)syscall(SYS_fsopen, type, flags); }
int slipway_fsconfig(int context, uint32_t command, const char *key, const char *value, int aux) {
    return (int)syscall(SYS_fsconfig, context, command, key, value, aux);
}
int slipway_fsmount(int context, uint32_t flags, uint32_t attributes) { return (int)syscall(SYS_fsmount, context, flags, attributes); }
int slipway_move_mount(int from_at, const char *from, int to_at, const char *to, uint32_t flags) {
    return (int)syscall(SYS_move_mount, from_at, from, to_at, to, flags);
}
int slipway_open_tree(int at, const char *path, uint32_t flags) { return (int)syscall(SYS_open_tree, at, path, flags); }
int slipway_mount_setattr(int at, const char *path, uint32_t flags, uint64_t set, uint64_t clear, uint64_t propagation) {
    struct mount_attr attributes = {.attr_set = set, .attr_clr = clear, .propagation = propagation};
    return (int)syscall(SYS_mount_setattr, at, path, flags, &attributes, sizeof attributes);
}

// Raw calls change the calling thread only; the programs that use them have one.
int slipway_setresuid(uint32_t real, uint32_t effective, uint32_t saved) { return (int)syscall(SYS_setresuid, real, effective, saved); }
int slipway_setresgid(uint32_t real, uint32_t effective, uint32_t saved) { return (int)syscall(SYS_setresgid, real, effective, saved); }
int slipway_setgroups(uint64_t count, const uint32_t *groups) { return (int)syscall(SYS_setgroups, count, groups); }
int slipway_capget(int32_t pid, uint64_t *effective, uint64_t *permitted, uint64_t *inheritable) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = pid};
    struct __user_cap_data_struct data[2] = {0};
    if (syscall(SYS_capget, &header, data) < 0) return -1;
    *effective = data[0].effective | (uint64_t)data[1].effective << 32;
    *permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
    *inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
    return 0;
}
int slipway_capset(uint64_t effective, uint64_t permitted, uint64_t inheritable) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    struct __user_cap_data_struct data[2] = {
        {.effective = (uint32_t)effective, .permitted = (uint32_t)permitted, .inheritable = (uint32_t)inheritable},
        {.effective = (uint32_t)(effective >> 32), .permitted = (uint32_t)(permitted >> 32), .inheritable = (uint32_t)(inheritable >> 32)}};
    return (int)syscall(SYS_capset, &header, data);
}
int slipway_setdomainname(const char *name, uint64_t length) { return setdomainname(name, length); }

int slipway_waitid(int kind, int32_t id, int options, int32_t *pid, int32_t *code, int32_t *status) {
    siginfo_t info = {0};
    if (waitid((idtype_t)kind, (id_t)id, &info, options) < 0) return -1;
    *pid = info.si_pid, *code = info.si_code, *status = info.si_status;
    return 0;
}
int slipway_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }
int slipway_epoll_ctl(int poll, int operation, int descriptor, uint32_t events, uint64_t token) {
    struct epoll_event event = {.events = events, .data.u64 = token};
    return epoll_ctl(poll, operation, descriptor, &event);
}
int slipway_epoll_wait(int poll, uint32_t *events, uint64_t *tokens, int capacity, int timeout_ms) {
    struct epoll_event found[64];
    int count = epoll_wait(poll, found, capacity < 64 ? capacity : 64, timeout_ms);
    for (int i = 0; i < count; i++) events[i] = found[i].events, tokens[i] = found[i].data.u64;
    return count;
}
int slipway_signalfd(uint64_t mask) {
    sigset_t set;
    sigemptyset(&set);
    for (int signal = 1; signal < 64; signal++)
        if (mask >> signal & 1) sigaddset(&set, signal);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}
int slipway_read_signal(int descriptor, uint32_t *signal, int32_t *pid) {
    struct signalfd_siginfo info;
    ssize_t count = read(descriptor, &info, sizeof info);
    if (count < 0) return -1;
    *signal = info.ssi_signo, *pid = (int32_t)info.ssi_pid;
    return 1;
}

enum { most_descriptors = 16 };
int64_t slipway_sendmsg(int socket, const void *bytes, uint64_t length, const int *descriptors, int count, int flags) {
    union { struct cmsghdr header; char space[CMSG_SPACE(sizeof(int) * most_descriptors)]; } control = {0};
    struct iovec part = {.iov_base = (void *)bytes, .iov_len = length};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (count > most_descriptors) return errno = EINVAL, -1;
    if (count > 0) {
        message.msg_control = control.space, message.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)count);
        control.header = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int) * (size_t)count), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(&control.header), descriptors, sizeof(int) * (size_t)count);
    }
    return sendmsg(socket, &message, flags | MSG_NOSIGNAL);
}
int64_t slipway_recvmsg(int socket, void *bytes, uint64_t capacity, int *descriptors, int capacity_descriptors, int *count, int *truncated, int flags) {
    union { struct cmsghdr header; char space[CMSG_SPACE(sizeof(int) * most_descriptors)]; } control;
    struct iovec part = {.iov_base = bytes, .iov_len = capacity};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space};
    ssize_t result = recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
    *count = 0, *truncated = 0;
    if (result < 0) return -1;
    *truncated = (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0;
    for (struct cmsghdr *each = CMSG_FIRSTHDR(&message); each; each = CMSG_NXTHDR(&message, each)) {
        if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_RIGHTS) continue;
        int received = (int)((each->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        for (int i = 0; i < received; i++) {
            int descriptor;
            memcpy(&descriptor, CMSG_DATA(each) + sizeof(int) * (size_t)i, sizeof(int));
            if (*count < capacity_descriptors) descriptors[(*count)++] = descriptor; else close(descriptor);
        }
    }
    return result;
}
int slipway_unix_socket(int kind) { return socket(AF_UNIX, kind | SOCK_CLOEXEC, 0); }
static int unix_address(const char *path, struct sockaddr_un *address) {
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address->sun_path) return errno = ENAMETOOLONG, -1;
    strcpy(address->sun_path, path);
    return 0;
}
int slipway_unix_bind(int socket, const char *path) {
    struct sockaddr_un address;
    return unix_address(path, &address) < 0 ? -1 : bind(socket, (struct sockaddr *)&address, sizeof address);
}
int slipway_unix_connect(int socket, const char *path) {
    struct sockaddr_un address;
    return unix_address(path, &address) < 0 ? -1 : connect(socket, (struct sockaddr *)&address, sizeof address);
}
int slipway_accept(int socket) { return accept4(socket, NULL, NULL, SOCK_CLOEXEC); }
int slipway_peer_credentials(int socket, int32_t *pid, uint32_t *uid, uint32_t *gid) {
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) return -1;
    *pid = peer.pid, *uid = peer.uid, *gid = peer.gid;
    return 0;
}

int slipway_open_terminal(char *path, uint64_t capacity) {
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0) return -1;
    if (unlockpt(master) < 0 || ptsname_r(master, path, capacity) != 0) {
        int reason = errno;
        close(master);
        return errno = reason, -1;
    }
    return master;
}
int slipway_open_terminal_at(const char *ptmx, int *number) {
    int master = open(ptmx, O_RDWR | O_NOCTTY | O_CLOEXEC), unlocked = 0;
    if (master < 0) return -1;
    if (ioctl(master, TIOCSPTLCK, &unlocked) < 0 || ioctl(master, TIOCGPTN, number) < 0) {
        int reason = errno;
        close(master);
        return errno = reason, -1;
    }
    return master;
}
int slipway_window_size(int descriptor, uint16_t *rows, uint16_t *columns) {
    struct winsize size;
    if (ioctl(descriptor, TIOCGWINSZ, &size) < 0) return -1;
    *rows = size.ws_row, *columns = size.ws_col;
    return 0;
}
int slipway_set_window_size(int descriptor, uint16_t rows, uint16_t columns) {
    struct winsize size = {.ws_row = rows, .ws_col = columns};
    return ioctl(descriptor, TIOCSWINSZ, &size);
}
int slipway_set_controlling_terminal(int descriptor) { return ioctl(descriptor, TIOCSCTTY, 0); }

int slipway_set_xattr(const char *path, const char *name, const void *value, uint64_t size) { return lsetxattr(path, name, value, size, 0); }
int slipway_fset_xattr(int descriptor, const char *name, const void *value, uint64_t size) { return fsetxattr(descriptor, name, value, size, 0); }
int64_t slipway_get_xattr(const char *path, const char *name, void *value, uint64_t size) { return lgetxattr(path, name, value, size); }
int64_t slipway_list_xattr(const char *path, char *names, uint64_t size) { return llistxattr(path, names, size); }
int slipway_remove_xattr(const char *path, const char *name) { return lremovexattr(path, name); }
int slipway_mknodat(int at, const char *path, uint32_t mode, uint32_t major, uint32_t minor) { return mknodat(at, path, mode, makedev(major, minor)); }
uint32_t slipway_major(uint64_t device) { return major(device); }
uint32_t slipway_minor(uint64_t device) { return minor(device); }
int slipway_syncfs(int descriptor) { return syncfs(descriptor); }
int slipway_flock(int descriptor, int operation) { return flock(descriptor, operation); }
int slipway_inotify_create(void) { return inotify_init1(IN_CLOEXEC | IN_NONBLOCK); }
int slipway_inotify_add(int queue, const char *path, uint32_t mask) { return inotify_add_watch(queue, path, mask); }

int slipway_interface_up(const char *name) {
    struct ifreq request = {0};
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    int endpoint = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (endpoint < 0) return -1;
    int result = ioctl(endpoint, SIOCGIFFLAGS, &request);
    if (result == 0) request.ifr_flags |= IFF_UP, result = ioctl(endpoint, SIOCSIFFLAGS, &request);
    int reason = errno;
    close(endpoint);
    return errno = reason, result;
}

int slipway_spawn_close_from(void *actions, int first) { return posix_spawn_file_actions_addclosefrom_np(actions, first); }
int slipway_spawn_change_directory(void *actions, const char *path) { return posix_spawn_file_actions_addchdir_np(actions, path); }

// Netlink and internet sockets.
int slipway_netlink_socket(int protocol) {
    int on = 1, descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
    if (descriptor < 0) return -1;
    struct sockaddr_nl own = {.nl_family = AF_NETLINK};
    // Extended words and short acknowledgements are wishes: an older kernel does without.
    setsockopt(descriptor, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
    setsockopt(descriptor, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
    setsockopt(descriptor, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof on);
    if (bind(descriptor, (struct sockaddr *)&own, sizeof own) == 0) return descriptor;
    int reason = errno;
    close(descriptor);
    errno = reason;
    return -1;
}
static struct sockaddr_in internet_address(uint32_t address, uint16_t port) {
    return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(address)}};
}
int slipway_internet_socket(int type, uint32_t address, uint16_t port, int reuse) {
    struct sockaddr_in own = internet_address(address, port);
    int descriptor = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return -1;
    if (reuse) setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse);
    if (bind(descriptor, (struct sockaddr *)&own, sizeof own) == 0) return descriptor;
    int reason = errno;
    close(descriptor);
    errno = reason;
    return -1;
}
int slipway_internet_connect(int socket, uint32_t address, uint16_t port) {
    struct sockaddr_in far = internet_address(address, port);
    return connect(socket, (struct sockaddr *)&far, sizeof far);
}
int slipway_internet_name(int socket, uint32_t *address, uint16_t *port) {
    struct sockaddr_in own;
    socklen_t size = sizeof own;
    if (getsockname(socket, (struct sockaddr *)&own, &size) < 0) return -1;
    *address = ntohl(own.sin_addr.s_addr), *port = ntohs(own.sin_port);
    return 0;
}
long slipway_receive_from(int socket, void *buffer, unsigned long size, uint32_t *address, uint16_t *port) {
    struct sockaddr_in far;
    socklen_t length = sizeof far;
    long count = recvfrom(socket, buffer, size, MSG_TRUNC, (struct sockaddr *)&far, &length);
    if (count >= 0 && length >= sizeof far) *address = ntohl(far.sin_addr.s_addr), *port = ntohs(far.sin_port);
    return count;
}
long slipway_send_to(int socket, const void *buffer, unsigned long size, uint32_t address, uint16_t port) {
    struct sockaddr_in far = internet_address(address, port);
    return sendto(socket, buffer, size, MSG_NOSIGNAL, (struct sockaddr *)&far, sizeof far);
}
