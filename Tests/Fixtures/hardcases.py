"""Layers with everything that a tar can hold: python3 hardcases.py LAYOUT-FOLDER TAG BUSYBOX
Three layers: a root with every kind of file; a second that hides, replaces, links and only implies; a third of sparse files and times.
`python3 hardcases.py --look ROOT` describes a tree, one JSON line a file, for comparing two of them. man 5 tar (pax)."""
import io, json, os, stat, struct, sys, tarfile

sys.dont_write_bytecode = True
from layout import Layout

# VFS_CAP_REVISION_2, effective; CAP_NET_BIND_SERVICE. linux/capability.h
CAPABILITY = struct.pack("<IIIII", 0x02000001, 1 << 10, 0, 0, 0)
SKIPPED = {"proc", "sys", "dev", ".dockerenv", "etc/hosts", "etc/hostname", "etc/resolv.conf", "etc/mtab"}


class Layer:
    """A tar in pax format, built entry by entry."""

    def __init__(self):
        self.buffer = io.BytesIO()
        self.tar = tarfile.open(fileobj=self.buffer, mode="w", format=tarfile.PAX_FORMAT)

    def add(self, name, kind=tarfile.REGTYPE, data=b"", mode=0o644, user=0, group=0, time=1_600_000_000, link="", major=0, minor=0, **attributes):
        info = tarfile.TarInfo(name)
        info.type, info.mode, info.uid, info.gid, info.linkname, info.devmajor, info.devminor = kind, mode, user, group, link, major, minor
        info.size = len(data) if kind == tarfile.REGTYPE else 0
        info.mtime = int(time)
        if time != int(time):
            info.pax_headers["mtime"] = f"{time:.9f}"
        for key, value in attributes.items():
            info.pax_headers["SCHILY.xattr." + key.replace("__", ".")] = value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value
        self.tar.addfile(info, io.BytesIO(data))

    def folder(self, name, mode=0o755, **more):
        self.add(name, tarfile.DIRTYPE, mode=mode, **more)

    def bytes(self):
        self.tar.close()
        return self.buffer.getvalue()


def first(busybox):
    layer = Layer()
    layer.folder("./", time=1_500_000_000.123456789)
    for name in ("bin", "etc", "home", "data", "data/deep", "data/deep/er", "hidden", "replaced", "opaque", "implied", "usr", "usr/lib"):
        layer.folder(name, mode=0o750 if name == "implied" else 0o755, user=7 if name == "implied" else 0, group=8 if name == "implied" else 0,
                     time=1_550_000_000.5)
    layer.folder("tmp", mode=0o1777)
    layer.folder("setgid", mode=0o2775, group=50)
    layer.add("bin/busybox", data=open(busybox, "rb").read(), mode=0o755)
    for name in ("sh", "ls", "cat", "sleep", "stat", "true"):
        layer.add(f"bin/{name}", tarfile.SYMTYPE, link="busybox")
    layer.add("etc/passwd", data=b"root:x:0:0:root:/root:/bin/sh\n")
    layer.add("bin/setuid", data=b"#!/bin/sh\n", mode=0o4755, user=1000, group=1000)
    layer.add("bin/capable", data=b"#!/bin/sh\nexit 0\n", mode=0o755, security__capability=CAPABILITY)
    layer.add("home/owned", data=b"mine", user=123456, group=654321, time=1_234_567_890.987654321)
    layer.add("home/huge-id", data=b"", user=3_000_000_000, group=3_000_000_001)
    layer.add("home/attributes", data=b"x", user__one="first", user__two="second value")
    layer.add("data/original", data=b"linked", mode=0o600)
    layer.add("data/twin", tarfile.LNKTYPE, link="data/original")
    layer.add("data/deep/triplet", tarfile.LNKTYPE, link="./data/original")
    layer.add("data/below", data=b"a file that an upper layer links to", mode=0o640, user=11, group=12, time=1_400_000_000.25, user__kept="yes")
    layer.add("data/null", tarfile.CHRTYPE, mode=0o666, major=1, minor=3)
    layer.add("data/disk", tarfile.BLKTYPE, mode=0o660, major=7, minor=200)
    layer.add("data/pipe", tarfile.FIFOTYPE, mode=0o644)
    layer.add("data/link-out", tarfile.SYMTYPE, link="../../../../etc/passwd", time=1_111_111_111.111111111)
    layer.add("data/dangling", tarfile.SYMTYPE, link="/nowhere", user=5, group=6)
    layer.add("data/" + "n" * 255, data=b"a name of 255 bytes")
    layer.add("/".join(["long"] * 80) + "/path", data=b"more than 100 and 255 bytes of path")
    layer.add("data/\u00e9t\u00e9 e\u0301", data=b"composed and combining")
    layer.add("data/with space\nand newline", data=b"odd")
    for name in ("hidden/file", "hidden/sub/file", "opaque/old", "opaque/sub/old", "replaced/was-file", "data/deep/er/gone"):
        layer.add(name, data=name.encode())
    layer.folder("replaced/was-directory")
    layer.add("replaced/was-directory/inside", data=b"in")
    layer.add("replaced/was-link", tarfile.SYMTYPE, link="was-file")
    return layer.bytes()


