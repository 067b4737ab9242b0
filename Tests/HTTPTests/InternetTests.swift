import HTTP
import Testing

@Suite("Addresses of the internet")
struct InternetTests {
    @Test(
        "are read as people write them",
        arguments: [
            ("127.0.0.1", [127, 0, 0, 1]), ("255.255.255.255", [255, 255, 255, 255]), ("::", Array(repeating: 0, count: 16)),
            ("::1", Array(repeating: 0, count: 15) + [1]), ("fe80::1:2", [0xFE, 0x80] + Array(repeating: 0, count: 10) + [0, 1, 0, 2]),
            ("1:2:3:4:5:6:7:8", [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8]), ("1::", [0, 1] + Array(repeating: 0, count: 14)),
            ("::ffff:10.0.0.1", Array(repeating: 0, count: 10) + [0xFF, 0xFF, 10, 0, 0, 1])
        ] as [(String, [UInt8])])
    func read(text: String, bytes: [UInt8]) { #expect(InternetAddress(text)?.bytes == bytes) }

    @Test(
        "are not names, nor anything else",
        arguments: [
            "", "localhost", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1..2.3", "+1.2.3.4", ":", ":::", "1:2", "::1::", "12345::", "1:2:3:4:5:6:7:8:9", "::1.2.3.4:1",
            "::g"
        ])
    func none(text: String) { #expect(InternetAddress(text) == nil) }

    @Test("lie in networks")
    func networks() throws {
        let address = try #require(InternetAddress("10.1.2.3"))
        for network in ["10.0.0.0/8", "10.1.2.3/32", "0.0.0.0/0", "10.1.2.0/30", "11.0.0.0/7"] { #expect(address.isIn(network), "\(network)") }
        for network in ["10.1.2.4/30", "11.0.0.0/8", "10.0.0.0", "10.0.0.0/33", "10.0.0.0/x", "::/0", "/", ""] { #expect(!address.isIn(network), "\(network)") }
        #expect(InternetAddress("127.9.9.9")?.isLoopback == true && InternetAddress("::1")?.isLoopback == true)
        #expect(InternetAddress("128.0.0.1")?.isLoopback == false && InternetAddress("::2")?.isLoopback == false)
    }
}

@Suite("Proxies")
struct ProxyTests {
    private func through(_ host: String, tls: Bool = true, _ environment: [String: String]) -> String? {
        Proxies(environment: environment).proxy(to: .tcp(host: host, port: 443), tls: tls)?.address.description
    }

    @Test("are taken from the environment, for https and http each its own, in great letters or small")
    func environment() {
        let both = ["HTTPS_PROXY": "http://secure:1", "http_proxy": "plain:2"]
        #expect(through("example.org", both) == "tcp://secure:1")
        #expect(through("example.org", tls: false, both) == "tcp://plain:2")
        #expect(through("example.org", ["HTTPS_PROXY": ""]) == nil)
        #expect(through("example.org", ["HTTPS_PROXY": "http://p"]) == "tcp://p:80")
        #expect(through("example.org", ["HTTPS_PROXY": "socks5://p:1"]) == nil)
    }

    @Test("are passed by for loopback and for what NO_PROXY names")
    func exceptions() {
        for (host, list) in [
            ("localhost", ""), ("127.0.0.5", ""), ("::1", ""), ("a.example.org", "example.org"), ("example.org", "x, EXAMPLE.org"),
            ("a.example.org", ".example.org"), ("a.example.org", "*.example.org"), ("10.1.1.1", "10.0.0.0/8"), ("b", "*"), ("example.org", "example.org:443")
        ] { #expect(through(host, ["HTTPS_PROXY": "p:1", "NO_PROXY": list]) == nil, "\(host) \(list)") }
        for (host, list) in [("example.org", ".example.org"), ("badexample.org", "example.org"), ("11.1.1.1", "10.0.0.0/8"), ("example.org", "example.org:80")]
        {
            #expect(through(host, ["HTTPS_PROXY": "p:1", "NO_PROXY": list]) == "tcp://p:1", "\(host) \(list)")
        }
    }

    @Test("get the name and the password that stand before the host")
    func authorization() {
        #expect(Proxy("http://me:p%40ss@proxy:3128")?.authorization == basicAuthorization("me", "p@ss"))
        #expect(Proxy("http://proxy:3128")?.authorization == nil)
        #expect(basicAuthorization("Aladdin", "open sesame") == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")
        #expect(basicAuthorization("a", "") == "Basic YTo=" && basicAuthorization("", "") == "Basic Og==" && basicAuthorization("ab", "") == "Basic YWI6")
    }
}
