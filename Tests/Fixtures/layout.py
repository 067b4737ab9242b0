"""Makes OCI layouts for tests: python3 layout.py DIRECTORY TAG [--compress gzip|zstd|none] LAYER.tar...
Each layer is a plain tar; configuration, manifest and index follow from them. OCI image-spec, image-layout.md."""
import gzip, hashlib, json, os, subprocess, sys

KINDS = {"gzip": "+gzip", "zstd": "+zstd", "none": ""}


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Layout:
    """A folder of blobs and an index.json with tags."""

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(f"{folder}/blobs/sha256", exist_ok=True)
        with open(f"{folder}/oci-layout", "w") as file:
            file.write('{"imageLayoutVersion":"1.0.0"}')
        self.index = {"schemaVersion": 2, "manifests": []}
        if os.path.exists(f"{folder}/index.json"):
            with open(f"{folder}/index.json") as file:
                self.index = json.load(file)

    def blob(self, data, media_type):
        name = digest(data)
        with open(f"{self.folder}/blobs/sha256/{name[7:]}", "wb") as file:
            file.write(data)
        return {"mediaType": media_type, "digest": name, "size": len(data)}

    def layer(self, tar, compress="gzip"):
        """A descriptor of a layer, and its DiffID."""
        packed = {
            "gzip": lambda: gzip.compress(tar, 6, mtime=0),
            "zstd": lambda: subprocess.run(["zstd", "-q", "-c"], input=tar, stdout=subprocess.PIPE, check=True).stdout,
            "none": lambda: tar,
        }[compress]()
        return self.blob(packed, "application/vnd.oci.image.layer.v1.tar" + KINDS[compress]), digest(tar)

    def image(self, tag, tars, compress="gzip", command=("/bin/sh",), diff_ids=None, steps=None):
        """An image of plain tars, lowest first. `diff_ids` may lie."""
        layers = [self.layer(tar, compress) for tar in tars]
        config = {
            "architecture": {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine], "os": "linux", "created": "2024-01-02T03:04:05Z",
            "config": {"Cmd": list(command), "Env": ["PATH=/bin:/usr/bin"]},
            "rootfs": {"type": "layers", "diff_ids": diff_ids or [diff_id for _, diff_id in layers]},
            "history": [{"created": "2024-01-02T03:04:05Z", "created_by": f"layer {number}"} for number in range(len(layers))],
        }
        manifest = {
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": self.blob(json.dumps(config).encode(), "application/vnd.oci.image.config.v1+json"),
            "layers": [descriptor for descriptor, _ in layers],
        }
        return self.tag(tag, self.blob(json.dumps(manifest).encode(), manifest["mediaType"]))

    def tag(self, tag, descriptor):
        descriptor = dict(descriptor, annotations={"org.opencontainers.image.ref.name": tag})
        others = [one for one in self.index["manifests"] if one.get("annotations") != descriptor["annotations"]]
        self.index["manifests"] = others + [descriptor]
        with open(f"{self.folder}/index.json", "w") as file:
            json.dump(self.index, file)
        return descriptor


if __name__ == "__main__":
    words, compress = sys.argv[1:], "gzip"
    if "--compress" in words:
        place = words.index("--compress")
        compress = words[place + 1]
        del words[place:place + 2]
    folder, tag, tars = words[0], words[1], words[2:]
    print(Layout(folder).image(tag, [open(tar, "rb").read() for tar in tars], compress)["digest"])
