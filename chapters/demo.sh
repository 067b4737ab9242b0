#!/bin/sh
# `make demo`: makes an image of Debian's busybox, runs it with limits, and shows from outside what the kernel was told: namespaces, cgroup,
# layers, calls. Everything lies in a folder of its own, with a daemon of its own, and is gone afterwards.
# usage: chapters/demo.sh BUILD-FOLDER
set -eu
bin=$1
if [ "$(id -u)" != 0 ]; then
    echo "demo: containers with limits and a network of their own need root: sudo make demo" >&2
    exit 1
fi
busybox=$(command -v busybox) || { echo "demo: busybox is missing: make setup" >&2; exit 1; }
place=$(mktemp -d /tmp/slipway-demo.XXXXXX)
socket=$place/run/slipway.sock
group=slipway-demo-$$
"$bin/slipwayd" --cgroup-parent "/$group" --data-root "$place/data" --exec-root "$place/run" --pidfile "$place/pid" -H "unix://$socket" >"$place/log" 2>&1 &
daemon=$!
slipway() { "$bin/slipway" -H "unix://$socket" "$@"; }
finish() {
    status=$?
    trap - EXIT
    slipway rm -f demo >/dev/null 2>&1 || true
    kill "$daemon" 2>/dev/null && wait "$daemon" 2>/dev/null || true
    [ $status = 0 ] || sed 's/^/daemon: /' "$place/log" >&2
    awk '$3 ~ /^cgroup2?$/ { print $2 }' /proc/mounts | while read -r hierarchy; do
        find "$hierarchy" -depth -type d -path "*/$group*" -exec rmdir {} \; 2>/dev/null || true
    done
    rm -rf "$place"
    exit $status
}
trap finish EXIT
trap 'exit 130' INT TERM
step() { printf '\n\033[1m%s\033[0m\n' "$*"; }
for _ in $(seq 100); do [ -S "$socket" ] && slipway version >/dev/null 2>&1 && break; sleep 0.1; done

step "1. An image from one file: Debian's busybox"
mkdir -p "$place/root/bin" "$place/root/etc" "$place/root/tmp"
cp "$busybox" "$place/root/bin/busybox"
for name in $("$busybox" --list); do ln -s busybox "$place/root/bin/$name" 2>/dev/null || true; done
echo 'root:x:0:0:root:/root:/bin/sh' >"$place/root/etc/passwd"
tar -C "$place/root" -cf - . | slipway import -c 'CMD ["/bin/sh"]' - demo:latest
slipway images

step "2. A container with limits: 64 MiB of memory, half a processor, 32 processes"
slipway run -d --name demo --network none --memory 64m --cpus 0.5 --pids-limit 32 --hostname ship demo sleep 1000
slipway ps
process=$(slipway inspect --format '{{.State.Pid}}' demo)

step "3. Its namespaces, from outside: the inode says which (process $process)"
for kind in mnt uts ipc pid net cgroup user; do
    ours=$(readlink /proc/self/ns/$kind) theirs=$(readlink "/proc/$process/ns/$kind")
    [ "$ours" = "$theirs" ] && note="shared with the host" || note="its own (host: $ours)"
    printf '   %-24s %s\n' "$theirs" "$note"
done

step "4. Its cgroups, and the limits as the kernel keeps them"
grep -E ':(memory|cpu|pids|):|:[a-z,]*(memory|cpu|pids)[a-z,]*:' "/proc/$process/cgroup" | sed 's/^/   /'
for file in memory.limit_in_bytes memory.max cpu.cfs_quota_us cpu.max pids.max; do
    grep -E '^[0-9]+:' "/proc/$process/cgroup" | while IFS=: read -r _ hierarchy path; do
        for mounted in "/sys/fs/cgroup/$hierarchy$path/$file" "/sys/fs/cgroup$path/$file"; do
            [ -f "$mounted" ] && printf '   %-24s %s\n' "$file" "$(cat "$mounted")" && break
        done
        :
    done | sort -u
done

step "5. Its layers: the root is an overlay, and what it writes goes to the upper directory"
slipway exec demo sh -c 'echo hello >/written-inside'
awk '$5 == "/"' "/proc/$process/mountinfo" | sed 's/^.* - /   /' | tr , '\n' | sed 's/^\(lowerdir\|upperdir\|workdir\)/      \1/' | grep -v '^uuid='
find "$place/data" -name written-inside | sed "s#^$place/data#   found on the host in DATA-ROOT#"

step "6. The kernel calls that make a container"
slipway run --rm --network none --explain demo echo 'said inside the container'
step "Done: the container, the daemon and the folder $place go now."
