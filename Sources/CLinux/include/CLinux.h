// The kernel calls and constants that Glibc's Swift module lacks, each under its own name with a `slipway_` prefix.
// This header includes <stdint.h> only: a header that defines _GNU_SOURCE or includes libc headers breaks the Glibc module.
// Every function returns what the raw call returns: -1 and errno on failure.
#pragma once
#include <stdint.h>

// clone3(2), with fork semantics: no new stack. Returns 0 in the child, the pid in the parent; *pidfd is set in the parent.
int64_t slipway_clone3(uint64_t flags, uint64_t exit_signal, int32_t cgroup, int32_t *pidfd);
int slipway_unshare(uint64_t flags);
int slipway_setns(int descriptor, int flags);
int slipway_pivot_root(const char *new_root, const char *put_old);
int slipway_prctl(int option, uint64_t a, uint64_t b, uint64_t c, uint64_t d);
int slipway_pidfd_open(int32_t pid, uint32_t flags);
int slipway_pidfd_send_signal(int pidfd, int signal);
int slipway_close_range(uint32_t first, uint32_t last, uint32_t flags);
int slipway_pipe2(int *pair, int flags);
int slipway_dup3(int from, int to, int flags);
int slipway_memfd_create(const char *name, uint32_t flags);
int slipway_openat2(int at, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve);
int slipway_renameat2(int from_at, const char *from, int to_at, const char *to, uint32_t flags);
int64_t slipway_seccomp(uint32_t operation, uint32_t flags, const void *arguments);
int slipway_landlock_abi(void);

// The new mount API, fsopen(2) and its family.
int slipway_fsopen(const char *type, uint32_t flags);
int slipway_fsconfig(int context, uint32_t command, const char *key, const char *value, int aux);
int slipway_fsmount(int context, uint32_t flags, uint32_t attributes);
int slipway_move_mount(int from_at, const char *from, int to_at, const char *to, uint32_t flags);
int slipway_open_tree(int at, const char *path, uint32_t flags);
int slipway_mount_setattr(int at, const char *path, uint32_t flags, uint64_t set, uint64_t clear, uint64_t propagation);

// Credentials and capabilities.
int slipway_setresuid(uint32_t real, uint32_t effective, uint32_t saved);
int slipway_setresgid(uint32_t real, uint32_t effective, uint32_t saved);
int slipway_setgroups(uint64_t count, const uint32_t *groups);
int slipway_capget(int32_t pid, uint64_t *effective, uint64_t *permitted, uint64_t *inheritable);
int slipway_capset(uint64_t effective, uint64_t permitted, uint64_t inheritable);
int slipway_setdomainname(const char *name, uint64_t length);

// Waiting and polling.
int slipway_waitid(int kind, int32_t id, int options, int32_t *pid, int32_t *code, int32_t *status);
int slipway_epoll_create(void);
int slipway_epoll_ctl(int poll, int operation, int descriptor, uint32_t events, uint64_t token);
int slipway_epoll_wait(int poll, uint32_t *events, uint64_t *tokens, int capacity, int timeout_ms);
int slipway_signalfd(uint64_t mask);
int slipway_read_signal(int descriptor, uint32_t *signal, int32_t *pid);

// Messages with descriptors over unix sockets. `descriptors` holds `count` on entry; received ones are close-on-exec.
int64_t slipway_sendmsg(int socket, const void *bytes, uint64_t length, const int *descriptors, int count, int flags);
int64_t slipway_recvmsg(int socket, void *bytes, uint64_t capacity, int *descriptors, int capacity_descriptors, int *count, int *truncated, int flags);
int slipway_unix_socket(int kind);
// Netlink and internet sockets, all close-on-exec. Addresses and ports are in host byte order. man 7 netlink, ip, udp.
int slipway_netlink_socket(int protocol);
int slipway_internet_socket(int type, uint32_t address, uint16_t port, int reuse);
int slipway_internet_connect(int socket, uint32_t address, uint16_t port);
int slipway_internet_name(int socket, uint32_t *address, uint16_t *port);
long slipway_receive_from(int socket, void *buffer, unsigned long size, uint32_t *address, uint16_t *port);
long slipway_send_to(int socket, const void *buffer, unsigned long size, uint32_t address, uint16_t port);
int slipway_unix_bind(int socket, const char *path);
int slipway_unix_connect(int socket, const char *path);
int slipway_accept(int socket);
int slipway_peer_credentials(int socket, int32_t *pid, uint32_t *uid, uint32_t *gid);

// Terminals.
int slipway_open_terminal(char *path, uint64_t capacity);
int slipway_open_terminal_at(const char *ptmx, int *number);
int slipway_window_size(int descriptor, uint16_t *rows, uint16_t *columns);
int slipway_set_window_size(int descriptor, uint16_t rows, uint16_t columns);
int slipway_set_controlling_terminal(int descriptor);

// Files.
int slipway_set_xattr(const char *path, const char *name, const void *value, uint64_t size);
int slipway_fset_xattr(int descriptor, const char *name, const void *value, uint64_t size);
int64_t slipway_get_xattr(const char *path, const char *name, void *value, uint64_t size);
int64_t slipway_list_xattr(const char *path, char *names, uint64_t size);
int slipway_remove_xattr(const char *path, const char *name);
int slipway_mknodat(int at, const char *path, uint32_t mode, uint32_t major, uint32_t minor);
uint32_t slipway_major(uint64_t device);
uint32_t slipway_minor(uint64_t device);
int slipway_syncfs(int descriptor);
int slipway_flock(int descriptor, int operation);
int slipway_inotify_add(int queue, const char *path, uint32_t mask);
int slipway_inotify_create(void);

// Interfaces.
int slipway_interface_up(const char *name);

// posix_spawn's additions.
int slipway_spawn_close_from(void *actions, int first);
int slipway_spawn_change_directory(void *actions, const char *path);

