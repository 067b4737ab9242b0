#!/usr/bin/env python3
"""docker-py 7 as its users write it, over networks, volumes, files, exec, logs, events, health and restarts. DOCKER_HOST says on which engine;
an image `bb` (busybox) is there. Each scenario is a function whose docstring says what it shows; an assertion that fails ends with its name.
Runs against a genuine dockerd as well: `DOCKER_HOST=unix:///run/docker.sock docker_py.py`.
"""
import io, sys, tarfile, threading, time, traceback

import docker
from docker.errors import APIError, ImageNotFound, NotFound
from docker.types import IPAMConfig, IPAMPool, LogConfig, Mount

client = docker.from_env(timeout=60)
SLEEP = ["sleep", "1000"]


def until(condition, seconds=30):
    end = time.time() + seconds
    while not condition():
        assert time.time() < end, "it did not come to be"
        time.sleep(0.05)


def refused(status, call, *words, **more):
    try:
        call(*words, **more)
    except APIError as error:
        assert error.response.status_code == status, f"{error.response.status_code}: {error}"
        return str(error.explanation)
    raise AssertionError("it was not refused")


def networks():
    """A network with a pool of its own: a fixed address, an alias, names that resolve, connecting and disconnecting while it runs."""
    pool = IPAMPool(subnet="10.71.0.0/24", gateway="10.71.0.1")
    network = client.networks.create("py-net", driver="bridge", ipam=IPAMConfig(pool_configs=[pool]), labels={"of": "py"})
    other = client.networks.create("py-other", internal=True)
    try:
        one = client.containers.create("bb", SLEEP, name="py-one")
        client.api.disconnect_container_from_network(one.id, "bridge")
        client.api.connect_container_to_network(one.id, network.id, aliases=["first"], ipv4_address="10.71.0.9")
        one.start()
        two = client.containers.run("bb", SLEEP, name="py-two", network="py-net", detach=True)
        one.reload()
        assert one.attrs["NetworkSettings"]["Networks"]["py-net"]["IPAddress"] == "10.71.0.9"
        for name in ("py-one", "first", one.short_id[:12]):
            assert two.exec_run(["ping", "-c", "1", "-W", "2", name]).exit_code == 0, name
        network.reload()
        assert {container.name for container in network.containers} == {"py-one", "py-two"}
        assert refused(403, network.remove)
        other.connect(two, aliases=["second"])
        assert two.exec_run(["ip", "addr", "show", "eth1"]).exit_code == 0
        other.disconnect(two)
        assert two.exec_run(["ip", "addr", "show", "eth1"]).exit_code != 0
        assert refused(403, client.networks.create, "py-clash", ipam=IPAMConfig(pool_configs=[IPAMPool(subnet="10.71.0.0/25")]))
        assert [found.name for found in client.networks.list(filters={"label": "of=py"})] == ["py-net"]
        network.disconnect(two, force=True)
    finally:
        for name in ("py-one", "py-two"):
            client.containers.get(name).remove(force=True)
        network.remove()
        other.remove()
    refused(404, client.networks.get, "py-net")


def ports():
    """Published ports: fixed, chosen by the engine, on one address; a second taker is told."""
    container = client.containers.run("bb", SLEEP, name="py-ports", detach=True, ports={"80/tcp": None, "81/tcp": ("127.0.0.1", 18391), "53/udp": 18392})
    try:
        container.reload()
        assert int(container.ports["80/tcp"][0]["HostPort"]) > 1023
        assert container.ports["81/tcp"] == [{"HostIp": "127.0.0.1", "HostPort": "18391"}]
        assert container.ports["53/udp"][0]["HostPort"] == "18392"
        second = client.containers.create("bb", SLEEP, name="py-second", ports={"80/tcp": ("127.0.0.1", 18391)})
        assert "18391" in refused(500, second.start)
        second.remove()
    finally:
        container.remove(force=True)


def volumes():
    """Named volumes keep what is written, are protected while in use, and are shared; a bind and a tmpfs by Mount."""
    volume = client.volumes.create("py-volume", labels={"of": "py"})
    container = client.containers.run(
        "bb", SLEEP, name="py-user", detach=True,
        mounts=[Mount("/data", "py-volume"), Mount("/scratch", None, type="tmpfs", tmpfs_size=1 << 20, tmpfs_mode=0o700), Mount("/host", "/etc", type="bind", read_only=True)])
    try:
        assert container.exec_run(["sh", "-c", "echo kept >/data/file"]).exit_code == 0
        assert client.containers.run("bb", ["cat", "/data/file"], volumes={"py-volume": {"bind": "/data", "mode": "ro"}}, remove=True) == b"kept\n"
        assert container.exec_run(["touch", "/host/no"]).exit_code != 0
        assert {mount["Type"] for mount in container.attrs["Mounts"]} == {"volume", "tmpfs", "bind"}
        assert "in use" in refused(409, volume.remove)
        assert [found.name for found in client.volumes.list(filters={"label": "of=py"})] == ["py-volume"]
    finally:
        container.remove(force=True)
        volume.remove()
    refused(404, client.volumes.get, "py-volume")


