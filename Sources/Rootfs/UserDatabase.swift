// Who `-u www-data` is. The container's own /etc/passwd and /etc/group say it, not the host's, so it is looked up in the container's root;
// and these files may be anything that an image's author put there. The rules, and the words of the errors, are Docker's: `name`, `uid`,
// `name:group`, `uid:gid` in any mixture; a number need not stand in the files. man 5 passwd, group. Chapter 01.
public import Linux

/// A user as the kernel needs it.
public struct ResolvedUser: Sendable, Equatable {
    /// User id.
    public var user: UInt32
    /// Group id.
    public var group: UInt32
    /// Supplementary groups, without repetition.
    public var groups: [UInt32]
    /// Home directory, `/` where the files name none.
    public var home: String

    /// A user whose numbers are known already.
    public init(user: UInt32, group: UInt32, groups: [UInt32], home: String) {
        (self.user, self.group, self.groups, self.home) = (user, group, groups, home)
    }
}

/// A user or group that cannot be found.
public enum UserError: Error, Equatable, Sendable, CustomStringConvertible {
    /// No such name in the container's passwd.
    case noUser(String)
    /// No such name in the container's group file.
    case noGroup(String)
    /// A number that is no id.
    case outOfRange
    /// The files could not be read.
    case kernel(KernelError)

    /// Docker's words.
    public var description: String {
        switch self {
        case .noUser(let name): "unable to find user \(name): no matching entries in passwd file"
        case .noGroup(let name): "unable to find group \(name): no matching entries in group file"
        case .outOfRange: "uids and gids must be in range 0-2147483647"
        case .kernel(let error): error.description
        }
    }
}

/// The users and groups of one root.
public struct UserDatabase: Sendable {
    struct User { let name: String, user: UInt32, group: UInt32, home: String }
    struct Group { let name: String, group: UInt32, members: [Substring] }
    let users: [User]
    let groups: [Group]

    /// Reads the texts of /etc/passwd and /etc/group; lines that are none are left out.
    public init(passwd: String, group: String) {
        users = rows(passwd).compactMap { row in
            guard row.count >= 4, let user = UInt32(row[2]), let group = UInt32(row[3]) else { return nil }
            return User(name: String(row[0]), user: user, group: group, home: row.count > 5 ? String(row[5]) : "")
        }
        groups = rows(group).compactMap { row in
            guard row.count >= 3, let group = UInt32(row[2]) else { return nil }
            return Group(name: String(row[0]), group: group, members: row.count > 3 ? row[3].split(separator: ",") : [])
        }
    }

    /// Reads the files below a root; those that are missing count as empty.
    public static func read(beneath root: FileDescriptor) throws(KernelError) -> UserDatabase {
        func text(_ path: FilePath) throws(KernelError) -> String { String(decoding: try readFile(beneath: root, path) ?? [], as: UTF8.self) }
        return UserDatabase(passwd: try text("/etc/passwd"), group: try text("/etc/group"))
    }

    /// Finds a user.
    /// - Parameters:
    ///   - text: `user[:group]`, names or numbers; empty means root
    ///   - additional: further groups (`--group-add`), names or numbers
    public func resolve(_ text: String, additional: [String] = []) throws(UserError) -> ResolvedUser {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let (userWord, groupWord) = (parts.first ?? "", parts.count > 1 ? parts[1] : "")
        let entry = users.first { userWord.isEmpty ? $0.user == 0 : $0.name == userWord || number(userWord) == Int($0.user) }
        var found = ResolvedUser(user: entry?.user ?? 0, group: entry?.group ?? 0, groups: [], home: entry?.home ?? "")
        if entry == nil, !userWord.isEmpty { found.user = try identifier(userWord, else: .noUser(userWord)) }
        if !groupWord.isEmpty {
            found.group = try resolveGroup(groupWord)
        } else if let entry {
            found.groups = groups.filter { $0.members.contains(Substring(entry.name)) }.map(\.group)
        }
        for word in additional { found.groups.append(try resolveGroup(word)) }
        var seen: Set<UInt32> = []
        found.groups = found.groups.filter { seen.insert($0).inserted }
        if found.home.isEmpty { found.home = "/" }
        return found
    }

    private func resolveGroup(_ word: String) throws(UserError) -> UInt32 {
        if let entry = groups.first(where: { $0.name == word || number(word) == Int($0.group) }) { return entry.group }
        return try identifier(word, else: .noGroup(word))
    }
}

/// The fields of each line that holds any.
private func rows(_ text: String) -> [[Substring]] {
    text.split(separator: "\n").map { $0.split(separator: ":", omittingEmptySubsequences: false) }.filter { !$0[0].isEmpty && !$0[0].hasPrefix("#") }
}

private func number(_ word: String) -> Int? { Int(word) }

private func identifier(_ word: String, else unknown: UserError) throws(UserError) -> UInt32 {
    guard let value = number(word) else { throw unknown }
    guard let id = UInt32(exactly: value), id <= UInt32(Int32.max) else { throw .outOfRange }
    return id
}
