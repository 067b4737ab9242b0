#!/bin/sh
# `make demo`: makes an image by hand, puts it on a registry, pulls it, runs it with limits, and shows from outside what the kernel was told:
# namespaces, cgroup, layers, calls. Everything lies in a folder of its own, with a daemon and a registry of its own on a port of loopback
# that the kernel chose, and is gone afterwards.
# usage: chapters/demo.sh BUILD-FOLDER
set -eu
bin=$1
here=$(cd "$(dirname "$0")" && pwd)
if [ "$(id -u)" != 0 ]; then
    echo "demo: containers with limits and a network of their own need root: sudo make demo" >&2
    exit 1
fi
for program in busybox skopeo docker-registry curl; do
    command -v $program >/dev/null || { echo "demo: $program is missing: make setup" >&2; exit 1; }
done
place=$(mktemp -d /tmp/slipway-demo.XXXXXX)
socket=$place/run/slipway.sock
group=slipway-demo-$$
"$bin/slipwayd" --cgroup-parent "/$group" --data-root "$place/data" --exec-root "$place/run" --pidfile "$place/pid" -H "unix://$socket" >"$place/log" 2>&1 &
daemon=$!
registry=
slipway() { "$bin/slipway" -H "unix://$socket" "$@"; }
finish() {
    status=$?
    trap - EXIT
    slipway ps -aq 2>/dev/null | while read -r container; do slipway rm -f -v "$container" >/dev/null 2>&1 || true; done
    slipway network rm harbour >/dev/null 2>&1 || true
    for process in $daemon $registry; do kill "$process" 2>/dev/null && wait "$process" 2>/dev/null || true; done
    [ $status = 0 ] || sed 's/^/daemon: /' "$place/log" >&2
    awk '$3 ~ /^cgroup2?$/ { print $2 }' /proc/mounts | while read -r hierarchy; do
        find "$hierarchy" -depth -type d -path "*/$group*" -exec rmdir {} \; 2>/dev/null || true
    done
    rm -rf "$place"
    exit $status
}
trap finish EXIT
trap 'exit 130' INT TERM HUP PIPE
step() { printf '\n\033[1m%s\033[0m\n' "$*"; }
for _ in $(seq 100); do [ -S "$socket" ] && slipway version >/dev/null 2>&1 && break; sleep 0.1; done

step "1. An image, made by hand: files that name one another by digest (chapters/demo-image.sh)"
"$here/demo-image.sh" "$place"
(cd "$place/layout" && find . -type f | sort | while read -r file; do printf '   %9d  %s\n' "$(stat -c %s "$file")" "$file"; done)

step "2. A registry on loopback, where skopeo puts the image, and the pull"
cat >"$place/registry.yml" <<END
version: 0.1
log: {level: info, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $place/registry}}
http: {addr: "127.0.0.1:0"}
END
: >"$place/registry.log"
docker-registry serve "$place/registry.yml" >"$place/registry.log" 2>&1 &
registry=$!
port=
for _ in $(seq 100); do
    port=$(sed -n 's/.*listening on 127\.0\.0\.1:\([0-9]*\).*/\1/p' "$place/registry.log")
    [ -z "$port" ] || break
    sleep 0.1
done
[ -n "$port" ] || { echo "demo: docker-registry did not start:" >&2; cat "$place/registry.log" >&2; exit 1; }
image=127.0.0.1:$port/demo
skopeo copy --quiet --insecure-policy --dest-tls-verify=false "oci:$place/layout:latest" "docker://$image:latest"
slipway pull "$image:latest"
slipway images
slipway history "$image"
echo 'What the two layers make together:'
slipway run --rm --network none "$image" sh -c 'cat /etc/motd; ls /etc/draft 2>&1 || true' | sed 's/^/   /'

step "3. A container with limits: 64 MiB of memory, half a processor, 32 processes"
slipway run -d --name demo --network none --memory 64m --cpus 0.5 --pids-limit 32 --hostname ship "$image" sleep 1000
slipway ps
process=$(slipway inspect --format '{{.State.Pid}}' demo)

step "4. Its namespaces, from outside: the inode says which (process $process)"
for kind in mnt uts ipc pid net cgroup user; do
    ours=$(readlink /proc/self/ns/$kind) theirs=$(readlink "/proc/$process/ns/$kind")
    [ "$ours" = "$theirs" ] && note="shared with the host" || note="its own (host: $ours)"
    printf '   %-24s %s\n' "$theirs" "$note"
done

step "5. Its cgroups, and the limits as the kernel keeps them"
grep -E ':(memory|cpu|pids|):|:[a-z,]*(memory|cpu|pids)[a-z,]*:' "/proc/$process/cgroup" | sed 's/^/   /'
for file in memory.limit_in_bytes memory.max cpu.cfs_quota_us cpu.max pids.max; do
    grep -E '^[0-9]+:' "/proc/$process/cgroup" | while IFS=: read -r _ hierarchy path; do
        for mounted in "/sys/fs/cgroup/$hierarchy$path/$file" "/sys/fs/cgroup$path/$file"; do
            [ -f "$mounted" ] && printf '   %-24s %s\n' "$file" "$(cat "$mounted")" && break
        done
        :
    done | sort -u
done

step "6. Its layers: the root is an overlay, and what it writes goes to the upper directory"
slipway exec demo sh -c 'echo hello >/written-inside'
awk '$5 == "/"' "/proc/$process/mountinfo" | sed 's/^.* - /   /' | tr , '\n' | sed 's/^\(lowerdir\|upperdir\|workdir\)/      \1/' | grep -v '^uuid='
find "$place/data" -name written-inside | sed "s#^$place/data#   found on the host in DATA-ROOT#"

step "7. A second process in it, on a terminal"
look='tty; stty size; ps -o pid,args'
if [ -t 0 ] && [ -t 1 ]; then
    echo "   $look (rows and columns are those of your window)"
    slipway exec -it demo sh -c "$look"
else
    echo '   (there is no terminal here: run `make demo` by hand to see it)'
    slipway exec demo ps -o pid,args | sed 's/^/   /'
fi

step "8. A network of their own: an address, a name, and a port on the host"
slipway network create harbour | cut -c 1-12
slipway run -d --name web --network harbour -p 127.0.0.1::80 "$image" sh -c 'echo "   served by a container" >/tmp/index.html; exec busybox httpd -f -p 80 -h /tmp' | cut -c 1-12
address=$(slipway port web 80)
for _ in $(seq 100); do curl -sf -o /dev/null "http://$address/index.html" && break; sleep 0.1; done
echo "   by the host's loopback, http://$address/:"
curl -sf "http://$address/index.html"
echo "   by its name, from another container of the network:"
slipway run --rm --network harbour "$image" busybox wget -q -O - http://web/index.html
echo "   one packet's way there:"
"$bin/slip-net" trace "$address" 2>&1 | sed 's/^/   /'

step "9. A volume: what one container leaves, the next one finds"
slipway run --rm --network none -v cargo:/hold "$image" sh -c 'echo "left in the hold" >/hold/note'
slipway run --rm --network none -v cargo:/hold:ro "$image" sh -c 'sed "s/^/   /" /hold/note; echo no >/hold/note 2>&1 | sed "s/^/   /" || true'
slipway volume inspect --format '   {{.Mountpoint}}' cargo

step "10. The kernel calls that make a container"
slipway run --rm --network none --explain "$image" echo 'said inside the container'
step "Done: the container, the daemon, the registry and the folder $place go now."
