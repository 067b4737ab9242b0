// `slip-volume attack`: a symbolic link in a volume that points out of it. Once the way that works, once the way that is ours. Nothing is
// mounted and nothing outside of a directory of our own is changed: the attack only looks. Chapter 10.
import ArgumentParser
import Linux
import Volumes

struct Attack: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what a link in a volume can do, before and after the defence.",
        discussion: "Makes a data root of its own below --at, and removes it at the end.")

    @Option(help: "Where to make the directory of the demonstration.")
    var at = "/tmp"

    func run() {
        finish(as: "slip-volume") {
            let place = try whole(FilePath(at)).appending("slip-volume-attack-\(currentProcess())")
            defer { do { try removeTree(place) } catch { complain("slip-volume: remove \(place): \(error)") } }
            let store = try OwnedStore(place).store, volume = try store.create(VolumeWish(name: "shop"))
            try showSubpath(store, volume)
            try showData(store, volume)
            return 0
        }
    }

    /// What a container plants.
    private func showSubpath(_ store: VolumeStore, _ volume: Volume) throws {
        let data = try store.source(of: volume), planted = data.appending("logs")
        try symbolicLink("/etc", at: planted)
        print("1. A container that has the volume shop makes a link in it:  logs -> /etc")
        print("2. Another is started with  --mount type=volume,src=shop,volume-subpath=logs,dst=/logs")
        print("   as text, the path is …/shop/_data/logs; the kernel walks it, and arrives among \(try names(planted)):")
        print("   the host's /etc would be mounted, writable")
        print("3. Walked by openat2 beneath the volume, RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS:")
        print("   \(refusal { () throws(VolumesError) in try store.source(of: volume, subpath: "logs") })")
    }

    /// What a backup from a stranger brings.
    private func showData(_ store: VolumeStore, _ volume: Volume) throws {
        let data = try store.source(of: volume)
        try removeTree(data)
        try symbolicLink("/etc", at: data)
        print("4. A data root is restored from an archive in which _data itself is a link:  _data -> /etc")
        print("   as text, the path arrives among \(try names(data))")
        print("5. Walked beneath the directory of all volumes:")
        print("   \(refusal { () throws(VolumesError) in try store.source(of: volume) })")
    }

    /// Two files of the host that everybody knows.
    private func names(_ path: FilePath) throws -> String {
        let there = try entries(path)
        return ["passwd", "hosts", "fstab", "group"].filter { there.contains($0) }.prefix(2).joined(separator: " and ")
    }

    private func refusal(_ ask: () throws(VolumesError) -> FilePath) -> String {
        do throws(VolumesError) { return "mounted: \(try ask())" } catch {
            return "refused: \("\(error)".split(separator: ": ").dropFirst().joined(separator: ": "))"
        }
    }
}
