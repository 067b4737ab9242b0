// Binds whose source lies in a container's reach: the subpath of a volume. Whoever asks has looked at the path before; what counts is how it is
// walked when it is mounted, for a container may have exchanged a directory for a link meanwhile.
import Linux
import OCI
import Runtime
import Testing

@Suite("A bind below an anchor", .enabled(if: Sandbox.isHere, Sandbox.why), .serialized)
struct BelowTests {
    /// A box that shows `path`, walked from `volume`, at /lent. `volume/real` has a file, `volume/planted` is a link to /etc, `volume/near` one to
    /// the file's directory.
    private func box(_ path: String, anchored: Bool = true) throws -> Box {
        let folder = FilePath("/tmp/slipway-below-\(monotonicNanoseconds())"), volume = folder.appending("volume")
        try makeDirectories(volume.appending("real"))
        try writeFile(volume.appending("real/file"), "inside\n")
        try symbolicLink("/etc", at: volume.appending("planted"))
        try symbolicLink("real", at: volume.appending("near"))
        let options = ["rbind", "rprivate"] + (anchored ? ["x-slipway.below=\(volume)"] : [])
        return try Box(["sh", "-c", "ls /lent; cat /lent/file"]) {
            $0.mounts?.append(Mount(destination: "/lent", type: "bind", source: "\(folder)/\(path)", options: options))
        }
    }

    @Test("is what lies there")
    func inside() throws { #expect(try box("volume/real").run().output == "file\ninside\n") }

    @Test("is refused where a link is on the way, at the end or before", arguments: ["volume/planted", "volume/near", "volume/near/file"])
    func planted(path: String) throws {
        let outcome = try box(path).run()
        #expect(outcome.status != 0 && outcome.output.isEmpty && outcome.errors.contains("Too many levels of symbolic links"), "\(outcome)")
    }

    @Test("without an anchor a link is followed, as with any bind: that is what the anchor is for")
    func followed() throws { #expect(try box("volume/near", anchored: false).run().output == "file\ninside\n") }

    @Test("is refused where the source lies elsewhere", arguments: ["other", "volume/../other"])
    func elsewhere(path: String) throws {
        let outcome = try box(path).run()
        #expect(outcome.status != 0 && outcome.output.isEmpty, "\(outcome)")
    }
}
