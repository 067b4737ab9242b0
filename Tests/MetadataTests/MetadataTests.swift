// The database's promises: durable, all or nothing, migrated forward only, readable after a copy in mid-write.

import Linux
import Metadata
import Testing

private let people = Schema(store: "people", migrations: ["CREATE TABLE people (name TEXT PRIMARY KEY, age INTEGER, photo BLOB) STRICT"])

/// Runs a test with a directory of its own, removed afterwards.
private func withDirectory(_ body: (FilePath) throws -> Void) throws {
    let path = FilePath("/tmp/slipway-metadata-\(currentProcess())-\(monotonicNanoseconds())")
    try makeDirectory(path)
    defer { try? removeTree(path) }  // a leftover would show in the host comparison
    try body(path)
}

private func names(_ metadata: Metadata) throws(MetadataError) -> [String] {
    try metadata.read { (transaction) throws(MetadataError) in
        try transaction.rows("SELECT name FROM people ORDER BY name") { (row) throws(MetadataError) in try row.text("name") }
    }
}

private func add(_ name: String, to metadata: Metadata) throws(MetadataError) {
    _ = try metadata.write { (transaction) throws(MetadataError) in try transaction.run("INSERT INTO people (name) VALUES (?)", name) }
}

@Suite("The database")
struct MetadataTests {
    @Test("syncs every commit and keeps a write-ahead log")
    func pragmas() throws {
        try withDirectory { directory in
            let metadata = try Metadata(path: directory.appending("a.db"), schemas: [people])
            #expect(try metadata.pragma("synchronous") == "2")
            #expect(try metadata.pragma("journal_mode") == "wal")
            #expect(try metadata.pragma("foreign_keys") == "1")
        }
    }

    @Test("gives back the values that it was given, of every type")
    func values() throws {
        try withDirectory { directory in
            let metadata = try Metadata(path: directory.appending("a.db"), schemas: [people])
            let odd = "quote ' and 한글 \u{0}zero"
            try metadata.write { (transaction) throws(MetadataError) in
                try transaction.run("INSERT INTO people VALUES (?, ?, ?)", odd, Int64.max, [0, 255, 0] as [UInt8])
                try transaction.run("INSERT INTO people VALUES (?, ?, ?)", "z", nil as Int?, [] as [UInt8])
            }
            let found = try metadata.read { (transaction) throws(MetadataError) in
                try transaction.rows("SELECT * FROM people ORDER BY name") { (row) throws(MetadataError) in
                    (name: try row.text("name"), age: try row.optionalInt("age"), photo: try row.blob("photo"))
                }
            }
            #expect(found.map(\.name) == [odd, "z"])
            #expect(found.map(\.age) == [Int(Int64.max), nil])
            #expect(found.map(\.photo) == [[0, 255, 0], []])
        }
    }

