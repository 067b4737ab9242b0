"""A registry that misbehaves on purpose: python3 registry.py LAYOUT-FOLDER
Serves an OCI layout under any repository name, on a loopback port that it prints. What goes wrong is chosen by the repository's name:

  good            nothing                                 corrupt         a layer with one byte changed
  truncated       a layer that ends early, for ever       toolong         more bytes than promised
  missing         404 for every blob                      garbage         a manifest that is no JSON
  huge            a manifest of 9 MB                      cyclic          an index that names itself
  busy            429 for ever                            broken          500 for ever
  flaky           500 twice, then good                    cut             each connection is cut in the middle of a layer, once
  slow            a layer in small pieces with pauses     schema1         Docker's old manifest

Each request is a line `METHOD PATH STATUS` in the log on standard output. OCI distribution-spec."""
import http.server, json, os, sys, threading, time

folder = sys.argv[1]
seen, lock = {}, threading.Lock()
INDEX = "application/vnd.oci.image.index.v1+json"


def count(key):
    with lock:
        seen[key] = seen.get(key, 0) + 1
        return seen[key]


def blob(digest):
    path = f"{folder}/blobs/sha256/{digest[7:]}"
    return open(path, "rb").read() if os.path.exists(path) else None


def tagged(name):
    if name.startswith("sha256:"):
        return name
    for one in json.load(open(f"{folder}/index.json"))["manifests"]:
        if one["annotations"]["org.opencontainers.image.ref.name"] == name:
            return one["digest"]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *ignored):
        pass

    def answer(self, status, body=b"", kind="application/json", **headers):
        print(self.command, self.path, status, flush=True)
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def refuse(self, status, code, text, **headers):
        self.answer(status, json.dumps({"errors": [{"code": code, "message": text}]}).encode(), **headers)

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        parts = self.path.split("?")[0].strip("/").split("/")
        if parts == ["v2"]:
            return self.answer(200, b"{}")
        name, kind, what = "/".join(parts[1:-2]), parts[-2], parts[-1]
        fault = name.split("/")[-1]
        if fault == "busy":
            return self.refuse(429, "TOOMANYREQUESTS", "slow down", Retry_After="0")
        if fault == "broken" or (fault == "flaky" and count(self.path) <= 2):
            return self.refuse(500, "UNKNOWN", "out of order")
        getattr(self, kind)(fault, what)

    def manifests(self, fault, what):
        if fault == "garbage":
            return self.answer(200, b"<html>not a manifest</html>", "application/vnd.oci.image.manifest.v1+json")
        if fault == "huge":
            return self.answer(200, b'{"schemaVersion":2,"padding":"' + b"x" * 9_000_000 + b'"}', "application/vnd.oci.image.manifest.v1+json")
        if fault == "schema1":
            return self.answer(200, b'{"schemaVersion":1,"name":"old","fsLayers":[]}', "application/vnd.docker.distribution.manifest.v1+prettyjws")
        if fault == "cyclic":
            return self.cycle(what)
        body = (blob(tagged(what) or "") if tagged(what) else None)
        if body is None:
            return self.refuse(404, "MANIFEST_UNKNOWN", "manifest unknown")
        document = json.loads(body)
        self.answer(200, body, document.get("mediaType", INDEX), Docker_Content_Digest=tagged(what))

    def cycle(self, what):
        # An index cannot truly hold its own digest; one that names a tag's worth of ever the same place is as good: every digest gives it again.
        machine = {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]
        entry = {"mediaType": INDEX, "digest": "sha256:" + "c" * 64, "size": 300, "platform": {"os": "linux", "architecture": machine}}
        self.answer(200, json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]}).encode(), INDEX)

    def blobs(self, fault, what):
        body = blob(what)
        if body is None or fault == "missing":
            return self.refuse(404, "BLOB_UNKNOWN", "blob unknown to registry")
        is_layer = not body.startswith(b"{")
        if fault == "corrupt" and is_layer:
            body = body[:-1] + bytes([body[-1] ^ 1])
        if fault == "toolong" and is_layer:
            body += b"and more"
        first, status = 0, 200
        if self.headers.get("Range", "").startswith("bytes=") and fault in ("good", "cut", "truncated", "slow"):
            first, status = int(self.headers["Range"][6:].split("-")[0]), 206
        rest = body[first:]
        more = {"Content_Range": f"bytes {first}-{len(body) - 1}/{len(body)}"} if status == 206 else {}
        if is_layer and (fault == "truncated" or (fault == "cut" and count(self.path) == 1)):
            self.answer(status, rest[:len(rest) // 2], "application/octet-stream", Content_Length=str(len(rest)), **more)
            self.close_connection = True
            self.connection.shutdown(2)
        elif is_layer and fault == "slow":
            self.answer(status, b"", "application/octet-stream", Content_Length=str(len(rest)), **more)
            for start in range(0, len(rest), 65536):
                self.wfile.write(rest[start:start + 65536])
                time.sleep(0.01)
        else:
            self.answer(status, rest, "application/octet-stream", **more)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, address):
        pass  # a client that has gone


server = Server(("127.0.0.1", 0), Handler)
print("port", server.server_address[1], flush=True)
server.serve_forever()
