// Times, sizes, ports and lists in the words and columns of Docker. Chapter 13.
import ArgumentParser
import JSON
import Testing

@testable import CLI

@Suite("Times and sizes in words")
struct WordsTests {
    @Test(
        "Durations",
        arguments: [
            (0, "Less than a second"), (1, "1 second"), (59, "59 seconds"), (60, "About a minute"), (119, "About a minute"), (120, "2 minutes"),
            (3599, "59 minutes"), (3600, "About an hour"),
            (5399, "About an hour"), (5400, "2 hours"), (172_799, "2 days"), (172_800, "2 days"), (1_209_600, "2 weeks"), (5_184_000, "2 months"),
            (63_072_000, "2 years")
        ] as [(Int64, String)])
    func durations(seconds: Int64, text: String) { #expect(Words.duration(seconds: seconds) == text) }

    @Test(
        "Sizes",
        arguments: [
            (0, "0B"), (999, "999B"), (1000, "1kB"), (1_980_000, "1.98MB"), (72_800_000, "72.8MB"), (123_456_789, "123MB"), (1_005_000, "1MB"),
            (999_950, "1e+03kB"), (5_000_000_000, "5GB")
        ] as [(Int64, String)])
    func sizes(bytes: Int64, text: String) { #expect(Words.size(bytes) == text) }

    @Test(
        "Dates",
        arguments: [
            (0, "1970-01-01 00:00:00 +0000 UTC"), (951_782_399, "2000-02-28 23:59:59 +0000 UTC"), (951_782_400, "2000-02-29 00:00:00 +0000 UTC"),
            (1_795_263_600, "2026-11-21 12:20:00 +0000 UTC"), (-1, "1969-12-31 23:59:59 +0000 UTC")
        ] as [(Int64, String)])
    func dates(moment: Int64, text: String) { #expect(Words.date(moment) == text) }

    @Test(
        "Moments of --since",
        arguments: [
            ("10m", "400"), ("1h", "-2600"), ("1m30s", "910"), ("1795263600", "1795263600"), ("1.5", "1.5"), ("2026-11-21", "1795219200"),
            ("2026-11-21T12:20:00Z", "1795263600"),
            ("2026-11-21T14:20:00.25+02:00", "1795263600.25"), ("2026-11-21T12:20", "1795263600")
        ])
    func moments(text: String, wanted: String) throws { #expect(try Words.moment(text, now: 1000) == wanted) }

    @Test("What is no moment is refused", arguments: ["", "x", "10", "m", "2026-13-01", "2026-11-21T", "2026-11-21Tx", "1.2.3", "10 m"].filter { $0 != "10" })
    func badMoments(text: String) { #expect(throws: ValueError.self) { try Words.moment(text) } }
}

@Suite("Lists")
struct ListTests {
    func value(_ text: String) throws -> JSONValue { try #require(JSONValue(Array(text.utf8))) }

    @Test("Ports: neighbours become a range, IPv6 stands in brackets, unpublished ones stand alone")
    func ports() throws {
        let ports = try value(
            #"[{"IP":"0.0.0.0","PrivatePort":80,"PublicPort":8081,"Type":"tcp"},{"IP":"::","PrivatePort":80,"PublicPort":8081,"Type":"tcp"},{"PrivatePort":7001,"Type":"tcp"},{"PrivatePort":7000,"Type":"tcp"},{"PrivatePort":53,"Type":"udp"}]"#
        )
        #expect(PortList.text(ports.items) == "53/udp, 0.0.0.0:8081->80/tcp, [::]:8081->80/tcp, 7000-7001/tcp")
        #expect(PortList.text([]).isEmpty)
    }

    @Test("A container's row")
    func row() throws {
        let container = try value(
            #"{"Id":"0123456789abcdef","Names":["/web","/other/web"],"Image":"bb:1","Command":"sh -c 'echo a very long command'","Created":0,"Ports":[],"Labels":{"b":"2","a":"1"},"State":"running","Status":"Up 2 hours","SizeRw":0,"SizeRootFs":1980000,"Mounts":[],"NetworkSettings":{"Networks":{"none":{}}}}"#
        )
        let row = ContainerRow(container: container, isWhole: false).value
        for (field, text) in [
            ("ID", "0123456789ab"), ("Names", "web"), ("Command", "\"sh -c 'echo a very …\""), ("Labels", "a=1,b=2"), ("Status", "Up 2 hours"),
            ("Size", "0B (virtual 1.98MB)"), ("Networks", "none")
        ] { #expect(row[field]?.string == text, "\(field)") }
        #expect(ContainerRow(container: container, isWhole: true).value["Names"]?.string == "web,other/web")
    }

    @Test("A format: plain table, template, table with a template, json")
    func formats() throws {
        let rows = Rows(
            columns: [("ID", "CONTAINER ID"), ("Names", "NAMES")], others: ["State": "STATE"],
            values: [.object([.text("ID", "1"), .text("Names", "web"), .text("State", "up")])])
        #expect(try rows.text(format: nil) == "CONTAINER ID   NAMES\n1              web\n")
        #expect(try rows.text(format: "{{.Names}}={{.State}}") == "web=up\n")
        #expect(try rows.text(format: "table {{.Names}}\\t{{.State}}") == "NAMES     STATE\nweb       up\n")
        #expect(try rows.text(format: "json") == "{\"ID\":\"1\",\"Names\":\"web\",\"State\":\"up\"}\n")
        #expect(throws: Failure.self) { try rows.text(format: "{{.Nosuch}}") }
    }

    @Test("Filters are a map of sets")
    func filters() throws {
        #expect(try Session.filters(["label=a=b", "label=c", "status=exited"])?.value == #"{"label":{"a=b":true,"c":true},"status":{"exited":true}}"#)
        #expect(try Session.filters([]) == nil)
        #expect(throws: Failure.self) { try Session.filters(["nonsense"]) }
    }
}

@Suite("What --explain shows")
struct ExplainPrinterTests {
    @Test("Steps with their reasons, calls with their results, and a count at the end; lines may come in pieces")
    func records() {
        let lines = """
            {"process":"runtime","time":1000000,"kind":"step","step":"enter the root","because":"after every mount","chapter":2}
            {"process":"runtime","time":2500000,"kind":"call","step":"enter the root","call":"pivot_root","subject":". .","result":0,"errno":0}
            {"process":"init","time":3000000,"kind":"call","step":"name the host","chapter":3,"call":"sethostname","subject":"web","result":-1,"errno":1}
            {"process":"shim","time":3100000,"kind":"note","subject":"Namespaces: reference"}
            not json

            """
        var printer = ExplainPrinter(isColored: false), text = ""
        for byte in lines.utf8 { text += printer.text(for: [byte]) }
        #expect(text.contains("── enter the root  (runtime · chapter 02)\n   because after every mount\n"))
        #expect(text.contains("     1.50  pivot_root . .") && text.contains("= 0\n"))
        #expect(text.contains("── name the host  (init · chapter 03)") && text.contains("= Operation not permitted\n"))
        #expect(text.contains("── Namespaces: reference\n"))
        #expect(printer.summary() == "── 2 kernel calls in 2 steps, 2.10 ms: 1 pivot_root, 1 sethostname; 1 answered with an error\n")
    }
}

extension ExplainPrinterTests {
    @Test("IDs of 64 digits are shortened, other digits are not")
    func ids() {
        let id = String(repeating: "0123456789abcdef", count: 4)
        #expect(
            ExplainPrinter.shortened("/run/\(id)/rootfs") == "/run/0123456789ab…/rootfs"
                && ExplainPrinter.shortened("mode=755 \(id)") == "mode=755 0123456789ab…")
        #expect(ExplainPrinter.shortened("deadbeef") == "deadbeef" && ExplainPrinter.shortened(id + "0") == id + "0" && ExplainPrinter.shortened("").isEmpty)
    }
}

@Suite("Commands")
struct CommandTests {
    @Test("Every command's help says how it is used, and its table has its flags")
    func helps() throws {
        for command in Root.commands {
            let help = Root.helpMessage(for: command, columns: 200), name = command._commandName
            #expect(help.contains("slipway \(name)"), "\(name)")
            for flag in command.flags.valued.union(command.flags.switches.keys).subtracting(["help"]) {
                #expect(help.contains("--\(flag)"), "\(name) --\(flag)")
            }
            for match in help.matches(of: /--([a-z][a-z0-9-]+)/) where !match.1.hasPrefix("no-") && match.1 != "help" {
                #expect(command.flags.valued.contains(String(match.1)) || command.flags.switches[String(match.1)] != nil, "\(name) declares --\(match.1)")
            }
        }
    }

    @Test("Long names lead to commands that exist, and each group says what it has")
    func longNames() {
        let commands = Set(Root.commands.map { $0._commandName })
        for (group, names) in Groups.names {
            for name in names.values { #expect(commands.contains(name), "\(name)") }
            let help = Groups.help(group)
            #expect(help.hasPrefix("Usage:  slipway \(group) COMMAND\n\nManage ") && help.contains("\n  \(names.keys.sorted()[0])  "))
        }
        #expect(Groups.help("image").contains("\n  pull        Download an image from a registry\n") && !Groups.help("image").contains("  remove "))
        #expect(
            Groups.command("image", "inspect")?.words == ["--type=image"] && Groups.command("image", "rm")?.name == "rmi" && Groups.command("image", "x") == nil
        )
    }

    @Test("The time that a program was built")
    func built() { #expect(Words.built("2026-05-07T21:09:36.000000000+00:00") == "Thu May  7 21:09:36 2026" && Words.built("yesterday") == "yesterday") }
}
