#!/usr/bin/env python3
"""Runs every line of invocations.txt with the genuine docker command against slipwayd, and compares what a person sees with what dockerd shows.

    compare.py --bin DIR                 against slipwayd in DIR, beside the transcript recorded from a genuine dockerd
    compare.py --bin DIR --live          dockerd runs now, on this machine, and its transcript is taken instead of the recorded one
    compare.py --record                  dockerd only: prints its transcript, to be kept as the recorded one
    compare.py --bin DIR --scenarios     docker-py's scenarios (docker_py.py) against slipwayd; with --live against dockerd

Both engines get fresh roots below a temporary folder and stop at the end. Names, words, exit codes and the order of lines count. What can
never be equal is made so: ids, digests, times and processes become <id 1>, <time> and so on, numbered by their first appearance. Every other
difference must stand in differences.txt, with its reason and with what we answer instead; one that stands there and is none fails too.
Run it in the sandbox: it publishes ports and makes networks.
"""
import argparse, json, os, re, shutil, signal, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
RECORDED = os.path.join(HERE, "dockerd-20.10.24.txt")
API_VERSION = "1.41"  # what dockerd 20.10 speaks: the client asks both engines the same


def invocations():
    lines = open(os.path.join(HERE, "invocations.txt")).read().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


# MARK: Engines

