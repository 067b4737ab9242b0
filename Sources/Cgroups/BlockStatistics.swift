// Block devices. v1 counts in the scheduler (BFQ) where a device has it, and else where requests are throttled; Docker and runc take the scheduler's
// numbers if there are any. A line is `8:0 Read 4096`. v2 has a line per device in io.stat: `8:0 rbytes=4096 wbytes=0 rios=1 wios=0 …`.
// cgroup-v1/blkio-controller.rst; cgroup-v2.rst, "IO Interface Files". Chapter 04.
import Linux

extension Cgroup {
    func blockStatistics() -> BlockStatistics? {
        if hierarchies.tree(of: "blkio") != nil {
            var blocks = BlockStatistics()
            (blocks.serviceBytes, blocks.serviced) = (scheduled("io_service_bytes_recursive"), scheduled("io_serviced_recursive"))
            return blocks
        }
        return read("io", "io.stat").map(BlockStatistics.init(unified:))
    }

    private func scheduled(_ file: String) -> [BlockStatistics.Entry] {
        for family in ["bfq", "throttle"] {
            let entries = (read("blkio", "blkio.\(family).\(file)") ?? "").split(separator: "\n").compactMap(BlockStatistics.Entry.init(line:))
            if !entries.isEmpty { return entries }
        }
        return []
    }
}

extension BlockStatistics {
    /// Reads io.stat of v2.
    init(unified text: String) {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard let device = words.first, let (major, minor) = numbers(of: device) else { continue }
            for word in words.dropFirst() {
                let pair = word.split(separator: "=")
                guard pair.count == 2, let value = UInt64(pair[1]) else { continue }
                let entry = { (operation: String) in Entry(major: major, minor: minor, operation: operation, value: value) }
                switch pair[0] {
                case "rbytes": serviceBytes.append(entry("read"))
                case "wbytes": serviceBytes.append(entry("write"))
                case "rios": serviced.append(entry("read"))
                case "wios": serviced.append(entry("write"))
                default: break
                }
            }
        }
    }
}

extension BlockStatistics.Entry {
    /// Reads `8:0 Read 4096`; the line that sums up all devices has none, and is left out.
    init?(line: Substring) {
        let words = line.split(separator: " ")
        guard words.count == 3, let (major, minor) = numbers(of: words[0]), let value = UInt64(words[2]) else { return nil }
        self.init(major: major, minor: minor, operation: String(words[1]), value: value)
    }
}

private func numbers(of device: Substring) -> (major: UInt64, minor: UInt64)? {
    let parts = device.split(separator: ":")
    guard parts.count == 2, let major = UInt64(parts[0]), let minor = UInt64(parts[1]) else { return nil }
    return (major, minor)
}
