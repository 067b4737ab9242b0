// `slip-net addresses`: which link has which IPv4 address.
import ArgumentParser
import Linux
import Netlink

struct Addresses: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show the IPv4 addresses of links.")

    @OptionGroup var place: Where

    @Flag(help: "As JSON.")
    var json = false

    func run() {
        carryOut {
            let socket = try place.socket(), names = try linkNames(socket)
            var table = Table(("LINK", "link"), ("ADDRESS", "address"), ("NETWORK", "network"), ("BROADCAST", "broadcast"))
            for address in try socket.addresses() {
                table.rows.append([
                    names[address.index] ?? "#\(address.index)", "\(address.address)/\(address.prefixLength)", "\(address.subnet)",
                    address.prefixLength < 31 ? "\(address.subnet.broadcast)" : nil
                ])
            }
            table.print(json: json)
            return 0
        }
    }
}

/// The names of all links, by index.
func linkNames(_ socket: RouteSocket) throws(NetlinkError) -> [Int32: String] {
    Dictionary(try socket.links().map { ($0.index, $0.name) }) { first, _ in first }
}
