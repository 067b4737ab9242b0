// What users type: flags as Go's pflag reads them, sizes, variables, hosts, keys. Chapter 13.
import DockerClient
import Testing

@testable import CLI

@Suite("Flags, as Docker's users type them")
struct FlagTableTests {
    let run = FlagTable(valued: "env/e memory/m name memory-swap", switches: "interactive/i tty/t detach/d rm +sig-proxy", stopsAtOperand: true)
    let rm = FlagTable(valued: "time/t", switches: "force/f volumes/v")

    @Test(
        "become one plain form",
        arguments: [
            (["-it", "img"], ["--interactive", "--tty"], ["img"]),
            (["-itd", "--rm", "img", "ls", "-l"], ["--interactive", "--tty", "--detach", "--rm"], ["img", "ls", "-l"]),
            (["-e", "A=1", "-eB=2", "-e=C=3", "--env=D=4", "--env", "E=5", "i"], ["--env=A=1", "--env=B=2", "--env=C=3", "--env=D=4", "--env=E=5"], ["i"]),
            (["-ite", "A", "i"], ["--interactive", "--tty", "--env=A"], ["i"]), (["-m64m", "i"], ["--memory=64m"], ["i"]),
            (["--memory-swap", "-1", "i"], ["--memory-swap=-1"], ["i"]),
            (["--rm=false", "i"], [], ["i"]), (["--rm", "--rm=0", "i"], [], ["i"]), (["-i=true", "i"], ["--interactive"], ["i"]),
            (["--sig-proxy=false", "i"], ["--no-sig-proxy"], ["i"]),
            (["--sig-proxy", "i"], [], ["i"]), (["i", "--rm"], [], ["i", "--rm"]), (["--", "-i"], [], ["-i"]), (["i", "--", "x"], [], ["i", "--", "x"]),
            (["-", "x"], [], ["-", "x"]), ([], [], []),
            (["--name", "", "i"], ["--name", ""], ["i"]), (["--name=", "-e", "", "i"], ["--name", "", "--env", ""], ["i"])
        ] as [([String], [String], [String])])
    func plain(words: [String], flags: [String], operands: [String]) throws {
        let result = try run.plain(words)
        #expect(result.flags == flags && result.operands == operands)
    }

    @Test("stand among operands where the command takes only operands")
    func interspersed() throws {
        let result = try rm.plain(["a", "-f", "b", "--", "-v"])
        #expect(result.flags == ["--force"] && result.operands == ["a", "b", "-v"])
    }

    @Test(
        "that are wrong are refused in pflag's words, with code 125",
        arguments: [
            (["--nosuch"], "unknown flag: --nosuch"), (["-ix"], "unknown shorthand flag: 'x' in -ix"), (["--name"], "flag needs an argument: --name"),
            (["-e"], "flag needs an argument: 'e' in -e"),
            (["--rm=maybe"], "invalid argument \"maybe\" for \"--rm\" flag: strconv.ParseBool: parsing \"maybe\": invalid syntax")
        ] as [([String], String)])
    func refused(words: [String], message: String) {
        #expect(throws: Failure(message, code: 125)) { try run.plain(words) }
    }
}

