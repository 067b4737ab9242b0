// `slip-net links`: what ip-link(8) calls links, with who is plugged into whom, where the other end of a pair is, and what went through.
import ArgumentParser
import Linux
import Netlink

struct Links: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show links: bridges, ends of pairs, hardware.",
        discussion: "PEER is the other end of a pair: by name, or by number where it lies in another namespace. RX and TX are packets since the link was made.")

    @OptionGroup var place: Where

    @Flag(help: "As JSON.")
    var json = false

    func run() {
        carryOut {
            let links = try place.socket().links()
            var table = Table(
                ("#", "index"), ("NAME", "name"), ("KIND", "kind"), ("STATE", "state"), ("MAC", "mac"), ("MTU", "mtu"), ("PLUGGED INTO", "master"),
                ("PEER", "peer"), ("RX", "receivedPackets"), ("TX", "sentPackets"), ("ALIAS", "alias"),
                numbers: ["index", "mtu", "receivedPackets", "sentPackets"])
            for link in links {
                let master = link.master.map { index in links.first { $0.index == index }?.name ?? "#\(index)" }
                table.rows.append([
                    "\(link.index)", link.name, link.kind, state(of: link), link.hardwareAddress?.description, "\(link.mtuBytes)", master,
                    peer(of: link, among: links), link.statistics.map { "\($0.receivedPackets)" }, link.statistics.map { "\($0.sentPackets)" }, link.alias
                ])
            }
            table.print(json: json)
            return 0
        }
    }

    private func state(of link: Link) -> String { link.isUp ? (link.flags.contains(.lowerUp) ? "up" : "up, no carrier") : "down" }

    private func peer(of link: Link, among links: [Link]) -> String? {
        guard let index = link.peerIndex, index != link.index, link.kind == "veth" else { return nil }
        if link.peerNamespace == nil { return links.first { $0.index == index }?.name ?? "#\(index)" }
        return "#\(index) elsewhere"
    }
}