def archives():
    """put_archive and get_archive, on a running and on a stopped container."""
    container = client.containers.run("bb", SLEEP, name="py-files", detach=True)
    try:
        for content in (b"running", b"stopped"):
            buffer = io.BytesIO()
            with tarfile.open(fileobj=buffer, mode="w") as tar:
                entry = tarfile.TarInfo("note")
                entry.size, entry.uid, entry.gid, entry.mode = len(content), 7, 8, 0o640
                tar.addfile(entry, io.BytesIO(content))
            assert container.put_archive("/tmp", buffer.getvalue())
            stream, stat = container.get_archive("/tmp/note")
            assert stat["name"] == "note" and stat["size"] == len(content)
            with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as tar:
                member = tar.getmember("note")
                found = (member.uid, member.gid, member.mode & 0o777, tar.extractfile(member).read())
                assert found == (7, 8, 0o640, content), found
            container.stop(timeout=0)
        assert {"Path": "/tmp/note", "Kind": 1} in container.diff()
        refused(404, container.get_archive, "/nosuch")
        names = tarfile.open(fileobj=io.BytesIO(b"".join(container.export()))).getnames()
        assert "tmp/note" in names
        image = container.commit("py-made", "1", message="why", author="me", changes="CMD [\"cat\", \"/tmp/note\"]")
        assert client.containers.run("py-made:1", remove=True) == b"stopped"
        client.images.remove(image.id, force=True)
    finally:
        container.remove(force=True)


def execs():
    """exec: exit codes, both streams told apart, input through a socket, as another user, in another place."""
    container = client.containers.run("bb", SLEEP, name="py-exec", detach=True)
    try:
        result = container.exec_run(["sh", "-c", "echo out; echo err >&2; exit 3"], demux=True)
        assert (result.exit_code, result.output) == (3, (b"out\n", b"err\n"))
        assert container.exec_run(["id", "-u"], user="1234").output == b"1234\n"
        assert container.exec_run(["pwd"], workdir="/etc").output == b"/etc\n"
        assert container.exec_run(["sh", "-c", "echo $A"], environment={"A": "b"}).output == b"b\n"
        _, lines = container.exec_run(["sh", "-c", "echo 1; echo 2"], stream=True)
        assert b"".join(lines) == b"1\n2\n"
        container.stop(timeout=0)
        refused(409, container.exec_run, ["true"])
    finally:
        container.remove(force=True)


def logs():
    """Logs: followed to the end, tails, times; rotated by options, with the youngest lines kept."""
    count = "i=0; while [ $i -lt 1000 ]; do echo line $i; i=$((i+1)); done; sleep 0.3; echo end"
    container = client.containers.run("bb", ["sh", "-c", count], name="py-logs", detach=True)
    try:
        lines = b"".join(container.logs(stream=True, follow=True)).splitlines()
        assert lines == [b"line %d" % number for number in range(1000)] + [b"end"]
        assert container.logs(tail=2) == b"line 999\nend\n"
        assert container.logs(tail=1, timestamps=True).split(b" ")[0].endswith(b"Z")
    finally:
        container.remove(force=True)
    options = LogConfig(type=LogConfig.types.JSON, config={"max-size": "10k", "max-file": "3"})
    container = client.containers.run("bb", ["sh", "-c", count], name="py-rotated", detach=True, log_config=options)
    try:
        container.wait()
        kept = container.logs().splitlines()
        assert 100 < len(kept) < 1001 and kept[-1] == b"end", f"{len(kept)} lines"
        assert kept[:-1] == [b"line %d" % number for number in range(1001 - len(kept), 1000)]
    finally:
        container.remove(force=True)


def events():
    """Events while they happen, filtered, with attributes."""
    seen, ready = [], threading.Event()
    stream = client.events(decode=True, filters={"container": "py-events"})

    def listen():
        ready.set()
        for event in stream:
            seen.append(event)
            if event["Action"] == "destroy":
                return

    thread = threading.Thread(target=listen)
    thread.start()
    ready.wait()
    container = client.containers.run("bb", SLEEP, name="py-events", detach=True, labels={"a": "b"})
    container.pause()
    container.unpause()
    container.remove(force=True)
    thread.join(30)
    assert not thread.is_alive()
    actions = [event["Action"] for event in seen]
    assert actions == ["create", "start", "pause", "unpause", "kill", "die", "destroy"], actions
    assert all(event["Actor"]["Attributes"]["a"] == "b" for event in seen)