def second():
    layer = Layer()
    layer.add(".wh.hidden")
    layer.add("data/deep/er/.wh.gone")
    layer.folder("opaque", mode=0o700, time=1_560_000_000)
    layer.add("opaque/new", data=b"new")
    layer.add("opaque/.wh..wh..opq")
    layer.add("implied/made", data=b"its directory has no entry in this layer")
    layer.add("implied/not/there/either", data=b"nor has this one in any")
    layer.folder("replaced/was-file")
    layer.add("replaced/was-file/now", data=b"a directory")
    layer.add("replaced/was-directory", data=b"a file now")
    layer.add("replaced/was-link", data=b"no link any more")
    # A whiteout and an entry of one name in one layer, in both orders: what the layer has stays, what lay below goes.
    layer.add("usr/.wh.lib")
    layer.folder("usr/lib", mode=0o711)
    layer.add("usr/lib/new", data=b"n")
    layer.folder("usr/share")
    layer.add("usr/share/x", data=b"x")
    layer.add("usr/.wh.share")
    layer.add("data/across", tarfile.LNKTYPE, link="data/below")
    layer.add("data/across-again", tarfile.LNKTYPE, link="data/below")
    return layer.bytes()


def third():
    """GNU tar writes the sparse files, in pax form: the standard library cannot, and umoci reads no other."""
    import subprocess, tempfile
    with tempfile.TemporaryDirectory() as place:
        os.makedirs(f"{place}/sparse")
        with open(f"{place}/sparse/file", "wb") as file:
            file.truncate(3 << 20)
            file.seek(1 << 20)
            file.write(b"an island" * 1000)
        with open(f"{place}/sparse/all-hole", "wb") as file:
            file.truncate(5 << 20)
        with open(f"{place}/sparse/ends-in-data", "wb") as file:
            file.seek(2 << 20)
            file.write(b"end")
        os.utime(f"{place}/sparse/file", ns=(1_600_000_000_000_000_001, 1_600_000_000_123_456_789))
        return subprocess.run(["tar", "-C", place, "--sparse", "--format=pax", "-cf", "-", "sparse"], stdout=subprocess.PIPE, check=True).stdout


def look(root):
    """One line a file: all that a copy should keep. Inodes as groups, so that hard links can be compared."""
    first = {}
    for folder, folders, files in os.walk(os.fsencode(root)):
        folders.sort()
        inside = os.path.relpath(folder, os.fsencode(root)).decode("utf-8", "surrogateescape")
        inside = "" if inside == "." else inside + "/"
        folders[:] = [name for name in folders if (inside + os.fsdecode(name)) not in SKIPPED]
        for name in sorted(folders + files) + ([b"."] if not inside else []):
            path, shown = os.path.join(folder, name), inside + os.fsdecode(name)
            if shown in SKIPPED:
                continue
            one = os.lstat(path)
            line = {"name": shown, "mode": oct(one.st_mode), "owner": [one.st_uid, one.st_gid], "mtime": one.st_mtime_ns}
            if shown in (".", "etc"):
                del line["mtime"]  # the engine's own mount points are made in these
            if stat.S_ISLNK(one.st_mode):
                line["target"] = os.fsdecode(os.readlink(path))
            else:
                line["attributes"] = {key: os.getxattr(path, key, follow_symlinks=False).hex() for key in sorted(os.listxattr(path, follow_symlinks=False))
                                      if not key.startswith("trusted.overlay.")}
            if stat.S_ISCHR(one.st_mode) or stat.S_ISBLK(one.st_mode):
                line["device"] = [os.major(one.st_rdev), os.minor(one.st_rdev)]
            if stat.S_ISREG(one.st_mode):
                import hashlib
                line["bytes"], line["links"] = one.st_size, one.st_nlink
                line["content"] = hashlib.sha256(open(path, "rb").read()).hexdigest()
                line["same"] = first.setdefault(one.st_ino, shown)
            print(json.dumps(line, sort_keys=True))


if __name__ == "__main__":
    if sys.argv[1] == "--look":
        look(sys.argv[2])
    elif sys.argv[1] == "--holes":
        for name in ("file", "all-hole", "ends-in-data"):
            one = os.stat(f"{sys.argv[2]}/sparse/{name}")
            print(name, one.st_size, "sparse" if one.st_blocks * 512 < one.st_size // 2 else "full")
    else:
        folder, tag, busybox = sys.argv[1:]
        print(Layout(folder).image(tag, [first(busybox), second(), third()])["digest"])
