// The column PORTS: `0.0.0.0:8081->80/tcp, [::]:8081->80/tcp, 7000-7002/tcp`; neighbours become a range. chapter 09, 13

internal import DockerClient
internal import JSON

enum PortList {
    private struct Port: Comparable {
        var address: String, type: String, inside: Int64, outside: Int64

        static func < (left: Port, right: Port) -> Bool {
            (left.inside, left.address, left.outside, left.type) < (right.inside, right.address, right.outside, right.type)
        }

        func isFollowed(by next: Port) -> Bool {
            address == next.address && type == next.type && next.inside == inside + 1 && (outside == 0 ? next.outside == 0 : next.outside == outside + 1)
        }
    }

    /// The text for the API's list of ports.
    static func text(_ ports: [JSONValue]) -> String {
        let all = ports.map { port in
            Port(
                address: port["IP"]?.string ?? "", type: port["Type"]?.string ?? "tcp", inside: port["PrivatePort"]?.integer ?? 0,
                outside: port["PublicPort"]?.integer ?? 0)
        }.sorted()
        var ranges: [(first: Port, last: Port)] = []
        for port in all {
            if let place = ranges.lastIndex(where: { $0.last.isFollowed(by: port) }) { ranges[place].last = port } else { ranges.append((port, port)) }
        }
        return ranges.map { first, last in
            let inside = span(first.inside, last.inside) + "/" + first.type
            guard first.outside > 0 else { return inside }
            let address = first.address.contains(":") ? "[\(first.address)]" : first.address
            return "\(address):\(span(first.outside, last.outside))->\(inside)"
        }.joined(separator: ", ")
    }

    private static func span(_ first: Int64, _ last: Int64) -> String { first == last ? "\(first)" : "\(first)-\(last)" }
}