class Engine:
    def __init__(self, command, socket, scratch):
        self.socket, self.scratch = socket, scratch
        self.log = open(os.path.join(scratch, "daemon.log"), "w")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL)
        for _ in range(600):
            if self.process.poll() is not None:
                break
            if self.run("docker version", 10)[0] == 0:
                return
            time.sleep(0.1)
        sys.exit("compare: the engine did not come up: " + open(self.log.name).read()[-2000:])

    def run(self, line, seconds=90):
        environment = dict(
            os.environ, DOCKER_HOST="unix://" + self.socket, DOCKER_CONFIG=os.path.join(self.scratch, "config"), DOCKER_CLI_HINTS="false",
            DOCKER_API_VERSION=API_VERSION, SCRATCH=os.path.join(self.scratch, "files"), LC_ALL="C")
        process = subprocess.Popen(
            ["/bin/sh", "-c", line], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        try:
            out, err = process.communicate(timeout=seconds)
            return process.returncode, out.decode(errors="replace"), err.decode(errors="replace")
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            return 124, out.decode(errors="replace"), err.decode(errors="replace") + f"no end after {seconds} s\n"

    def stop(self):
        ids = self.run("docker ps -aq")[1].split()
        if ids:
            self.run("docker rm -f -v " + " ".join(ids))
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def scratch_folder():
    scratch = tempfile.mkdtemp(prefix="slipway-compare-")
    os.makedirs(os.path.join(scratch, "config"))
    os.makedirs(os.path.join(scratch, "files"))
    return scratch


def slipway(bin):
    scratch = scratch_folder()
    socket = os.path.join(scratch, "run", "slipway.sock")
    command = [os.path.join(bin, "slipwayd"), "--data-root", scratch + "/data", "--exec-root", scratch + "/run", "-H", "unix://" + socket,
               "--pidfile", scratch + "/pid"]
    if os.environ.get("SLIPWAY_TEST_CGROUP_PARENT"):
        command += ["--cgroup-parent", os.environ["SLIPWAY_TEST_CGROUP_PARENT"]]
    return Engine(command, socket, scratch)


def dockerd():
    scratch = scratch_folder()
    socket = os.path.join(scratch, "docker.sock")
    command = ["dockerd", "--data-root", scratch + "/data", "--exec-root", scratch + "/run", "-H", "unix://" + socket, "-p", scratch + "/pid",
               "--storage-driver", "overlay2"]
    return Engine(command, socket, scratch)


def import_busybox(engine):
    root = os.path.join(engine.scratch, "root")
    for name in ("bin", "etc", "tmp", "proc", "sys", "dev"):
        os.makedirs(os.path.join(root, name))
    shutil.copy("/bin/busybox", os.path.join(root, "bin/busybox"))
    for applet in subprocess.run(["/bin/busybox", "--list"], capture_output=True, text=True).stdout.split():
        if applet != "busybox":
            os.symlink("busybox", os.path.join(root, "bin", applet))
    for name, text in (("passwd", "root:x:0:0:root:/root:/bin/sh\n"), ("group", "root:x:0:\n"), ("data", "from the image\n")):
        with open(os.path.join(root, "etc", name), "w") as file:
            file.write(text)
    status, _, error = engine.run(f"tar -C {root} --sort=name --mtime=@0 --owner=0 --group=0 -c . | docker import - bb")
    if status != 0:
        sys.exit("compare: import: " + error)


# MARK: What can never be equal

class Normalizer:
    """Replaces what differs from run to run; the same value gets the same number."""

    def __init__(self, scratch):
        self.scratch, self.known = scratch, {}

    def number(self, kind, value):
        return f"<{kind} {self.known.setdefault((kind, value), 1 + sum(1 for known, _ in self.known if known == kind))}>"

    def identifier(self, text):
        for kind, value in self.known:
            if kind == "id" and (value.startswith(text) or text.startswith(value)):
                return self.number("id", value)
        return self.number("id", text)

    def clean(self, text):
        text = text.replace(self.scratch, "<scratch>")
        text = re.sub(r"\b[0-9a-f]{64}\b", lambda match: self.identifier(match.group()), text)
        text = re.sub(r"\b(?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])[0-9a-f]{12}\b", lambda match: self.identifier(match.group()), text)
        text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", "<time>", text)
        text = re.sub(r"\btime=[0-9.]+ ms|min/avg/max = .* ms", "<latency>", text)
        text = re.sub(r"round-trip <latency>", "round-trip", text)
        text = re.sub(r"\b[0-9a-f]{2}(:[0-9a-f]{2}){5}\b", "<mac>", text)
        text = re.sub(r"eth(\d)@if\d+", r"eth\1@if<n>", text)
        text = re.sub(r"(?m)^\d+: (eth|lo)", r"<n>: \1", text)
        text = re.sub(r"lo *(inet|<)", r"lo \1", text)
        return text


def transcript(engine, normalizer):
    blocks = []
    for line in invocations():
        status, out, err = engine.run(line)
        lines = ["$ " + line] + normalizer.clean(out).splitlines() + ["! " + text for text in normalizer.clean(err).splitlines()]
        blocks.append("\n".join(text.rstrip() for text in lines) + f"\n[{status}]")
    return blocks


def take(engine):
    try:
        import_busybox(engine)
        return transcript(engine, Normalizer(engine.scratch))
    finally:
        engine.stop()
        shutil.rmtree(engine.scratch, ignore_errors=True)


def scenarios(engine):
    try:
        import_busybox(engine)
        status, out, error = engine.run(f"exec python3 {HERE}/docker_py.py", 300)
        print(out + error, end="")
        return status
    finally:
        engine.stop()
        shutil.rmtree(engine.scratch, ignore_errors=True)


def in_own_network(*words):
    """Runs this program once more in a network namespace of its own: an engine leaves its bridge, its pools and its rules there, not to the next one."""
    room = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    return subprocess.run(room + [sys.executable, os.path.abspath(__file__)] + list(words), stdout=subprocess.PIPE, text=True)


def transcript_of(*words):
    process = in_own_network("--transcript", *words)
    if process.returncode != 0:
        sys.exit(process.returncode)
    return json.loads(process.stdout)


# MARK: Comparing

def accepted():
    """differences.txt: `$ invocation`, `because: reason` (`at times: …` where it need not be), our answer as regular expressions, `[status]`."""
    found, block = {}, None
    for line in open(os.path.join(HERE, "differences.txt")).read().splitlines():
        if line.startswith("$ "):
            block = found.setdefault(line, {"because": "", "ours": []})
        elif line.startswith("because: ") and block is not None:
            block["because"] = line[9:]
        elif line and not line.startswith("#") and block is not None:
            block["ours"].append(line)
    return found


def matches(ours, wanted):
    lines = ours.splitlines()[1:]
    return len(lines) == len(wanted) and all(pattern == line or re.fullmatch(pattern, line) for pattern, line in zip(wanted, lines))


def compare(ours, theirs):
    known, equal, explained, failures = accepted(), 0, set(), []
    for our, their in zip(ours, theirs):
        name = our.splitlines()[0]
        if our == their:
            equal += 1
        elif name in known and matches(our, known[name]["ours"]):
            explained.add(name)
        else:
            failures.append("\n".join([name] + ["  slipwayd  " + line for line in our.splitlines()[1:]] + ["  dockerd   " + line for line in their.splitlines()[1:]]))
    sometimes = {name for name in known if known[name]["because"].startswith("at times: ")}
    failures += [f"{name}\nstands in differences.txt, but there is none" for name in known if name not in explained | sometimes]
    for failure in failures:
        print(failure, end="\n\n")
    print(f"{len(ours)} invocations: {equal} equal, {len(explained)} different for a reason that is listed, {len(failures)} failures")
    return 1 if failures else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", help="folder with slipwayd and its helpers")
    parser.add_argument("--live", action="store_true", help="run dockerd now")
    parser.add_argument("--record", action="store_true", help="run dockerd and print its transcript")
    parser.add_argument("--show", action="store_true", help="print our transcript too")
    parser.add_argument("--scenarios", action="store_true", help="run docker_py.py instead")
    parser.add_argument("--transcript", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.transcript:
        print(json.dumps(take(slipway(options.bin) if options.bin else dockerd())))
        return 0
    if options.scenarios:
        return scenarios(slipway(os.path.abspath(options.bin)) if options.bin and not options.live else dockerd())
    if options.record:
        print("\n\n".join(transcript_of()))
        return 0
    if not options.bin:
        parser.error("--bin is missing")
    theirs = transcript_of() if options.live else re.split(r"\n\n(?=\$ )", open(RECORDED).read().rstrip("\n"))
    ours = transcript_of("--bin", os.path.abspath(options.bin))
    if options.show:
        print("\n\n".join(ours))
    if len(ours) != len(theirs):
        sys.exit(f"compare: {len(ours)} invocations here, {len(theirs)} in the transcript: record it anew")
    return compare(ours, theirs)


sys.exit(main())
