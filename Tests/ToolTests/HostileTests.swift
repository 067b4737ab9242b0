// slip-image against a registry that misbehaves on purpose (Tests/Fixtures/registry.py): an error that names the thing, and no half image.
import Foundation
import Testing

@Suite("slip-image and a registry that misbehaves", .enabled(if: Machine.isReady, Machine.why))
struct HostileTests {
    let bench: Bench
    let layouts: Layouts
    let registry: HostileRegistry

    init() throws {
        (bench, layouts) = (try Bench(), try Layouts())
        try layouts.image("latest", [["etc/motd": "hello"]])
        registry = try HostileRegistry(layouts.path)
    }

    @Test("each fault is an error of one line, and leaves no image, no layer and no blob")
    func faults() throws {
        for fault in ["garbage", "huge", "cyclic", "schema1", "missing", "corrupt", "toolong"] {
            let outcome = try bench.attempt("$IMAGE pull \(registry.host)/\(fault) --data-root \(fault)")
            #expect(outcome.status == 1 && outcome.errors.hasPrefix("slip-image: pull \(registry.host)/\(fault): "), "\(outcome)")
            #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome)")
            #expect(try bench.sh("$IMAGE list --data-root \(fault) | tail -n +2") == "", "\(fault)")
            let left = try bench.sh(
                "ls \(fault)/snapshots/layers \(fault)/snapshots/staging \(fault)/content/incoming \(fault)/content/blobs/sha256 | grep -v : | grep . || true")
            #expect(left == "", "\(fault)")
        }
    }

    @Test("a connection that is cut is taken up where it broke, and the narration says so")
    func cut() throws {
        let outcome = try bench.attempt("$IMAGE pull --narrate \(registry.host)/cut --data-root store")
        #expect(outcome.status == 0 && outcome.output.contains("Status: Downloaded newer image"), "\(outcome)")
        #expect(outcome.errors.contains("> Range: bytes=") && outcome.errors.contains("< 206 Partial Content"), "\(outcome)")
        #expect(outcome.errors.contains("= the rest of a blob whose connection broke") && outcome.errors.contains("< Content-Range: bytes "), "\(outcome)")
        #expect(try bench.sh("cat store/snapshots/layers/*/etc/motd") == "hello")
    }
}