@Suite("Values of flags")
struct ValueTests {
    @Test(
        "Sizes are powers of 1024, in any spelling",
        arguments: [
            ("64m", 67_108_864), ("64M", 67_108_864), ("64mb", 67_108_864), ("64MiB", 67_108_864), ("1.5g", 1_610_612_736), ("512", 512), ("512b", 512),
            ("0", 0), ("1k", 1024), ("1 k", 1024),
            ("2t", 2_199_023_255_552)
        ])
    func sizes(text: String, bytes: Int64) throws { #expect(try Values.bytes(text) == bytes) }

    @Test("What is no size is refused", arguments: ["", "m", "x", "-1", "1.m", ".", "1x", "1mm", "99999999999999999999", "9999999p", "1..5m", "٣m"])
    func badSizes(text: String) { #expect(throws: ValueError(description: "invalid size: '\(text)'")) { try Values.bytes(text) } }

    @Test(
        "CPUs are read exactly",
        arguments: [("0.5", 500_000_000), ("2", 2_000_000_000), ("0.1", 100_000_000), (".25", 250_000_000), ("0.000000001", 1), ("0", 0)])
    func cpus(text: String, billionths: Int64) throws { #expect(try Values.billionths(text) == billionths) }

    @Test("What is no number of CPUs is refused", arguments: ["", "x", "-1", "1e3", "0.0000000001", "99999999999"])
    func badCPUs(text: String) { #expect(throws: ValueError.self) { try Values.billionths(text) } }

    @Test("Limits have a name and one or two numbers")
    func limits() throws {
        #expect(try Values.limit("nofile=1024:2048") == ("nofile", 1024, 2048))
        #expect(try Values.limit("core=-1") == ("core", -1, -1))
        for text in ["nofile", "nosuch=1", "nofile=", "nofile=a", "nofile=1:2:3", "nofile=5:4", "=1", ""] {
            #expect(throws: ValueError.self) { try Values.limit(text) }
        }
    }

    @Test("Variables come from words, files and our own environment")
    func variables() throws {
        let file = "# comment\nA=1\n\n  B=two words\nHOME\nNOSUCH\nC=\n"
        #expect(
            try KeyValues.variables(files: [("f", file)], words: ["D=4", "HOME", "GONE"], environment: ["HOME": "/root"])
                == ["A=1", "B=two words", "HOME=/root", "C=", "D=4", "HOME=/root", "GONE"])
        for (text, word) in [("=x", "A=1"), ("A B=1", "A=1"), ("A=1", "=x"), ("A=1", "")] {
            #expect(throws: ValueError.self) { try KeyValues.variables(files: [("f", text)], words: [word], environment: [:]) }
        }
    }

    @Test("Labels without a value are empty, and the last of a name counts")
    func labels() { #expect(KeyValues.labels(["a=1", "b", "a=2=3"]) == ["a": "2=3", "b": ""]) }

    @Test(
        "Hosts",
        arguments: [
            ("unix:///x/y.sock", .unix(path: "/x/y.sock")), ("unix://", .unix(path: "/var/run/docker.sock")),
            ("tcp://1.2.3.4:99", .tcp(host: "1.2.3.4", port: 99)), ("tcp://h", .tcp(host: "h", port: 2375)),
            ("h:1", .tcp(host: "h", port: 1)), ("tcp://[::1]:5", .tcp(host: "::1", port: 5)), ("tcp://[::1]", .tcp(host: "::1", port: 2375)),
            ("http://h:2/", .tcp(host: "h", port: 2))
        ] as [(String, Address)])
    func hosts(text: String, host: Address) throws { #expect(try Address(text) == host) }

    @Test(
        "What is no host is refused", arguments: ["ssh://h", "unix://relative", "tcp://h:x", "tcp://h:0", "tcp://h:70000", "tcp://h/path", "npipe:////./pipe/x"]
    )
    func badHosts(text: String) { #expect(throws: ClientError.self) { try Address(text) } }
}

@Suite("Tables")
struct TableTests {
    @Test("Columns are three blanks apart and at least ten wide; the last is as long as it likes")
    func columns() {
        let text = Table.text([["REPOSITORY", "TAG", "SIZE"], ["busybox", "a-very-long-tag", "1.2MB"]])
        #expect(text == "REPOSITORY   TAG               SIZE\nbusybox      a-very-long-tag   1.2MB\n")
        #expect(Table.text([["A", "B"]]) == "A         B\n")
    }

    @Test("Long text is cut with an ellipsis, ids to twelve digits")
    func cut() {
        #expect(Table.shortened("12345", to: 5) == "12345" && Table.shortened("123456", to: 5) == "1234…")
        #expect(Table.shortID("sha256:0123456789abcdef") == "0123456789ab")
    }
}
