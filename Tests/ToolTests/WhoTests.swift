// `slip-layer who` says what a stack shows without mounting it. The kernel is asked too: for many stacks made by chance, both must agree.
import Foundation
import Testing

@Suite("slip-layer who", .enabled(if: Machine.isReady, Machine.why))
struct WhoTests {
    let bench: Bench

    init() throws { bench = try Bench() }

    struct Answer: Decodable {
        struct Path: Decodable {
            struct Version: Decodable {
                var layer: Int, kind: String, opaque: Bool
                var hiddenBy: Int?, how: String?, at: String?
            }
            var path: String, from: [Int], versions: [Version]
        }
        var paths: [Path]
    }

    private func answer(_ words: String) throws -> [Answer.Path] {
        try JSONDecoder().decode(Answer.self, from: Data(try bench.sh("$LAYER who --json \(words)").utf8)).paths
    }

    @Test("files shadow, whiteouts remove, opaque directories hide what is below them")
    func kinds() throws {
        try bench.makeLayers()
        try bench.sh("$LAYER apply --stack base.tar app.tar.gz top.tar stack")
        let found = Dictionary(uniqueKeysWithValues: try answer("stack/*").map { ($0.path, $0) })
        #expect(found["etc/motd"]?.from == [3] && found["etc/motd"]?.versions.map(\.how) == [nil, "shadow", "shadow"])
        #expect(found["etc/issue"]?.from == [] && found["etc/issue"]?.versions.last?.how == "whiteout")
        #expect(found["etc"]?.from == [3, 2, 1] && found["srv/index"]?.from == [1])
        #expect(found["var/cache/apt/a"]?.from == [] && found["var/cache/apt/a"]?.versions.last?.at == "var/cache/apt")
        let table = try bench.sh("$LAYER who --hidden stack/*")
        #expect(table.contains("etc/issue        -        1's file, by 2's whiteout") && !table.contains("srv/index"))
        #expect(table.contains("var/cache/apt/a  -        1's file, by 2's opaque directory var/cache/apt"))
        #expect(try answer("--path etc stack/*").map(\.path) == ["etc", "etc/issue", "etc/motd"])
    }

    @Test("stacks made by chance look as the kernel mounts them", arguments: 1...25)
    func chance(_ seed: Int) throws {
        var chance = Chance(state: UInt64(seed) &* 0x9e37_79b9_7f4a_7c15)
        let layers = 2 + chance.below(3)
        for layer in 1...layers { try bench.sh(script(for: layer, &chance)) }
        let names = (1...layers).map { "l\($0)" }.joined(separator: " ")
        // A directory that only one layer has is read as it is, whiteouts included: names that cannot be opened. They do not count.
        let show = "find . -mindepth 1 | while read -r p; do [ -e \"$p\" ] || [ -L \"$p\" ] || continue; find \"$p\" -maxdepth 0 -printf \"%p %y\\n\"; done"
        let seen = try bench.sh(
            "mkdir mnt; $LAYER mount \(names) --at mnt --read-only -- sh -c '\(show) | cut -c3- | sort; find . -type f | sort | xargs -r cat'")
        let visible = try answer(names).filter { !$0.from.isEmpty }
        let listed = visible.map { "\($0.path) \(letters[$0.versions.first { $0.hiddenBy == nil && $0.kind != "whiteout" }?.kind ?? ""] ?? "?")" }.sorted()
        // Each file holds its layer's number: who provides it can be read from it.
        let providers = visible.filter { path in path.versions.first { $0.layer == path.from[0] }?.kind == "file" }.sorted { "./\($0.path)" < "./\($1.path)" }
        #expect((listed + providers.map { "\($0.from[0])" }).joined(separator: "\n") + "\n" == seen.replacing(/^$/, with: "\n"), "seed \(seed)")
        // The same directories packed as layers and made plain files look so too.
        try bench.sh("for n in \(names); do $LAYER diff $n -o $n.tar; done; $LAYER apply $(printf '%s.tar ' \(names)) whole")
        #expect(try bench.sh("cd whole; \(show) | cut -c3- | sort; find . -type f | sort | xargs -r cat") == seen, "seed \(seed)")
    }

    private let letters = ["file": "f", "directory": "d", "link": "l", "fifo": "p"]

    /// A layer of a few names, so that they meet often: files, directories, links, fifos, whiteouts, opaque marks.
    private func script(for layer: Int, _ chance: inout Chance) -> String {
        var lines = ["mkdir l\(layer); cd l\(layer)"]
        func fill(_ directory: String, depth: Int) {
            for name in ["a", "b", "c"] where chance.below(3) > 0 {
                let path = directory + name
                switch chance.below(depth > 2 ? 4 : 8) {
                case 0: lines.append("echo \(layer) >\(path)")
                case 1: lines.append("ln -s x \(path)")
                case 2: lines.append("mknod \(path) c 0 0")
                case 3: lines.append("mkfifo \(path)")
                default:
                    lines.append("mkdir \(path)")
                    if chance.below(4) == 0 { lines.append("setattribute \(path) trusted.overlay.opaque y") }
                    fill(path + "/", depth: depth + 1)
                }
            }
        }
        fill("", depth: 0)
        return lines.joined(separator: "\n")
    }
}

/// The same numbers for the same seed. xorshift64.
struct Chance {
    var state: UInt64

    mutating func below(_ limit: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state >> 33) % limit
    }
}
