#!/bin/bash
# Real servers in containers, reached as people reach them: nginx, redis and PostgreSQL from Debian's packages, on a user network with published
# ports. It runs on the host itself and not in the sandbox, as packages are fetched: once for the image (debootstrap), once by `apt-get update`
# in a container, through our NAT. Everything that it makes is removed, and the host is compared with what it was.
#
# usage: Tests/Compatibility/servers.sh BIN [ROOT]     BIN: folder with slipwayd; ROOT: a debootstrap root, made where it is missing
set -u
here=$(cd "$(dirname "$0")" && pwd)
bin=$(cd "$1" && pwd) root=${2:-/var/tmp/slipway-servers}
packages=nginx-light,redis-server,redis-tools,curl,netcat-openbsd,ca-certificates,postgresql-15,postgresql-client-15
work=$(mktemp -d /tmp/slipway-servers.XXXXXX)
failures=0

check() { # TITLE EXPECTED-PATTERN COMMAND...
    local title=$1 pattern=$2 output
    shift 2
    output=$("$@" 2>&1)
    if grep -qE "$pattern" <<<"$output"; then
        echo "ok      $title"
    else
        echo "FAILED  $title: wanted /$pattern/, got: ${output:0:500}"
        failures=$((failures + 1))
    fi
}
fails() { ! "$@"; }
patiently() { for _ in $(seq 100); do "$@" >/dev/null 2>&1 && return; sleep 0.2; done; echo "FAILED  never: $*"; failures=$((failures + 1)); }
bare() { docker exec "$@"; }

[ -e "$root/usr/sbin/nginx" ] || debootstrap --variant=minbase --include=$packages bookworm "$root" >"$work/debootstrap.log" || exit 1
look() { "$here/../Sandbox/host" none | grep -v "$work"; }
before=$(look)
"$bin/slipwayd" --data-root "$work/data" --exec-root "$work/run" -H "unix://$work/sock" --pidfile "$work/pid" >"$work/daemon.log" 2>&1 &
daemon=$!
export DOCKER_HOST=unix://$work/sock DOCKER_CLI_HINTS=false
finish() {
    docker rm -f -v $(docker ps -aq) >/dev/null 2>&1
    docker network rm front back >/dev/null 2>&1
    kill $daemon
    wait $daemon
    [ $failures = 0 ] || tail -n 20 "$work/daemon.log"
    rm -rf "$work"
    for _ in $(seq 20); do # what the kernel takes away late gets some seconds
        [ "$before" = "$(look)" ] && break
        sleep 0.2
    done
    diff <(echo "$before") <(look) && echo "ok      the host is what it was before" || failures=$((failures + 1))
    echo "$failures failures"
    exit $((failures > 0))
}
trap finish EXIT
patiently docker version

tar -C "$root" --exclude=./proc/* --exclude=./sys/* --exclude=./var/cache/apt/archives/* -c . | docker import - servers >/dev/null || exit 1
docker network create front >/dev/null
docker network create back >/dev/null
docker run -d --name web --network front -p 28080:80 servers sh -c 'echo "from nginx" >/var/www/html/index.html; exec nginx -g "daemon off;"' >/dev/null
docker run -d --name cache --network front -p 127.0.0.1:26379:6379 -v cache:/data servers redis-server --bind 0.0.0.0 --protected-mode no --dir /data >/dev/null
docker run -d --name base --network front -p 25432:5432 -e PGDATA=/data/pg --user postgres -v base:/var/lib/postgresql servers sh -c '
    export PGDATA=/var/lib/postgresql/pg PATH=$PATH:/usr/lib/postgresql/15/bin; initdb -A trust >/dev/null && echo "host all all all trust" >>$PGDATA/pg_hba.conf
    exec postgres -c listen_addresses="*"' >/dev/null
docker run -d --name inside --network front servers sleep 100000 >/dev/null
docker run -d --name apart --network back -p 28081:80 servers sh -c 'echo "from apart" >/var/www/html/index.html; exec nginx -g "daemon off;"' >/dev/null
host=$(ip -4 -o route get 192.0.2.1 | sed 's/.* src \([^ ]*\).*/\1/')
patiently curl -sf http://127.0.0.1:28080/
patiently docker exec inside redis-cli -h cache ping
patiently docker exec inside psql -h base -U postgres -c 'select 1'
patiently curl -sf http://127.0.0.1:28081/

