// kill -9 of the daemon at random points while containers come, go, publish, connect, disconnect, are copied to and removed. Afterwards the next
// daemon has repaired it: each address and port has one owner, what nobody owns is free again, and the host has the links and rules of what runs
// and no others. Chapter 09, 12.
import Foundation
import Testing

@Suite("A daemon killed among networks, volumes and copies", .enabled(if: Machine.hasDocker, Machine.whyNoDocker), .serialized)
struct NetworkFaultTests {
    /// What goes on until the daemon is killed: everything of the list, by four clients at once. A pool of 13 addresses shows any that is lost.
    private static let traffic = """
        n=0
        while true; do
            n=$((n + 1)); name=$1-$2-$n
            docker run -d --name $name --network narrow -p $((20000 + $2 * 100 + n % 3)):80 -v $1-$2:/data bb sleep 1000
            docker network connect wide $name
            echo $n | docker cp - $name:/nosuch
            docker cp /bin/busybox $name:/data/busybox
            docker network disconnect narrow $name
            docker rm -f -v $name
        done
        """

    @Test("twenty times: repaired, nothing lost, nothing handed out twice")
    func kills() throws {
        let before = try leftCgroups(), bed = try Testbed("netkill")
        let links = try Self.links()
        try bed.docker("network", "create", "--subnet", "10.99.0.0/28", "narrow")
        try bed.docker("network", "create", "wide")
        for round in 0..<20 {
            let clients = try (0..<4).map { client in
                try begin(["sh", "-c", Self.traffic, "sh", "r\(round)", "\(client)"], environment: bed.environment, seconds: 60)
            }
            usleep(UInt32.random(in: 50_000...1_200_000))
            bed.killDaemon()
            for client in clients {
                client.process.terminate()
                _ = client.wait()
            }
            try bed.startDaemon()
            try checkOwners(bed, "round \(round)")
            try checkHost(bed, links, "round \(round)")
        }
        try removeAll(bed)
        try checkPool(bed)
        try removeAll(bed)
        for name in ["narrow", "wide"] { #expect(try bed.docker("network", "rm", name).status == 0) }
        let volumes = try bed.docker("volume", "ls", "-q").lines
        if !volumes.isEmpty { #expect(try run(["docker", "volume", "rm"] + volumes, environment: bed.environment).status == 0) }
        bed.stopDaemon()
        let isClean = try eventually { try leftCgroups() == before && Self.links() == links }
        let left = "\(try leftCgroups()) \(try Self.links())"
        #expect(isClean, "\(left)")
        #expect(try run(["nft", "list", "tables"]).output.contains(bed.mark) == false)
    }

    /// Addresses of what runs, each with one owner; every one that runs answers.
    private func checkOwners(_ bed: Testbed, _ round: String) throws {
        let running = try bed.docker("ps", "-q").lines
        guard !running.isEmpty else { return }
        let template = "{{range $name, $net := .NetworkSettings.Networks}}{{$name}}/{{$net.IPAddress}} {{end}}"
        let addresses = try run(["docker", "inspect", "-f", template] + running, environment: bed.environment).lines.flatMap { $0.split(separator: " ") }
        #expect(Set(addresses).count == addresses.count, "\(round): an address has two owners: \(addresses)")
        #expect(!addresses.contains { $0.hasSuffix("/") }, "\(round): somebody runs without an address: \(addresses)")
        let ports = try bed.docker("ps", "--format", "{{.Ports}}").lines.filter { !$0.isEmpty }
        #expect(Set(ports).count == ports.count, "\(round): a port has two owners: \(ports)")
        for id in running { #expect(try bed.docker("exec", id, "true").status == 0, "\(round): \(id) does not answer") }
    }

    /// Host ends of veths and elements of the published ports are those of the running containers, and no helper is left.
    private func checkHost(_ bed: Testbed, _ links: Set<String>, _ round: String) throws {
        let wanted = try bed.docker("ps", "-q").lines.reduce(0) { sum, id in sum + (Int(try bed.inspect(id, "{{len .NetworkSettings.Networks}}")) ?? 0) }
        let isSettled = try eventually(within: 10) { try Self.links().subtracting(links).count { $0.hasPrefix("veth") } == wanted }
        let own = try Self.links().subtracting(links).sorted()
        #expect(isSettled, "\(round): \(wanted) endpoints, but \(own)")
        let helpers = try eventually(within: 10) {
            try run(["sh", "-c", "ps -eo args | grep '[s]lipway-tree' | grep -c \(bed.folder.lastPathComponent) || true"]).line == "0"
        }
        #expect(helpers, "\(round): a helper outlives its daemon")
    }

    /// All 13 addresses of the narrow network can be had, and not one more.
    private func checkPool(_ bed: Testbed) throws {
        for number in 0..<13 {
            let outcome = try bed.docker("run", "-d", "--name", "pool\(number)", "--network", "narrow", "bb", "sleep", "1000")
            #expect(outcome.status == 0, "address \(number + 1) of 13 is lost: \(outcome)")
        }
        let one = try bed.docker("run", "--rm", "--network", "narrow", "bb", "true")
        #expect(one.status == 125 && one.errors.contains("no available IPv4 addresses"), "\(one)")
    }

    private func removeAll(_ bed: Testbed) throws {
        let all = try bed.docker("ps", "-aq").lines
        if !all.isEmpty { #expect(try run(["docker", "rm", "-f", "-v"] + all, environment: bed.environment, seconds: 120).status == 0) }
    }

    private static func links() throws -> Set<String> {
        Set(try run(["sh", "-c", "ip -o link | sed 's/^[0-9]*: \\([^:@]*\\).*/\\1/'"]).lines)
    }
}
