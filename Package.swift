// swift-tools-version: 6.2
// The house as a table: every module with its layer's number and what it may import. A module imports lower layers only;
// Tests/Tidy compares this drawing with the sources. Chapter modules can be replaced by a learner's:
//   LAB=03        declares only what the checks of lab 03 need, with Namespaces from labs/03-namespaces/mine
//   ONLY=A,B      declares only those targets and what they need: a quick build of one part
//   MINE=03,...   the whole engine, with those chapters' modules from the labs' mine folders
// Both are environment variables, because a manifest that reads a file is cached and goes stale.
import PackageDescription

// MARK: Which modules come from a learner

let lab = Context.environment["LAB"].flatMap { $0.isEmpty ? nil : $0 }
let mine = Set((lab ?? Context.environment["MINE"] ?? "").split(separator: ",").map(String.init))

/// Chapters with a lab: number, folder, the modules that a learner writes, and the tools that its checks run.
let labs: [(chapter: String, folder: String, modules: [String], tools: [String])] = [
    ("03", "labs/03-namespaces", ["Namespaces"], ["slip-ns"]), ("07", "labs/07-layers", ["Archive"], ["slip-layer", "slipway-tree"]),
    ("08", "labs/08-images", ["Registry"], ["slip-image"]), ("09", "labs/09-networks", ["Netlink"], ["slip-net"]),
    ("10", "labs/10-volumes", ["Volumes"], ["slip-volume", "slipway-tree"])
]

func learnersPath(of module: String) -> String? {
    labs.first { mine.contains($0.chapter) && $0.modules.contains(module) }.map { "\($0.folder)/mine/\(module)" }
}

// MARK: Settings that hold everywhere

let features: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("InternalImportsByDefault"), .enableUpcomingFeature("MemberImportVisibility")
]
let strict: [SwiftSetting] = features + [.strictMemorySafety(), .treatAllWarnings(as: .error)]

/// How an executable meets the machine: `whole` needs nothing on it, `standard` needs the C library only, `plain` the toolchain.
enum Linking { case whole, standard, plain }
let foundation = ["-l_FoundationCShims", "-l_FoundationCollections", "-lswiftSynchronization"]
func settings(_ linking: Linking, _ libraries: [String]) -> [LinkerSetting] {
    let flags = libraries.map { "-l\($0)" }
    switch linking {
    case .whole: return [.unsafeFlags(["-static-executable"] + foundation + flags)]
    case .standard: return [.unsafeFlags(["-static-stdlib"] + foundation + flags)]
    case .plain: return libraries.map { .linkedLibrary($0) }
    }
}

// MARK: The rows

/// External products by the name under which sources import them.
let products: [String: Target.Dependency] = [
    "ArgumentParser": .product(name: "ArgumentParser", package: "swift-argument-parser"),
    "SystemPackage": .product(name: "SystemPackage", package: "swift-system"),
    "Logging": .product(name: "Logging", package: "swift-log"),
    "NIOCore": .product(name: "NIOCore", package: "swift-nio"),
    "NIOPosix": .product(name: "NIOPosix", package: "swift-nio"),
    "NIOHTTP1": .product(name: "NIOHTTP1", package: "swift-nio"),
    "NIOSSL": .product(name: "NIOSSL", package: "swift-nio-ssl")
]

struct Row {
    let name: String, imports: [String], target: Target
}

func dependencies(_ names: [String]) -> [Target.Dependency] { names.map { products[$0] ?? .target(name: $0) } }

func c(_ name: String) -> Row { Row(name: name, imports: [], target: .target(name: name)) }

func system(_ name: String, _ pkgConfig: String, apt: String) -> Row {
    Row(name: name, imports: [], target: .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([apt])]))
}

/// Modules whose tests look at internals (`@testable`). Release builds have no such thing unless it is asked for, and tests share that build.
let testable: Set<String> = ["CLI", "Daemon", "DockerClient", "Engine", "Images"]

func module(_ name: String, _ imports: [String] = []) -> Row {
    let own = learnersPath(of: name)
    return Row(
        name: name, imports: imports,
        target: .target(
            name: name, dependencies: dependencies(imports), path: own,
            swiftSettings: (own == nil ? strict : features) + (testable.contains(name) ? [.unsafeFlags(["-enable-testing"])] : [])))
}

