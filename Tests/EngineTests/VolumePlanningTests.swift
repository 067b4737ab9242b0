// Which mounts a container gets of all that is said about it.
import DockerAPI
import Foundation
import Linux
import OCI
import Testing
import Volumes

@testable import Engine

/// Plans what a body says. `others` are mounts of a container named `other`.
private func plan(_ json: String, image: [String] = [], others: [AskedMount] = []) throws -> [AskedMount] {
    let request = try JSONDecoder().decode(CreateRequest.self, from: Data(json.utf8))
    var config = request.config
    if !image.isEmpty { config.Volumes = (config.Volumes ?? [:]).merging(image.map { ($0, Empty()) }) { $1 } }
    return try plannedMounts(config, request.hostConfig) { (name) throws(EngineError) in
        guard name == "other" else { throw .noSuchContainer(name) }
        return others
    }
}

private func refusal(_ json: String) throws -> EngineError? {
    do {
        _ = try plan(json)
        return nil
    } catch let error as EngineError { return error }
}

@Suite("The mounts of a container")
struct VolumePlanningTests {
    @Test("show what Docker shows: kind, name, mode, whether writable, propagation")
    func points() throws {
        let asked = try plan(
            #"{"Volumes":{"/anon":{}},"HostConfig":{"Binds":["vol:/named","/host:/bound","/host:/ro:ro,rslave","v2:/vro:ro"],"Mounts":[{"Type":"volume","Source":"v3","Target":"/m"},{"Type":"bind","Source":"/h","Target":"/b","ReadOnly":true},{"Type":"tmpfs","Target":"/t","TmpfsOptions":{"SizeBytes":1048576,"Mode":1023}}]}}"#
        )
        let shown = Dictionary(uniqueKeysWithValues: asked.map { ($0.point.Destination, $0.point) })
        func facts(_ place: String) throws -> [String] {
            let point = try #require(shown[place])
            return [point.`Type`, point.Name ?? "-", point.Source, point.Driver ?? "-", point.Mode, "\(point.RW)", point.Propagation]
        }
        #expect(try facts("/named") == ["volume", "vol", "", "local", "z", "true", ""])  // the source comes with the store
        #expect(try facts("/vro") == ["volume", "v2", "", "local", "ro", "false", ""])
        #expect(try facts("/m") == ["volume", "v3", "", "local", "z", "true", ""])
        #expect(try facts("/bound") == ["bind", "-", "/host", "-", "", "true", "rprivate"])
        #expect(try facts("/ro") == ["bind", "-", "/host", "-", "ro,rslave", "false", "rslave"])
        #expect(try facts("/b") == ["bind", "-", "/h", "-", "", "false", "rprivate"])
        #expect(try facts("/t") == ["tmpfs", "-", "", "-", "", "true", ""])
        let anonymous = try #require(asked.first { $0.point.Destination == "/anon" })
        #expect(anonymous.point.Name?.count == 64 && anonymous.point.Mode == "" && anonymous.detail.isAnonymous && anonymous.detail.isFilled)
        #expect(anonymous.detail.labels == ["com.docker.volume.anonymous": ""])
        #expect(asked.first { $0.point.Destination == "/t" }?.detail.words == ["mode=1777", "size=1048576"])
    }

    @Test("an image's VOLUME counts where nothing else is mounted")
    func image() throws {
        let asked = try plan(
            #"{"HostConfig":{"Binds":["vol:/a"],"Tmpfs":{"/b/":""},"VolumesFrom":["other"]}}"#, image: ["/a", "/b", "/c", "/d/../e"],
            others: [.volume("theirs", at: "/c", mode: "z", writable: true, MountDetail())])
        #expect(asked.map(\.point.Destination).sorted() == ["/a", "/c", "/e"])
        #expect(asked.first { $0.point.Destination == "/c" }?.point.Name == "theirs")
    }