check "nginx by the host's loopback" '^from nginx$' curl -s -m 5 http://127.0.0.1:28080/
check "nginx by localhost" '^from nginx$' curl -s -m 5 http://localhost:28080/
check "nginx by the host's address" '^from nginx$' curl -s -m 5 "http://$host:28080/"
check "nginx from another container by name" '^from nginx$' bare inside curl -s -m 5 http://web/
check "nginx from another container by the host's address and published port" '^from nginx$' bare inside curl -s -m 5 "http://$host:28080/"
check "nginx from itself by the host's address and published port (hairpin)" '^from nginx$' bare web curl -s -m 5 "http://$host:28080/"
check "nginx from another network by the host's address and published port" '^from nginx$' bare apart curl -s -m 5 "http://$host:28080/"
check "the client's source address: the host's own" "^$host " \
    sh -c "curl -s -o /dev/null http://$host:28080/; sleep 0.2; docker exec web tail -n 1 /var/log/nginx/access.log"
check "the client's source address: another container's" "^$(docker inspect -f '{{.NetworkSettings.Networks.front.IPAddress}}' inside) " \
    sh -c 'docker exec inside curl -s -o /dev/null http://web/; sleep 0.2; docker exec web tail -n 1 /var/log/nginx/access.log'
check "redis by loopback" '^\+PONG' sh -c 'printf "PING\r\n" | timeout 5 nc -q 1 127.0.0.1 26379 || printf "PING\r\n" | timeout 5 busybox nc 127.0.0.1 26379'
check "redis, published on 127.0.0.1 only, not by the host's address" 'rc=[^0]' sh -c "curl -s -m 3 http://$host:26379/; echo rc=\$?"
check "redis from another container by name" '^PONG' bare inside redis-cli -h cache ping
check "PostgreSQL from another container by name" '^ *42$' bare inside psql -h base -U postgres -At -c 'select 6*7'
check "PostgreSQL by the host's published port, from inside" '^ *42$' bare inside psql -h "$host" -p 25432 -U postgres -At -c 'select 6*7'
check "isolation: front does not reach back by address" 'rc=(28|7)' \
    bare inside sh -c "curl -s -m 3 http://$(docker inspect -f '{{.NetworkSettings.Networks.back.IPAddress}}' apart)/; echo rc=\$?"
check "isolation: back does not reach front by address" 'rc=(28|7)' \
    bare apart sh -c "curl -s -m 3 http://$(docker inspect -f '{{.NetworkSettings.Networks.front.IPAddress}}' web)/; echo rc=\$?"
check "isolation: back does not know front's names" 'rc=6' bare apart sh -c 'curl -s -m 3 http://web/; echo rc=$?'
mirror=$(docker exec inside sh -c 'cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null' | sed -n 's#.*https\{0,1\}://\([^/: ]*\).*#\1#p' | head -n 1)
check "names outside are resolved (the package mirror of the image's own configuration)" '^[0-9a-f:.]+ ' bare inside getent hosts "$mirror"
check "apt-get update through NAT" 'Reading package lists' bare inside apt-get update
docker exec inside redis-cli -h cache set key kept >/dev/null
docker exec inside redis-cli -h cache save >/dev/null
docker rm -f cache >/dev/null
docker run -d --name cache --network front -v cache:/data servers redis-server --bind 0.0.0.0 --protected-mode no --dir /data >/dev/null
patiently docker exec inside redis-cli -h cache ping
check "redis in a new container finds its data in the volume, under the old name" '^kept' bare inside redis-cli -h cache get key
kill -9 $daemon
wait $daemon 2>/dev/null
check "the daemon is dead: a published port serves" '^from nginx$' curl -s -m 5 http://127.0.0.1:28080/
"$bin/slipwayd" --data-root "$work/data" --exec-root "$work/run" -H "unix://$work/sock" --pidfile "$work/pid" >>"$work/daemon.log" 2>&1 &
daemon=$!
patiently docker version
check "the daemon is back: names resolve again" '^from nginx$' bare inside curl -s -m 5 http://web/
docker volume ls -q | xargs docker volume inspect -f '{{.Name}}' >/dev/null
docker rm -f web >/dev/null
check "removed: its port is free" 'rc=7' sh -c 'curl -s -m 3 http://127.0.0.1:28080/; echo rc=$?'
