// Where the cgroup trees of this machine are. There are three layouts:
//
//     v1      a tree per controller:         /sys/fs/cgroup/memory, /sys/fs/cgroup/cpu,cpuacct, …
//     v2      one tree for all:              /sys/fs/cgroup
//     hybrid  v1's trees, and beside them v2's without controllers, which can still kill and freeze: /sys/fs/cgroup/unified
//
// Nothing of that is guessed from paths: mountinfo says what is mounted where, and which part of a tree; /proc/self/cgroup says where in each
// tree we are ourselves, which need not be the same place (and is not, where somebody has put us into one controller's group only).
// man 7 cgroups, man 5 proc_pid_mountinfo. Chapter 04.
public import Linux

/// One tree of cgroups.
public struct Hierarchy: Sendable, Equatable {
    /// Which interface its files have.
    public enum Version: Sendable, Equatable { case v1, v2 }

    /// The interface.
    public let version: Version
    /// The controllers bound to it, such as `memory`. A v1 tree without controllers has its name here, such as `name=systemd`.
    public let controllers: [String]
    /// Where it is mounted.
    public let mountPoint: FilePath
    /// Where we are in it, counted from what is mounted: `/` at its top.
    public let ownPath: FilePath
    /// Whether we may make groups at the top of what is mounted.
    public let isWritable: Bool

    /// The directory of a cgroup: below the top as we see it, or below our own group where we may not write at the top.
    public func directory(of path: FilePath) -> FilePath {
        let start = isWritable ? mountPoint : mountPoint.appending(ownPath.components)
        return start.appending(path.components)
    }
}

/// All the trees of this machine.
public struct Hierarchies: Sendable, Equatable {
    /// The three ways in which they can lie.
    public enum Layout: String, Sendable { case none, v1, hybrid, v2 }

    /// The trees, v2's last.
    public let all: [Hierarchy]

    /// Holds these trees.
    public init(_ all: [Hierarchy]) { self.all = all }

    /// Reads them from captured texts.
    /// - Parameters:
    ///   - mountinfo: /proc/self/mountinfo
    ///   - selfCgroup: /proc/self/cgroup
    ///   - unifiedControllers: what a v2 tree's `cgroup.controllers` says at its mount point
    ///   - isWritable: whether we may make directories at a mount point
    public init(mountinfo: String, selfCgroup: String, unifiedControllers: (FilePath) -> String, isWritable: (FilePath) -> Bool = { _ in true }) {
        let places = Hierarchies.places(selfCgroup)
        var found: [Hierarchy] = []
        for mount in mountinfo.split(separator: "\n").compactMap(CgroupMount.init(line:)) {
            let bound = mount.isUnified ? unifiedControllers(mount.point).split(whereSeparator: \.isWhitespace).map(String.init) : mount.controllers
            let version: Hierarchy.Version = mount.isUnified ? .v2 : .v1
            guard !found.contains(where: { $0.version == version && $0.controllers == bound }) else { continue }  // mounted once more
            let own = places[mount.isUnified ? "" : bound.first ?? ""] ?? "/"
            found.append(
                Hierarchy(
                    version: version, controllers: bound, mountPoint: mount.point, ownPath: relative(own, to: mount.root),
                    isWritable: isWritable(mount.point)))
        }
        all = found.filter { $0.version == .v1 } + found.filter { $0.version == .v2 }
    }

    /// Looks at this machine. Costs about ten calls: do it once.
    public static func discover() throws(KernelError) -> Hierarchies {
        Hierarchies(
            mountinfo: try readText("/proc/self/mountinfo"), selfCgroup: try readText("/proc/self/cgroup"),
            unifiedControllers: { (try? readText($0.appending("cgroup.controllers"))) ?? "" },  // unreadable is as good as none
            isWritable: { canAccess($0, [.write, .execute]) })
    }

    /// The layout, named as by the systemd people.
    public var layout: Layout {
        let (old, new) = (all.contains { $0.version == .v1 && !$0.isNamed }, unified)
        return old ? (new == nil ? .v1 : .hybrid) : new == nil ? (all.isEmpty ? .none : .v1) : .v2
    }

    /// The v2 tree, with controllers or without.
    public var unified: Hierarchy? { all.first { $0.version == .v2 } }

    /// The tree to which a controller is bound.
    public func tree(of controller: String) -> Hierarchy? { all.first { $0.controllers.contains(controller) } }

    /// Whether a controller can be used.
    public func has(_ controller: String) -> Bool { tree(of: controller) != nil }

    /// Our place in each v1 tree by controller, and under the empty word in v2's.
    private static func places(_ selfCgroup: String) -> [String: FilePath] {
        var places: [String: FilePath] = [:]
        for line in selfCgroup.split(separator: "\n") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            for controller in fields[1].split(separator: ",", omittingEmptySubsequences: false) {
                places[String(controller)] = FilePath(String(fields[2]))
            }
        }
        return places
    }
}

extension Hierarchy {
    /// Whether it is a v1 tree for keeping processes in order only, such as systemd's.
    public var isNamed: Bool { controllers.allSatisfy { $0.hasPrefix("name=") } && version == .v1 }
}

/// `/a/b` relative to `/a` is `/b`. A place outside what is mounted (`/../x`, seen from a cgroup namespace) counts as its top.
private func relative(_ path: FilePath, to root: FilePath) -> FilePath {
    guard path.starts(with: root), !path.components.contains(where: { $0.kind == .parentDirectory }) else { return "/" }
    return FilePath(root: "/", path.components.dropFirst(root.components.count))
}

/// What a line of mountinfo tells about a cgroup mount. (Chapter 02 reads these lines in full.)
private struct CgroupMount {
    let root: FilePath, point: FilePath, isUnified: Bool, controllers: [String]

    init?(line: Substring) {
        let fields = line.split(separator: " ").map(String.init)
        guard let hyphen = fields.firstIndex(of: "-"), hyphen >= 6, fields.count > hyphen + 3 else { return nil }
        guard fields[hyphen + 1] == "cgroup" || fields[hyphen + 1] == "cgroup2" else { return nil }
        (root, point) = (FilePath(plain(fields[3])), FilePath(plain(fields[4])))
        isUnified = fields[hyphen + 1] == "cgroup2"
        let options: Set = ["rw", "ro", "xattr", "clone_children", "noprefix", "cpuset_v2_mode", "favordynmods"]
        controllers = fields[hyphen + 3].split(separator: ",").map(String.init).filter { !options.contains($0) && !$0.hasPrefix("release_agent=") }
    }
}

/// mountinfo's `\040` for a blank, undone; other escapes do not occur where cgroups are mounted.
private func plain(_ field: String) -> String {
    field.contains("\\") ? field.split(separator: "\\040", omittingEmptySubsequences: false).joined(separator: " ") : field
}
