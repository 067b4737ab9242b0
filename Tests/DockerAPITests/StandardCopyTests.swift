import DockerAPI
import Testing

@Suite("Framed streams")
struct StandardCopyTests {
    @Test("have eight bytes of head: the stream, three zeros, the length")
    func layout() { #expect(standardFrame(.error, Array("hi".utf8)) == [2, 0, 0, 0, 0, 0, 0, 2, 104, 105]) }

    @Test("come apart again wherever they were cut")
    func cuts() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let frames: [(StandardStream, [UInt8])] = (0..<Int.random(in: 0...6)).map { _ in
                (
                    [StandardStream.output, .error, .system].randomElement(using: &random) ?? .output,
                    (0..<Int.random(in: 0...40)).map { _ in UInt8.random(in: 0...255) }
                )
            }
            var wire = frames.flatMap { standardFrame($0.0, $0.1) }[...]
            var reader = FrameReader(), found: [StandardStream: [UInt8]] = [:]
            while !wire.isEmpty {
                let piece = wire.prefix(Int.random(in: 1...13))
                wire = wire.dropFirst(piece.count)
                for part in try reader.read(Array(piece)) { found[part.stream, default: []] += part.bytes }
            }
            for stream in [StandardStream.output, .error, .system] {
                #expect(found[stream] ?? [] == frames.filter { $0.0 == stream }.flatMap(\.1))
            }
        }
    }

    @Test("of an unknown stream are refused")
    func broken() {
        var reader = FrameReader()
        #expect(throws: FrameReader.Broken.self) { try reader.read([9, 0, 0, 0, 0, 0, 0, 0]) }
    }
}
