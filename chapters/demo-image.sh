#!/bin/sh
# Makes an image by hand, as the OCI image layout has it: every file in blobs/sha256 is named by the digest of its bytes, and the files name
# one another by digest: index.json -> manifest -> configuration and layers. A layer is a tar; the second one changes a file of the first and
# takes another away, by an empty file called `.wh.NAME` (a whiteout). OCI image-spec: image-layout.md, manifest.md, config.md, layer.md.
# usage: chapters/demo-image.sh FOLDER     makes FOLDER/layout, tagged latest; needs busybox, tar, gzip, sha256sum
set -eu
place=$1
layout=$place/layout
mkdir -p "$layout/blobs/sha256"
case $(uname -m) in aarch64) architecture=arm64 ;; *) architecture=amd64 ;; esac

digest() { echo "sha256:$(sha256sum "$1" | cut -d' ' -f1)"; }
blob() { # FILE TYPE: moves a file to its digest's name, and prints the descriptor by which others name it
    name=$(digest "$1")
    printf '{"mediaType":"%s","digest":"%s","size":%d}' "$2" "$name" "$(stat -c %s "$1")"
    mv "$1" "$layout/blobs/sha256/${name#sha256:}"
}
layer() { # FOLDER: prints the digest of the plain tar, which the configuration lists, and leaves the compressed one at FOLDER.tar.gz
    tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@1700000000 -C "$1" -cf "$1.tar" .
    digest "$1.tar"
    gzip -n "$1.tar"
}

busybox=$(command -v busybox)
mkdir -p "$place/1/bin" "$place/1/etc" "$place/1/tmp"
cp "$busybox" "$place/1/bin/busybox"
for command in $("$busybox" --list); do ln -s busybox "$place/1/bin/$command" 2>/dev/null || true; done
echo 'root:x:0:0:root:/root:/bin/sh' >"$place/1/etc/passwd"
echo 'said by the first layer' >"$place/1/etc/motd"
echo 'nobody will read this' >"$place/1/etc/draft"

mkdir -p "$place/2/etc"
echo 'said by the second layer' >"$place/2/etc/motd"
: >"$place/2/etc/.wh.draft"

first=$(layer "$place/1") second=$(layer "$place/2")
cat >"$place/config" <<END
{"created":"2023-11-14T22:13:20Z","architecture":"$architecture","os":"linux","config":{"Cmd":["/bin/sh"],"Env":["PATH=/bin"]},
"rootfs":{"type":"layers","diff_ids":["$first","$second"]},
"history":[{"created":"2023-11-14T22:13:20Z","created_by":"busybox and its links"},{"created":"2023-11-14T22:13:20Z","created_by":"another motd, and no draft"}]}
END
oci=application/vnd.oci.image
printf '{"schemaVersion":2,"mediaType":"%s","config":%s,"layers":[%s,%s]}' "$oci.manifest.v1+json" "$(blob "$place/config" "$oci.config.v1+json")" \
    "$(blob "$place/1.tar.gz" "$oci.layer.v1.tar+gzip")" "$(blob "$place/2.tar.gz" "$oci.layer.v1.tar+gzip")" >"$place/manifest"
printf '{"schemaVersion":2,"manifests":[%s]}' "$(blob "$place/manifest" "$oci.manifest.v1+json" | sed 's/}$/,"annotations":{"org.opencontainers.image.ref.name":"latest"}}/')" >"$layout/index.json"
echo '{"imageLayoutVersion":"1.0.0"}' >"$layout/oci-layout"
rm -rf "$place/1" "$place/2"