def life():
    """Pause, top, stats, update, rename, restart policies, wait."""
    container = client.containers.run("bb", SLEEP, name="py-life", detach=True, mem_limit="64m")
    try:
        container.pause()
        container.reload()
        assert container.status == "paused"
        container.unpause()
        top = container.top(ps_args="-o pid,args")
        assert top["Titles"] == ["PID", "COMMAND"] and top["Processes"][0][1] == "sleep 1000", top
        stats = container.stats(stream=False)
        assert stats["memory_stats"]["limit"] == 64 << 20 and stats["pids_stats"]["current"] == 1 and "eth0" in stats["networks"]
        container.update(mem_limit="128m", memswap_limit="256m")
        container.reload()
        assert container.attrs["HostConfig"]["Memory"] == 128 << 20
        assert container.stats(stream=False)["memory_stats"]["limit"] == 128 << 20
        container.rename("py-life-2")
        assert client.containers.get("py-life-2").id == container.id
        container.restart(timeout=0)
        container.kill()
        assert container.wait()["StatusCode"] == 137
    finally:
        container.remove(force=True)
    again = client.containers.run("bb", ["sh", "-c", "exit 4"], name="py-again", detach=True, restart_policy={"Name": "on-failure", "MaximumRetryCount": 2})
    try:
        until(lambda: again.reload() or (again.status == "exited" and again.attrs["RestartCount"] == 2))
        assert again.wait()["StatusCode"] == 4
    finally:
        again.remove(force=True)


def health():
    """A health check goes from starting to healthy to unhealthy."""
    check = {"test": ["CMD", "test", "-e", "/well"], "interval": 100_000_000, "retries": 2}
    container = client.containers.run("bb", ["sh", "-c", "touch /well; sleep 1000"], name="py-health", detach=True, healthcheck=check)
    try:
        until(lambda: container.reload() or container.attrs["State"]["Health"]["Status"] == "healthy")
        container.exec_run(["rm", "/well"])
        until(lambda: container.reload() or container.attrs["State"]["Health"]["Status"] == "unhealthy")
        assert container.attrs["State"]["Health"]["FailingStreak"] >= 2 and 1 <= len(container.attrs["State"]["Health"]["Log"]) <= 5
        assert [found.name for found in client.containers.list(filters={"health": "unhealthy"})] == ["py-health"]
    finally:
        container.remove(force=True)


def prunes():
    """Prunes say what they removed; df counts."""
    client.containers.run("bb", ["true"], name="py-dead", labels={"prune": "me"})
    client.networks.create("py-unused", labels={"prune": "me"})
    client.volumes.create("py-unused", labels={"prune": "me"})
    counted = client.df()
    assert counted["LayersSize"] > 0 and any(volume["Name"] == "py-unused" for volume in counted["Volumes"])
    only = {"label": "prune=me"}
    assert len(client.containers.prune(filters=only)["ContainersDeleted"]) == 1
    assert client.networks.prune(filters=only)["NetworksDeleted"] == ["py-unused"]
    assert client.volumes.prune(filters={"label": "prune=me", "all": "true"} if version() >= (1, 42) else only)["VolumesDeleted"] == ["py-unused"]


def version():
    return tuple(int(part) for part in client.api.api_version.split("."))


def errors():
    """What docker-py tells apart by status and words."""
    for call, kind in ((lambda: client.containers.get("nosuch"), NotFound), (lambda: client.images.get("nosuch"), ImageNotFound)):
        try:
            call()
        except kind:
            continue
        raise AssertionError("the wrong exception")
    first = client.containers.create("bb", name="py-name", command=["true"])
    assert "already in use" in refused(409, client.containers.create, "bb", name="py-name", command=["true"])
    refused(409, first.pause)
    refused(400, first.kill, "NONSENSE")
    first.remove()


def main():
    scenarios = [networks, ports, volumes, archives, execs, logs, events, life, health, prunes, errors]
    failed = 0
    for scenario in scenarios:
        try:
            scenario()
            print(f"ok      {scenario.__name__}: {scenario.__doc__}")
        except Exception:
            failed += 1
            print(f"FAILED  {scenario.__name__}: {scenario.__doc__}\n{traceback.format_exc()}")
    print(f"{len(scenarios) - failed} of {len(scenarios)} scenarios")
    sys.exit(1 if failed else 0)


main()