    @Test("keeps nothing of a transaction that throws")
    func rollback() throws {
        try withDirectory { directory in
            let metadata = try Metadata(path: directory.appending("a.db"), schemas: [people])
            #expect(throws: MetadataError.self) {
                try metadata.write { (transaction) throws(MetadataError) in
                    try transaction.run("INSERT INTO people (name) VALUES ('a')")
                    try transaction.run("INSERT INTO people (name) VALUES ('a')")
                }
            }
            #expect(try names(metadata).isEmpty)
            try add("b", to: metadata)
            #expect(try names(metadata) == ["b"])
        }
    }

    @Test("says which rule of the schema was broken")
    func constraint() throws {
        try withDirectory { directory in
            let metadata = try Metadata(path: directory.appending("a.db"), schemas: [people])
            try add("a", to: metadata)
            do {
                try add("a", to: metadata)
                Issue.record("a second row with the same key was taken")
            } catch {
                guard case MetadataError.constraint(let text) = error else { throw error }
                #expect(text.contains("people.name"))
            }
        }
    }

    @Test("runs each migration once, in order, and only forward")
    func migrations() throws {
        try withDirectory { directory in
            let path = directory.appending("a.db")
            try add("a", to: Metadata(path: path, schemas: [people]))
            let newer = Schema(store: "people", migrations: people.migrations + ["ALTER TABLE people ADD COLUMN town TEXT NOT NULL DEFAULT 'Seoul'"])
            for _ in 1...2 {
                let metadata = try Metadata(path: path, schemas: [newer])
                let towns = try metadata.read { (transaction) throws(MetadataError) in
                    try transaction.rows("SELECT town FROM people") { (row) throws(MetadataError) in try row.text("town") }
                }
                #expect(towns == ["Seoul"])
            }
            #expect(throws: MetadataError.tooNew(store: "people", found: 2, known: 1)) { try Metadata(path: path, schemas: [people]) }
        }
    }

    @Test("undoes a migration that fails in the middle")
    func brokenMigration() throws {
        try withDirectory { directory in
            let path = directory.appending("a.db")
            let broken = Schema(store: "people", migrations: people.migrations + ["CREATE TABLE more (x); CREATE TABLE people (y)"])
            #expect(throws: MetadataError.self) { try Metadata(path: path, schemas: [broken]) }
            let metadata = try Metadata(path: path, schemas: [people])
            let tables = try metadata.read { (transaction) throws(MetadataError) in
                try transaction.rows("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name") { (row) throws(MetadataError) in try row.text("name")
                }
            }
            #expect(tables == ["people", "schemas"])
        }
    }

    @Test("opens as of the last commit when its files are copied in the middle of a write")
    func copyInMidWrite() throws {
        try withDirectory { directory in
            let metadata = try Metadata(path: directory.appending("a.db"), schemas: [people])
            try add("committed", to: metadata)
            let copy = directory.appending("copy.db")
            try metadata.write { (transaction) throws(MetadataError) in
                for number in 0..<2_000 {
                    try transaction.run("INSERT INTO people (name, photo) VALUES (?, ?)", "half \(number)", [UInt8](repeating: 7, count: 4096))
                }
                do throws(KernelError) {
                    for ending in ["", "-wal"] { try writeFile(FilePath("\(copy)\(ending)"), try readFile(FilePath("\(directory)/a.db\(ending)"))) }
                } catch { Issue.record("\(error)") }
            }
            #expect(try names(Metadata(path: copy, schemas: [people])) == ["committed"])
            #expect(try names(metadata).count == 2_001)
        }
    }

    @Test("refuses a file that is no database, in words")
    func noDatabase() throws {
        try withDirectory { directory in
            let path = directory.appending("a.db")
            try writeFile(path, String(repeating: "this is no database. ", count: 100))
            do {
                _ = try Metadata(path: path, schemas: [people])
                Issue.record("opened")
            } catch {
                guard case MetadataError.corrupt = error else { throw error }
            }
        }
    }

    @Test("says that the disk is full and goes on when it is not any more")
    func diskFull() throws {
        try withDirectory { directory in
            let metadata = try Metadata(path: directory.appending("a.db"), schemas: [people])
            try add("a", to: metadata)
            let pages = Int(try metadata.pragma("page_count")) ?? 0
            // SQLite's own limit gives the same error at the same places as a disk that fills.
            _ = try metadata.pragma("max_page_count = \(pages)")
            do {
                try metadata.write { (transaction) throws(MetadataError) in
                    _ = try transaction.run("INSERT INTO people (name, photo) VALUES ('b', ?)", [UInt8](repeating: 1, count: 1 << 20))
                }
                Issue.record("a full disk took a megabyte")
            } catch {
                guard case MetadataError.diskFull = error else { throw error }
            }
            _ = try metadata.pragma("max_page_count = 1000000")
            try add("c", to: metadata)
            #expect(try names(metadata) == ["a", "c"])
        }
    }

    @Test("can be read without being changed while its owner writes")
    func readOnly() throws {
        try withDirectory { directory in
            let path = directory.appending("a.db")
            let owner = try Metadata(path: path, schemas: [people])
            let reader = try Metadata(path: path, schemas: [people], readOnly: true)
            try add("a", to: owner)
            #expect(try names(reader) == ["a"])
            #expect(throws: MetadataError.self) { try add("b", to: reader) }
        }
    }

    @Test("serves many threads, one transaction at a time")
    func threads() async throws {
        let path = FilePath("/tmp/slipway-metadata-threads-\(currentProcess())-\(monotonicNanoseconds())")
        try makeDirectory(path)
        defer { try? removeTree(path) }  // a leftover would show in the host comparison
        let metadata = try Metadata(path: path.appending("a.db"), schemas: [people])
        try await withThrowingTaskGroup { group in
            for task in 0..<8 { group.addTask { for number in 0..<20 { try add("\(task)/\(number)", to: metadata) } } }
            try await group.waitForAll()
        }
        #expect(try names(metadata).count == 160)
    }
}
