// `slip-net neighbours`: who answered for which address (ARP), and what bridges have learnt.
import ArgumentParser
import Linux
import Netlink

struct Neighbours: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show which MAC an address has, and behind which port of a bridge a MAC lies.",
        discussion: "Groups (multicast) are left out.")

    @OptionGroup var place: Where

    @Flag(help: "As JSON.")
    var json = false

    func run() {
        carryOut {
            let socket = try place.socket(), names = try linkNames(socket)
            var table = Table(("ADDRESS", "address"), ("MAC", "mac"), ("LINK", "link"), ("BRIDGE", "bridge"), ("STATE", "state"))
            for line in try socket.neighbours() + socket.forwarding() where line.hardwareAddress?.isMulticast != true {
                table.rows.append([
                    line.address?.description, line.hardwareAddress?.description, names[line.index] ?? "#\(line.index)",
                    line.master.map { names[$0] ?? "#\($0)" }, line.state.words
                ])
            }
            table.print(json: json)
            return 0
        }
    }
}
