// How a tar's entries are understood, which is not the same for a layer, for a container's tree and for files of one's own. Chapter 07.

import Linux

/// How entries are understood, and where their paths lead.
public struct UnpackRules: Sendable {
    /// Names such as `.wh.a` are whiteouts, hard links may lead to layers below, and the tar's own root is that of the layer.
    private(set) var isLayer = true
    /// Refuse to put a file where a directory is, and the other way round.
    private(set) var keepsKinds = false
    /// Everything belongs to this user and group.
    private(set) var owner: (user: UInt32, group: UInt32)?
    /// What the directory is called in refusals.
    private(set) var title = ""
    /// The first part of all names, and what it becomes.
    private var renaming: (old: String, new: String)?
    /// How paths are walked.
    private(set) var resolve: Resolve = [.inRoot, .noMagicLinks]
    /// Attributes that the caller has no right to set are left out, whatever they are.
    private(set) var isForgiving = false

    /// A layer, into a directory that is all there is.
    public static let layer = UnpackRules()

    /// An ordinary tar into a directory of a larger tree, in which symbolic links lead where they lead for this process: so its root must be the
    /// tree's (chroot, pivot_root), and nothing may reach /proc there.
    public static func tree(keepsKinds: Bool = false, owner: (user: UInt32, group: UInt32)? = nil, title: String) -> UnpackRules {
        var rules = UnpackRules()
        (rules.isLayer, rules.keepsKinds, rules.owner, rules.title, rules.resolve) = (false, keepsKinds, owner, title, [.noMagicLinks])
        return rules
    }

    /// A stranger's tar into a directory of one's own, as the user who asks. No link leads out of the directory.
    /// - Parameters:
    ///   - owner: to whom the files will belong
    ///   - renaming: what all names begin with, `.` for any, and what they shall begin with instead; nil leaves them
    public static func files(owner: (user: UInt32, group: UInt32), title: String, renaming: (old: String, new: String)?) -> UnpackRules {
        var rules = UnpackRules()
        (rules.isLayer, rules.keepsKinds, rules.owner, rules.title, rules.renaming) = (false, true, owner, title, renaming)
        rules.isForgiving = true
        return rules
    }

    /// A name in the tar as it is to be.
    func renamed(_ path: FilePath) -> FilePath {
        guard let (old, new) = renaming else { return path }
        var parts = Array(path.components.drop { $0.string == "." })
        if old != ".", parts.first?.string == old { parts.removeFirst() } else if old != "." { return path }
        return FilePath(new).appending(parts)
    }
}
