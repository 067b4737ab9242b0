import DockerAPI
import Linux
import Metadata
import Testing

@testable import Engine

/// A database in a directory of its own.
private func withDatabase(_ body: (Metadata) throws -> Void) throws {
    let folder = FilePath("/tmp/slipway-engine-\(currentProcess())-\(randomIdentifier().prefix(8))")
    try makeDirectory(folder)
    defer { #expect(throws: Never.self) { try removeTree(folder) } }
    try body(try Metadata(path: folder.appending("slipway.db"), schemas: [containersSchema]))
}

private func stored(_ id: String, _ name: String) -> StoredContainer {
    let record = ContainerRecord(
        id: id, createdNanoseconds: 5, image: "sha256:i", config: ContainerConfig(), host: HostConfig(), path: "sh", arguments: ["-c"], mounts: [],
        networks: [AskedNetwork("none")])
    return StoredContainer(record: record, name: name, stage: .making, shouldRun: false, past: Past())
}

@Suite("The containers' table")
struct ContainerTableTests {
    @Test("a name belongs to one container; the second to take it changes nothing")
    func names() throws {
        try withDatabase { metadata in
            try metadata.write { (transaction) throws(MetadataError) in try transaction.insertContainer(stored("1", "web"), request: "{}") }
            #expect(throws: MetadataError.self) {
                try metadata.write { (transaction) throws(MetadataError) in try transaction.insertContainer(stored("2", "web"), request: "{}") }
            }
            #expect(try metadata.read { (transaction) throws(MetadataError) in try transaction.holder(ofContainerName: "web") } == "1")
        }
    }

    @Test("stage, wish, past and name come back as they were written")
    func roundTrip() throws {
        try withDatabase { metadata in
            var past = Past()
            (past.exitCode, past.error) = (137, "supervisor died")
            let written = past
            try metadata.write { (transaction) throws(MetadataError) in
                try transaction.insertContainer(stored("1", "web"), request: "{}")
                try transaction.setStage(.ready, of: "1")
                try transaction.setRun(true, written, of: "1")
                try transaction.renameContainer("1", to: "db")
            }
            let row = try #require(try metadata.read { (transaction) throws(MetadataError) in try transaction.storedContainers() }.first)
            #expect(row.name == "db" && row.stage == .ready && row.shouldRun && row.past == past)
            #expect(row.record.path == "sh" && row.record.arguments == ["-c"] && row.record.networks == [AskedNetwork("none")])
        }
    }

    @Test("rows of the first engines are read: a network was its name, a mount had fewer keys")
    func olderRows() throws {
        let record = """
            {"arguments":["1000"],"config":{"Cmd":["sleep","1000"],"Entrypoint":null,"Env":null,"Hostname":"0123456789ab","Image":"bb","Labels":{},"OnBuild":null,
            "Volumes":null},"createdNanoseconds":1700000000000000000,"host":{"Binds":["/a:/b"],"CapAdd":null,"CapDrop":null,"ExtraHosts":null,"GroupAdd":null,
            "Links":null,"MaskedPaths":null,"MemorySwappiness":null,"NetworkMode":"none","OomKillDisable":null,"PidsLimit":null,"ReadonlyPaths":null,
            "SecurityOpt":null,"Ulimits":null,"VolumesFrom":null,"DeviceCgroupRules":null},"id":"1","image":"sha256:i",
            "mounts":[{"Destination":"/b","Mode":"","Propagation":"rprivate","RW":true,"Source":"/a","Type":"bind"}],"networks":["none"],"path":"sleep"}
            """
        try withDatabase { metadata in
            try metadata.write { (transaction) throws(MetadataError) in
                try transaction.run(
                    "INSERT INTO containers (id, name, image, stage, request, record, past) VALUES (?, ?, ?, ?, ?, ?, ?)", "1", "web", "sha256:i", "ready",
                    "{}", record, #"{"error":"","exitCode":3,"oomKilled":false}"#)
            }
            let row = try #require(try metadata.read { (transaction) throws(MetadataError) in try transaction.storedContainers() }.first)
            #expect(row.record.networks == [AskedNetwork("none")] && row.record.mounts.first?.Destination == "/b" && row.past.exitCode == 3)
        }
    }
}