    @Test("--volumes-from takes another's volumes and binds, read-only if asked, and gives way to what is said for this one")
    func volumesFrom() throws {
        var memory = AskedMount(point: MountPoint(bind: "", at: "/tmpfs", mode: "", writable: true), detail: MountDetail())
        memory.point.`Type` = "tmpfs"
        let others = [
            AskedMount.volume("v1", at: "/one", mode: "z", writable: true, MountDetail(isAnonymous: true, isFilled: true)),
            .volume("v2", at: "/two", mode: "ro", writable: false, MountDetail(subpath: "sub")), memory
        ]
        let asked = try plan(#"{"HostConfig":{"VolumesFrom":["other"],"Binds":["mine:/one"]}}"#, others: others)
        #expect(asked.map(\.point.Name) == ["v2", "mine"] && !asked[0].point.RW && asked[0].detail.subpath == "sub" && asked[0].point.Mode == "")
        let readOnly = try plan(#"{"HostConfig":{"VolumesFrom":["other:ro"]}}"#, others: others)
        #expect(readOnly.map(\.point.RW) == [false, false] && readOnly[0].detail.isAnonymous && !readOnly[0].detail.isFilled)
        #expect(throws: EngineError(.invalid, "invalid mode: nocopy")) { try plan(#"{"HostConfig":{"VolumesFrom":["other:nocopy"]}}"#) }
        #expect(throws: EngineError(.invalid, "No such container: nosuch")) { try plan(#"{"HostConfig":{"VolumesFrom":["nosuch"]}}"#) }
    }

    @Test(
        "two sayings for one place are refused",
        arguments: [
            #"{"HostConfig":{"Binds":["a1:/x","b1:/x/"]}}"#, #"{"HostConfig":{"Binds":["a1:/x"],"Mounts":[{"Type":"tmpfs","Target":"/x"}]}}"#,
            #"{"HostConfig":{"Binds":["a1:/x"],"Tmpfs":{"/x":""}}}"#
        ])
    func duplicates(_ json: String) throws { #expect(try refusal(json) == EngineError(.invalid, "Duplicate mount point: /x")) }

    @Test(
        "what makes no sense is refused in Docker's words",
        arguments: [
            (#"{"Type":"bind","Target":"/x"}"#, "bind", "field Source must not be empty"),
            (#"{"Type":"bind","Source":"rel","Target":"/x"}"#, "bind", "invalid mount path: 'rel' mount path must be absolute"),
            (#"{"Type":"bind","Source":"/a","Target":"x"}"#, "bind", "invalid mount path: 'x' mount path must be absolute"),
            (#"{"Type":"bind","Source":"/a","Target":"/"}"#, "bind", "invalid specification: destination can't be '/'"),
            (#"{"Type":"bind","Source":"/a","Target":"/x","VolumeOptions":{}}"#, "bind", "field VolumeOptions must not be specified"),
            (#"{"Type":"bind","Source":"/a","Target":"/x","BindOptions":{"Propagation":"up"}}"#, "bind", "invalid propagation mode: up"),
            (#"{"Type":"volume","Target":"/x","ReadOnly":true}"#, "volume", "must not set ReadOnly mode when using anonymous volumes"),
            (#"{"Type":"volume","Target":"/x","VolumeOptions":{"Subpath":"a"}}"#, "volume", "must not set Subpath when using anonymous volumes"),
            (
                #"{"Type":"volume","Source":"v1","Target":"/x","VolumeOptions":{"Subpath":"../a"}}"#, "volume",
                "subpath must be a relative path within the volume"
            ),
            (#"{"Type":"volume","Source":"v1","Target":"/x","BindOptions":{}}"#, "volume", "field BindOptions must not be specified"),
            (#"{"Type":"tmpfs","Source":"s","Target":"/x"}"#, "tmpfs", "field Source must not be specified"),
            (#"{"Type":"tmpfs","Target":"/x","TmpfsOptions":{"SizeBytes":-1}}"#, "tmpfs", "invalid size -1"),
            (#"{"Type":"volume"}"#, "volume", "field Target must not be empty"), (#"{"Type":"floppy","Target":"/x"}"#, "floppy", "mount type unknown")
        ])
    func refusals(_ mount: String, _ type: String, _ why: String) throws {
        #expect(try refusal(#"{"HostConfig":{"Mounts":[\#(mount)]}}"#) == EngineError(.invalid, "invalid mount config for type \"\(type)\": \(why)"))
    }

    @Test("a driver that there is not, and options of a tmpfs that mean nothing, are told")
    func others() throws {
        #expect(try refusal(#"{"HostConfig":{"VolumeDriver":"nfsd"}}"#)?.kind == .invalid)
        var host = HostConfig()
        host.Tmpfs = ["/x": "size=1m,colour=red"]
        #expect(throws: EngineError(.invalid, "Invalid tmpfs option \"colour=red\"")) { try checkTmpfs(host) }
    }

    @Test("who asks for shared mounts is told that they end at this engine")
    func shared() throws {
        var host = HostConfig()
        host.Binds = ["/a:/b:ro,rslave", "shared:/c"]
        #expect(mountWarnings(host).isEmpty)
        host.Binds = ["/a:/b:ro,rshared"]
        #expect(mountWarnings(host).count == 1)
    }

    @Test("the spec mounts parents first, volumes beneath an anchor, and what the driver's options say")
    func spec() throws {
        var record = ContainerRecord(
            id: "0123456789abcdef", createdNanoseconds: 0, image: "sha256:x", config: ContainerConfig(), host: HostConfig(), path: "true", arguments: [],
            mounts: [], networks: [])
        let asked = try plan(
            #"{"HostConfig":{"Binds":["deep:/a/b/c","/h:/a"],"Mounts":[{"Type":"volume","Source":"sub","Target":"/s","VolumeOptions":{"Subpath":"x/y"}},{"Type":"volume","Source":"ram","Target":"/r"},{"Type":"volume","Source":"dev","Target":"/d"},{"Type":"bind","Source":"/n","Target":"/n","ReadOnly":true,"BindOptions":{"NonRecursive":true}}]}}"#
        )
        record.mounts = asked.map(\.point)
        for index in record.mounts.indices where record.mounts[index].Name != nil {
            record.mounts[index].Source = "/vols/\(record.mounts[index].Name ?? "")/_data"
        }
        record.mountDetails = Dictionary(uniqueKeysWithValues: asked.map { ($0.point.Destination, $0.detail) })
        var surroundings = SpecSurroundings(files: "/data/c", cgroupPath: "/slipway/x")
        (surroundings.volumes, surroundings.backings) = ("/vols", ["ram": .memory(words: ["size=1m"]), "dev": .bind(device: "/mnt/dev", words: [])])
        let mounts = makeMounts(record, surroundings).suffix(6)
        #expect(mounts.map(\.destination) == ["/a", "/d", "/n", "/r", "/s", "/a/b/c"])
        let byPlace = Dictionary(uniqueKeysWithValues: mounts.map { ($0.destination, $0) })
        #expect(byPlace["/s"]?.source == "/vols/sub/_data/x/y" && byPlace["/s"]?.options == ["rbind", "rprivate", "x-slipway.below=/vols"])
        #expect(byPlace["/d"]?.source == "/mnt/dev" && byPlace["/r"]?.type == "tmpfs" && byPlace["/r"]?.options?.last == "size=1m")
        #expect(byPlace["/n"]?.options == ["bind", "rprivate", "ro"] && byPlace["/a"]?.options == ["rbind", "rprivate"])
    }
}
