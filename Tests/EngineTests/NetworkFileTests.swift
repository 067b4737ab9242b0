import DockerAPI
import Linux
import Netlink
import Networks
import Testing

@testable import Engine

private func config(_ hostname: String, domain: String = "") -> ContainerConfig {
    var config = ContainerConfig()
    (config.Hostname, config.Domainname) = (hostname, domain)
    return config
}

private let two = IPv4Address(0xac11_0002), three = IPv4Address(0xac12_0003)

@Suite("A container's network files")
struct NetworkFileTests {
    @Test("hosts ends with the container's own name, whole and short")
    func ownNames() {
        #expect(ownLine(two, config("web")) == "172.17.0.2\tweb\n")
        #expect(ownLine(two, config("hh.example.com")) == "172.17.0.2\thh.example.com hh\n")
        #expect(ownLine(two, config("web", domain: "example.org")) == "172.17.0.2\tweb.example.org web\n")
        var host = HostConfig()
        host.ExtraHosts = ["db:10.0.0.5", "six=fd00::1", "gate:host-gateway"]
        let text = hostsFile(host, config("web"), NetworkFacts(addresses: [two, three], hostGateway: IPv4Address(0xac11_0001)))
        #expect(text.hasSuffix("10.0.0.5\tdb\nfd00::1\tsix\n172.17.0.1\tgate\n172.17.0.2\tweb\n172.18.0.3\tweb\n"))
        #expect(text.hasPrefix("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"))
    }

    @Test("on a network with names resolv.conf leads to the engine, with the host's search list and ndots:0")
    func resolver() {
        #expect(nameServiceFile("nameserver 9.9.9.9\nsearch a b\n", HostConfig()) == "nameserver 127.0.0.11\nsearch a b\noptions ndots:0\n")
        var host = HostConfig()
        (host.DnsOptions, host.DnsSearch) = (["ndots:2"], ["."])
        #expect(nameServiceFile("", host) == "nameserver 127.0.0.11\noptions ndots:2\n")
        #expect(nameServers("nameserver 127.0.0.53\nnameserver fd00::1\nnameserver 10.1.1.1\n") == [.init(0x7f00_0035), .init(0x0a01_0101)])
    }

    @Test("a line comes and goes in the file that is bound into the container, and what the container wrote itself stays")
    func inPlace() throws {
        let path = FilePath("/tmp/slipway-hosts-\(currentProcess())")
        defer { try? removeTree(path) }
        try writeFile(path, "127.0.0.1\tlocalhost\n172.17.0.2\tweb\n1.2.3.4\tmine\n")
        let before = try status(path).inode
        try changeHosts(path, remove: nil, add: three, config("web"))
        #expect(try readText(path) == "127.0.0.1\tlocalhost\n172.17.0.2\tweb\n1.2.3.4\tmine\n172.18.0.3\tweb\n")
        try changeHosts(path, remove: two, add: nil, config("web"))
        #expect(try readText(path) == "127.0.0.1\tlocalhost\n1.2.3.4\tmine\n172.18.0.3\tweb\n")
        #expect(try status(path).inode == before)
    }
}
