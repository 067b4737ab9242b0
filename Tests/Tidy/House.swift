// The drawing of the house: for each module its layer and exactly what it imports, packages and the platform's modules included. Whoever
// wants another arrow draws it here first, and in Package.swift. Layers: 0 C and `Lab`, 1 the kernel's calls, 2 values and facilities,
// 3 and 4 runtime, stores, shim, 5 to 8 the engine and its interface, 9 what people meet, 10 executables.

/// One line of the drawing.
struct Row {
    let layer: Int, name: String, imports: [String]
    /// Learners write parts of this module, so that it may use `Lab`, though the reference does not.
    var learns: Bool { ["Namespaces", "Archive", "Registry", "Netlink", "Volumes"].contains(name) }
}

/// Modules of the toolchain: in the drawing, but not in Package.swift.
let platform: Set<String> = ["Glibc", "FoundationEssentials", "Synchronization"]

/// Which module a C library belongs to.
let owners = [
    "CLinux": "Linux", "CArchive": "Archive", "CDeflate": "Archive", "CCrypto": "Digests", "CSeccomp": "Seccomp", "CSQLite": "Metadata",
    "CNftables": "Nftables"
]

/// Arrows inside a layer, from layer 3 up: who stands over whom.
let over: [String: Set<String>] = [
    "Snapshots": ["Trees"], "TreeWorker": ["Trees"], "Volumes": ["Trees"], "Registry": ["HTTP", "Offload"], "CLI": ["DockerClient"]
]

/// Modules that write unsafe code without owning a C library, and why.
let unsafeWithReason = [
    "Lab": "writes its message without allocating", "Explain": "the witness is called before every kernel call, where nothing may be allocated"
]

let house: [Row] = drawing.split(separator: "\n").map { line in
    let fields = line.split(whereSeparator: { $0 == " " || $0 == ":" }).map(String.init)
    return Row(layer: Int(fields[0]) ?? 0, name: fields[1], imports: Array(fields.dropFirst(2)))
}

private let drawing = """
     0 Lab: Glibc
     1 Linux: CLinux SystemPackage Glibc
     1 Digests: CCrypto
     1 JSON:
     2 OCI: 
     2 DockerAPI: FoundationEssentials
     2 Archive: CArchive CDeflate Digests Linux Lab Glibc
     2 Seccomp: CSeccomp Linux Glibc
     2 Metadata: CSQLite Linux Synchronization
     2 Netlink: Linux Lab Synchronization
     2 Nftables: CNftables Linux Synchronization
     2 Rootfs: Linux Glibc
     2 Mounts: Linux Glibc
     2 Namespaces: Linux Lab Glibc
     2 Cgroups: Linux Glibc
     2 Capabilities: Linux
     2 Terminals: Linux
     2 Explain: Linux
     2 Credentials: Linux JSON
     3 Runtime: OCI Rootfs Mounts Namespaces Cgroups Capabilities Seccomp Terminals Explain Linux FoundationEssentials
     3 ShimProtocol: Linux OCI FoundationEssentials
     3 Trees: Linux Digests FoundationEssentials Synchronization
     3 TreeWorker: Linux Archive Mounts Seccomp Trees Glibc
     3 Snapshots: Linux Digests Metadata Trees Glibc Synchronization
     3 Content: Linux Digests Glibc Synchronization
     3 Networks: Linux Netlink Nftables Metadata FoundationEssentials
     3 Volumes: Linux Metadata Trees Lab Glibc FoundationEssentials Synchronization
     4 Shim: Runtime ShimProtocol OCI Explain Mounts Namespaces Cgroups Terminals Linux
     4 Offload: NIOPosix
     4 HTTP: Linux NIOCore NIOPosix NIOHTTP1 NIOSSL Synchronization
     4 Registry: Linux OCI Digests Credentials Offload HTTP Lab FoundationEssentials Synchronization
     5 Images: Linux OCI Digests Credentials Metadata Content Snapshots Offload Registry FoundationEssentials Synchronization
     6 Engine: Linux OCI DockerAPI Digests Metadata Seccomp Capabilities Cgroups ShimProtocol Content Credentials Trees Snapshots Registry Images Offload Terminals Netlink Nftables Networks Volumes Logging FoundationEssentials Synchronization
     8 Daemon: Engine HTTP DockerAPI ShimProtocol Offload Linux Logging FoundationEssentials
     8 DockerClient: Linux JSON
     9 CLI: DockerClient JSON Credentials OCI Terminals Linux ArgumentParser
     9 Course: Linux FoundationEssentials
    10 slip-doctor: Linux Cgroups Namespaces ArgumentParser
    10 slip-chroot: Rootfs Linux ArgumentParser
    10 slip-root: Mounts Rootfs Linux ArgumentParser
    10 slip-ns: Namespaces Mounts Rootfs Linux ArgumentParser
    10 slip-cgroup: Cgroups Namespaces Linux ArgumentParser
    10 slipway-runtime: Runtime OCI Explain Terminals Linux ArgumentParser FoundationEssentials
    10 slipway-shim: Shim Linux
    10 slip-layer: Archive Trees Mounts Namespaces Explain JSON Digests Linux ArgumentParser
    10 slip-image: Registry Images Content Snapshots Metadata Trees Credentials HTTP Offload OCI JSON Digests Linux ArgumentParser Synchronization
    10 slip-net: Networks Netlink Nftables Namespaces Mounts Explain JSON Linux ArgumentParser
    10 slip-volume: Volumes Trees Metadata Mounts Rootfs Namespaces Explain JSON Linux ArgumentParser
    10 slipway-tree: TreeWorker Linux
    10 slipwayd: Daemon Linux ArgumentParser Logging
    10 slipway: CLI Linux
    10 slip-lab: Course Linux ArgumentParser
    10 slip-bench: Linux OCI ArgumentParser FoundationEssentials
    """
