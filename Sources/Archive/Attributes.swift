// Who owns what was made, who may do what with it, and when it was. The order is the kernel's: a change of the owner clears setuid bits and
// file capabilities, a change of the mode the mask of an access list. man 2 fchown, fchmodat, fsetxattr; man 7 capabilities; chapter 07.

import Glibc
import Linux

/// An extended attribute.
struct Attribute: Equatable {
    var name: String
    var value: [UInt8]

    /// Whether layers carry it: file capabilities, users' own, and access lists. `trusted.*` would speak to overlayfs, and the others to the
    /// security modules of one machine.
    var isPortable: Bool { isCapability || isAccessList || (name.hasPrefix("user.") && !name.hasPrefix("user.overlay.")) }
    var isCapability: Bool { name == "security.capability" }
    var isAccessList: Bool { name == "system.posix_acl_access" || isDefaultList }
    /// What new files in a directory get.
    var isDefaultList: Bool { name == "system.posix_acl_default" }
}

extension Unpacker {
    func setAttributes(ofRoot entry: Entry) throws(ArchiveError) {
        guard entry.kind == .directory else { throw refused("the layer's root must be a directory") }
        try setAttributes(of: entry, directory: root, "")
    }

    func setAttributes(of entry: Entry, directory: FileDescriptor, _ path: FilePath) throws(ArchiveError) {
        var now = entry
        now.attributes.removeAll(where: \.isDefaultList)
        try setAttributes(of: now, open: directory)
        try finishLater(path, entry, defaults: entry.attributes.first(where: \.isDefaultList))
    }

    func setAttributes(of entry: Entry, open file: FileDescriptor) throws(ArchiveError) {
        let (user, group) = try owner(of: entry)
        try kernel { () throws(KernelError) in
            try changeOwner(file, user: user, group: group)
            try changeMode(file, entry.mode)
        }
        for attribute in accepted(entry.attributes) { try set(attribute, of: file) }
    }

    /// For links and nodes, which cannot be opened. Attributes have no `…at` call before Linux 6.13: the directory becomes the working one.
    func setAttributes(of entry: Entry, byName name: FilePath, in directory: FileDescriptor) throws(ArchiveError) {
        let (user, group) = try owner(of: entry)
        try kernel { () throws(KernelError) in
            try changeOwner(name, user: user, group: group, at: directory)
            // A link has no mode.
            if !entry.kind.isSymbolicLink { try changeMode(name, entry.mode, at: directory) }
        }
        let attributes = accepted(entry.attributes)
        if !attributes.isEmpty { try kernel { () throws(KernelError) in try changeDirectory(directory) } }
        for attribute in attributes {
            try unlessUnsupported(attribute) { () throws(KernelError) in try setAttribute(attribute.name, of: name, to: attribute.value) }
        }
        try kernel { () throws(KernelError) in try changeTimes(name, seconds: entry.seconds, nanoseconds: entry.nanoseconds, at: directory) }
    }

    func set(_ attribute: Attribute, of file: FileDescriptor) throws(ArchiveError) {
        try unlessUnsupported(attribute) { () throws(KernelError) in try setAttribute(attribute.name, of: file, to: attribute.value) }
    }

    private func owner(of entry: Entry) throws(ArchiveError) -> (user: UInt32, group: UInt32) {
        if let owner = rules.owner { return owner }
        guard let user = UInt32(exactly: entry.user), let group = UInt32(exactly: entry.group), user != .max, group != .max else {
            throw refused("its owner \(entry.user):\(entry.group) is none")
        }
        return (user, group)
    }

    private func accepted(_ attributes: [Attribute]) -> [Attribute] {
        for attribute in attributes where !attribute.isPortable { leaveOut("attribute \(attribute.name)") }
        return attributes.filter(\.isPortable)
    }

    /// Attributes are left out where the file system has none, or where the kernel allows none: on links and nodes. A file capability that
    /// cannot be set is an error, for without it the program would not work.
    private func unlessUnsupported(_ attribute: Attribute, _ set: () throws(KernelError) -> Void) throws(ArchiveError) {
        do throws(KernelError) {
            try set()
        } catch {
            guard !attribute.isCapability || rules.isForgiving, error.errno == EPERM || error.errno == EOPNOTSUPP else { throw kernelError(error) }
            leaveOut("attribute \(attribute.name), which this file cannot have")
        }
    }
}
