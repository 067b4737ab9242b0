// `slip-net routes`: where packets go; or with a destination, where one would go.
import ArgumentParser
import Linux
import Netlink

struct Routes: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show routes, or the one that a packet would take.",
        discussion: "MADE BY: the kernel makes a route for each address; the others were made by somebody.")

    @Argument(help: "Ask the kernel which route a packet to this address would take.")
    var destination: String?

    @OptionGroup var place: Where

    @Flag(help: "All tables: also the kernel's own addresses (255, local).")
    var all = false

    @Flag(help: "As JSON.")
    var json = false

    func run() {
        carryOut {
            let socket = try place.socket(), routes = try wanted(socket), names = try linkNames(socket)
            var table = Table(
                ("TO", "destination"), ("VIA", "gateway"), ("LINK", "link"), ("FROM", "source"), ("METRIC", "metric"), ("TABLE", "table"), ("TYPE", "type"),
                ("MADE BY", "maker"), numbers: ["metric", "table"])
            for route in routes {
                table.rows.append([
                    route.isDefault ? "default" : "\(route.destination)", route.gateway?.description,
                    route.index.map { names[$0] ?? "#\($0)" }, route.preferredSource?.description, "\(route.metric)", "\(route.table)", route.type.name,
                    maker(of: route)
                ])
            }
            table.print(json: json)
            return 0
        }
    }

    private func wanted(_ socket: RouteSocket) throws -> [Route] {
        guard let destination else { return try socket.routes(table: all ? nil : 254) }
        guard let address = IPv4Address(destination) else { throw Refusal("routes \(destination): not an IPv4 address, such as 10.99.0.2") }
        return try socket.route(to: address).map { [$0] } ?? []
    }

    /// `RTPROT_…` of linux/rtnetlink.h.
    private func maker(of route: Route) -> String? {
        [0: nil, 2: "kernel", 3: "hand", 4: "administrator", 16: "dhcp"][route.maker] ?? "\(route.maker)"
    }
}
