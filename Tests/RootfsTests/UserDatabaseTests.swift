// Users and groups of a container's own files: Docker's rules, and its words for what cannot be found.
import Rootfs
import Testing

@Suite("Users are looked up as Docker does")
struct UserDatabaseTests {
    let database = UserDatabase(
        passwd: """
            root:x:0:0:root:/root:/bin/sh
            # a comment
            broken line
            web:x:33:44::/srv/web:/bin/sh
            nobody:x:65534:65534:::
            1000:x:7:8::/numeric:
            """,
        group: """
            root:x:0:
            log:x:4:web,other
            web:x:44:
            disk:x:6:root,web
            """)

    @Test("nothing means root, with root's groups and home")
    func root() throws {
        #expect(try database.resolve("") == ResolvedUser(user: 0, group: 0, groups: [6], home: "/root"))
    }

    @Test("a name brings its group, its supplementary groups in the file's order, and its home")
    func name() throws {
        #expect(try database.resolve("web") == ResolvedUser(user: 33, group: 44, groups: [4, 6], home: "/srv/web"))
    }

    @Test("a number that the file knows counts as its name")
    func knownNumber() throws {
        #expect(try database.resolve("33") == database.resolve("web"))
    }

    @Test("a number that the file does not know stands for itself, in group 0, at home in /")
    func unknownNumber() throws {
        #expect(try database.resolve("4242") == ResolvedUser(user: 4242, group: 0, groups: [], home: "/"))
    }

    @Test("a group that is named replaces the supplementary groups", arguments: ["web:log", "33:log", "web:4", "33:4"])
    func group(_ text: String) throws {
        #expect(try database.resolve(text) == ResolvedUser(user: 33, group: 4, groups: [], home: "/srv/web"))
    }

    @Test("a user whose name is a number is found by that name first")
    func numericName() throws {
        #expect(try database.resolve("1000").user == 7)
    }

    @Test("an empty home is /")
    func emptyHome() throws {
        #expect(try database.resolve("nobody").home == "/")
    }

    @Test("additional groups are added once, by name or number")
    func additional() throws {
        #expect(try database.resolve("web", additional: ["log", "77", "77"]).groups == [4, 6, 77])
    }

    @Test("what cannot be found is said in Docker's words")
    func errors() {
        #expect(throws: UserError.noUser("nosuch")) { try database.resolve("nosuch") }
        #expect(throws: UserError.noGroup("nosuch")) { try database.resolve("web:nosuch") }
        #expect(throws: UserError.noGroup("nosuch")) { try database.resolve("web", additional: ["nosuch"]) }
        #expect("\(UserError.noUser("nosuch"))" == "unable to find user nosuch: no matching entries in passwd file")
        #expect("\(UserError.noGroup("nosuch"))" == "unable to find group nosuch: no matching entries in group file")
    }

    @Test("numbers that are no ids are refused", arguments: ["-1", "2147483648", "99999999999", "0:-1"])
    func range(_ text: String) {
        #expect(throws: UserError.outOfRange) { try database.resolve(text) }
    }

    @Test("without files there are numbers only")
    func empty() throws {
        let none = UserDatabase(passwd: "", group: "")
        #expect(try none.resolve("") == ResolvedUser(user: 0, group: 0, groups: [], home: "/"))
        #expect(throws: UserError.noUser("root")) { try none.resolve("root") }
    }

    @Test(
        "rubbish in the files is left out, and nothing else",
        arguments: ["::::::", "a", "a:b:c:d:e", "\u{0}:x:1:1", "x:x:99999999999999999999:1", ":x:0:0::/evil:"])
    func rubbish(_ line: String) throws {
        let mixed = UserDatabase(passwd: line + "\nweb:x:33:44::/srv:\n", group: line + "\nweb:x:44:\n")
        #expect(try mixed.resolve("web:web") == ResolvedUser(user: 33, group: 44, groups: [], home: "/srv"))
        #expect(try mixed.resolve("").home == "/")
    }
}