func tool(_ name: String, _ imports: [String], _ linking: Linking = .whole, libraries: [String] = []) -> Row {
    Row(
        name: name, imports: imports,
        target: .executableTarget(
            name: name, dependencies: dependencies(imports), path: "Sources/Tools/\(name)", swiftSettings: strict, linkerSettings: settings(linking, libraries))
    )
}

/// `at` where the folder is not `Tests/<name>`; `runs` are executables that the tests start. They are built with them, but are no dependency
/// of them: the linker settings of an executable would reach the test bundle, and a bundle cannot be linked statically.
func tests(_ name: String, _ imports: [String], runs: [String] = [], at path: String? = nil) -> Row {
    let all = imports + runs
    return Row(
        name: name, imports: all,
        target: .testTarget(name: name, dependencies: dependencies(imports), path: path, swiftSettings: features + [.treatAllWarnings(as: .error)]))
}

let archiveLibraries = ["archive", "deflate", "acl", "attr", "lzma", "zstd", "bz2", "z", "crypto"]

let rows: [Row] = [
    // 0: C, as thin as it can be
    c("CLinux"),
    system("CArchive", "libarchive", apt: "libarchive-dev"), system("CDeflate", "libdeflate", apt: "libdeflate-dev"),
    system("CCrypto", "libcrypto", apt: "libssl-dev"),
    system("CSeccomp", "libseccomp", apt: "libseccomp-dev"), system("CSQLite", "sqlite3", apt: "libsqlite3-dev"),
    system("CNftables", "libnftables", apt: "libnftables-dev"),
    module("Lab"),
    // 1: section 2 of the manual
    module("Linux", ["CLinux", "SystemPackage"]), module("Digests", ["CCrypto"]), module("JSON"),
    // 2: values and bytes; one kernel facility each
    module("OCI"), module("DockerAPI"), module("Archive", ["CArchive", "CDeflate", "Digests", "Linux", "Lab"]), module("Seccomp", ["CSeccomp", "Linux"]),
    module("Metadata", ["CSQLite", "Linux"]), module("Netlink", ["Linux", "Lab"]), module("Nftables", ["CNftables", "Linux"]),
    module("Rootfs", ["Linux"]), module("Mounts", ["Linux"]), module("Namespaces", ["Linux", "Lab"]), module("Cgroups", ["Linux"]),
    module("Capabilities", ["Linux"]), module("Terminals", ["Linux"]), module("Explain", ["Linux"]), module("Credentials", ["Linux", "JSON"]),
    // 3
    module("Runtime", ["OCI", "Rootfs", "Mounts", "Namespaces", "Cgroups", "Capabilities", "Seccomp", "Terminals", "Explain", "Linux"]),
    module("ShimProtocol", ["Linux", "OCI"]),
    module("Trees", ["Linux", "Digests"]), module("TreeWorker", ["Linux", "Archive", "Mounts", "Seccomp", "Trees"]),
    module("Snapshots", ["Linux", "Digests", "Metadata", "Trees"]), module("Content", ["Linux", "Digests"]),
    module("Networks", ["Linux", "Netlink", "Nftables", "Metadata"]), module("Volumes", ["Linux", "Metadata", "Trees", "Lab"]),
    // 4
    module("Shim", ["Runtime", "ShimProtocol", "OCI", "Explain", "Mounts", "Namespaces", "Cgroups", "Terminals", "Linux"]),
    module("Offload", ["NIOPosix"]), module("HTTP", ["Linux", "NIOCore", "NIOPosix", "NIOHTTP1", "NIOSSL"]),
    module("Registry", ["Linux", "OCI", "Digests", "Credentials", "Offload", "HTTP", "Lab"]),
    // 5, 6
    module("Images", ["Linux", "OCI", "Digests", "Credentials", "Metadata", "Content", "Snapshots", "Offload", "Registry"]),
    module(
        "Engine",
        [
            "Linux", "OCI", "DockerAPI", "Digests", "Metadata", "Seccomp", "Capabilities", "Cgroups", "ShimProtocol", "Content", "Credentials", "Trees",
            "Snapshots",
            "Registry", "Images", "Offload", "Terminals", "Netlink", "Nftables", "Networks", "Volumes", "Logging"
        ]),
    // 8, 9
    module("Daemon", ["Engine", "HTTP", "DockerAPI", "ShimProtocol", "Offload", "Linux", "Logging"]), module("DockerClient", ["Linux", "JSON"]),
    module("CLI", ["DockerClient", "JSON", "Credentials", "OCI", "Terminals", "Linux", "ArgumentParser"]),
    module("Course", ["Linux"]),
    // 10: an executable each
    tool("slip-doctor", ["Linux", "Cgroups", "Namespaces", "ArgumentParser"]), tool("slip-chroot", ["Rootfs", "Linux", "ArgumentParser"]),
    tool("slip-root", ["Mounts", "Rootfs", "Linux", "ArgumentParser"]), tool("slip-ns", ["Namespaces", "Mounts", "Rootfs", "Linux", "ArgumentParser"]),
    tool("slip-cgroup", ["Cgroups", "Namespaces", "Linux", "ArgumentParser"]),
    tool("slipway-runtime", ["Runtime", "OCI", "Explain", "Terminals", "Linux", "ArgumentParser"], libraries: ["seccomp"]),
    tool("slipway-shim", ["Shim", "Linux"], libraries: ["seccomp"]),
    tool("slip-layer", ["Archive", "Trees", "Mounts", "Namespaces", "Explain", "JSON", "Digests", "Linux", "ArgumentParser"], libraries: archiveLibraries),
    tool(
        "slip-image",
        [
            "Registry", "Images", "Content", "Snapshots", "Metadata", "Trees", "Credentials", "HTTP", "Offload", "OCI", "JSON", "Digests", "Linux",
            "ArgumentParser"
        ], .standard),
    tool("slip-net", ["Networks", "Netlink", "Nftables", "Namespaces", "Mounts", "Explain", "JSON", "Linux", "ArgumentParser"], .standard),
    tool("slip-volume", ["Volumes", "Trees", "Metadata", "Mounts", "Rootfs", "Namespaces", "Explain", "JSON", "Linux", "ArgumentParser"], .standard),
    tool("slipway-tree", ["TreeWorker", "Linux"], libraries: archiveLibraries + ["seccomp"]),
    tool("slipwayd", ["Daemon", "Linux", "ArgumentParser", "Logging"], .standard),
    tool("slipway", ["CLI", "Linux"], .standard),
    tool("slip-lab", ["Course", "Linux", "ArgumentParser"]),
    tool("slip-bench", ["Linux", "OCI", "ArgumentParser"]),
    // Tests: one target a module
    tests("OffloadTests", ["Offload"]),
    tests("EngineTests", ["Engine", "DockerAPI", "OCI", "ShimProtocol", "Netlink", "Networks", "Metadata", "Linux", "Volumes"]),
    tests("DaemonTests", ["Daemon", "Engine", "DockerAPI", "Digests", "HTTP", "Linux", "Logging"]),
    tests("LinuxTests", ["Linux"]), tests("CapabilitiesTests", ["Capabilities", "Linux"]), tests("SeccompTests", ["Seccomp", "Linux"]),
    tests("CLITests", ["CLI", "DockerClient", "JSON", "Credentials", "Linux", "ArgumentParser"], runs: ["slipway"]),
    tests("DockerClientTests", ["DockerClient", "JSON", "Linux"]),
    tests("DigestsTests", ["Digests"]), tests("MetadataTests", ["Metadata", "Linux"]), tests("ContentTests", ["Content", "Digests", "Linux"]),
    tests("ArchiveTests", ["Archive", "CArchive", "Digests", "Linux"]), tests("TreesTests", ["Trees", "Digests", "Linux"], runs: ["slipway-tree"]),
    tests("SnapshotsTests", ["Snapshots", "Trees", "Mounts", "Metadata", "Digests", "Linux"], runs: ["slipway-tree"]),
    tests(
        "ImagesTests", ["Images", "Registry", "Credentials", "Snapshots", "Trees", "Content", "Metadata", "OCI", "Digests", "HTTP", "Linux"],
        runs: ["slipway-tree"]),
    tests("CredentialsTests", ["Credentials", "JSON", "Linux"]), tests("RegistryTests", ["Registry", "Credentials", "HTTP", "OCI", "Digests", "Linux"]),
    tests("ToolTests", [], runs: ["slip-layer", "slip-image", "slip-net", "slip-volume", "slipway-tree"]),
    // Kernel facilities: values first, then the tools from outside
    tests("RootfsTests", ["Rootfs", "Linux"]), tests("MountsTests", ["Mounts", "Linux"]), tests("NamespacesTests", ["Namespaces", "Linux"]),
    tests("CgroupsTests", ["Cgroups", "Linux"]),
    tests("KernelTests", ["Mounts", "Namespaces", "Cgroups", "Linux"], runs: ["slip-doctor", "slip-chroot", "slip-root", "slip-ns", "slip-cgroup"]),
    tests("OCITests", ["OCI"]), tests("ExplainTests", ["Explain", "Linux"]),
    tests("RuntimeTests", ["Runtime", "OCI", "Explain", "Cgroups", "Linux"], runs: ["slipway-runtime"]),
    tests("ShimProtocolTests", ["ShimProtocol", "OCI", "Linux"]), tests("TerminalsTests", ["Terminals", "Linux"]),
    tests("ShimTests", ["ShimProtocol", "OCI", "Linux"], runs: ["slipway-shim"]),
    tests("HTTPTests", ["HTTP", "Linux"]), tests("DockerAPITests", ["DockerAPI"]), tests("SystemTests", []), tests("TidyTests", [], at: "Tests/Tidy"),
    tests("NetlinkTests", ["Netlink", "Linux"]), tests("NftablesTests", ["Nftables", "Linux"]),
    tests("NetworksTests", ["Networks", "Netlink", "Nftables", "Metadata", "Linux"]),
    tests("VolumesTests", ["Volumes", "Trees", "Metadata", "Linux"], runs: ["slipway-tree"]),
    tests("Lab09Checks", ["Netlink", "Linux"], runs: ["slip-net"], at: "labs/09-networks/Checks"),
    tests("Lab10Checks", ["Volumes", "Trees", "Metadata", "Linux"], runs: ["slip-volume", "slipway-tree"], at: "labs/10-volumes/Checks"),
    tests("Lab07Checks", ["Archive", "Linux"], runs: ["slip-layer", "slipway-tree"], at: "labs/07-layers/Checks"),
    tests("Lab08Checks", ["Registry", "Credentials", "HTTP", "OCI", "Digests", "Linux"], runs: ["slip-image"], at: "labs/08-images/Checks"),
    tests("CourseTests", ["Course", "Linux"]), tests("Lab03Checks", ["Namespaces", "Linux"], runs: ["slip-ns"], at: "labs/03-namespaces/Checks")
]

// MARK: The package

let packages: [Package.Dependency] = [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6")
]

/// All that `names` need, themselves included.
func closure(of names: [String], in rows: [Row]) -> Set<String> {
    var found: Set<String> = [], open = names
    while let name = open.popLast() {
        guard found.insert(name).inserted else { continue }
        open += rows.first { $0.name == name }?.imports ?? []
    }
    return found
}

/// What to declare: a lab's modules, tools and checks; the targets of ONLY; or everything.
@MainActor func wantedRoots() -> [String] {
    if let lab, let row = labs.first(where: { $0.chapter == lab }) { return row.modules + row.tools + ["Lab\(lab)Checks"] }
    if let only = Context.environment["ONLY"], !only.isEmpty { return only.split(separator: ",").map(String.init) }
    return rows.map { $0.name }
}

let wanted = closure(of: wantedRoots(), in: rows)

let package = Package(
    name: "slipway",
    // All of them, whatever is wanted: else a build of a part would rewrite Package.resolved, and the next whole build resolve anew.
    dependencies: packages,
    targets: rows.filter { wanted.contains($0.name) }.map(\.target)
)
