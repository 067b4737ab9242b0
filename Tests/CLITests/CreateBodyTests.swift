// The request of `run` and `create`, beside what Docker's own client sends. Chapter 13.
import ArgumentParser
import JSON
import Testing

@testable import CLI

@Suite("The request that makes a container")
struct CreateBodyTests {
    func body(_ words: String, command: [String] = []) throws -> JSONValue {
        let table = FlagTable(valued: ContainerFlags.valued, switches: ContainerFlags.switches, stopsAtOperand: true)
        let flags = try ContainerFlags.parse(table.plain(words.split(separator: " ").map(String.init)).flags)
        return try CreateBody(flags: flags, image: "img", command: command, attached: (false, true, true), consoleSize: nil).json()
    }

    @Test("says nothing that the user didn't: the values are those of Docker's client")
    func plain() throws {
        let body = try body("")
        for (name, text) in [
            ("Env", "null"), ("Cmd", "null"), ("Entrypoint", "null"), ("Labels", "{}"), ("Volumes", "{}"), ("OpenStdin", "false"), ("StdinOnce", "false"),
            ("Image", "\"img\""),
            ("NetworkingConfig", "{\"EndpointsConfig\":{\"default\":{}}}")
        ] { #expect(body[name]?.text() == text, "\(name)") }
        let host = try #require(body["HostConfig"])
        for (name, text) in [
            ("NetworkMode", "\"default\""), ("Memory", "0"), ("CapAdd", "null"), ("PidsLimit", "0"),
            ("RestartPolicy", "{\"Name\":\"no\",\"MaximumRetryCount\":0}"), ("AutoRemove", "false"),
            ("ConsoleSize", "[0,0]"), ("SecurityOpt", "null"), ("LogConfig", "{\"Type\":\"\",\"Config\":{}}")
        ] { #expect(host[name]?.text() == text, "\(name)") }
        #expect(host["Init"] == nil && body["StopSignal"] == nil && body["StopTimeout"] == nil)
    }

    @Test("carries what the flags say, each at its place")
    func flags() throws {
        let body = try body(
            "-it --rm --name x -e A=1 -w /w -u 1:2 --entrypoint /e -m 64m --memory-swap -1 --cpus 0.5 --pids-limit 9 -h hh --read-only --init --network none -l a=b "
                + "--cap-add NET_ADMIN --cap-drop ALL --privileged --security-opt no-new-privileges --stop-signal INT --ulimit nofile=1:2 --stop-timeout 3",
            command: ["sh", "-c", "x y"])
        for (name, text) in [
            ("Tty", "true"), ("OpenStdin", "true"), ("Env", "[\"A=1\"]"), ("WorkingDir", "\"/w\""), ("User", "\"1:2\""), ("Entrypoint", "[\"/e\"]"),
            ("Hostname", "\"hh\""), ("Labels", "{\"a\":\"b\"}"),
            ("Cmd", "[\"sh\",\"-c\",\"x y\"]"), ("StopSignal", "\"INT\""), ("StopTimeout", "3"), ("NetworkingConfig", "{\"EndpointsConfig\":{\"none\":{}}}")
        ] { #expect(body[name]?.text() == text, "\(name)") }
        let host = try #require(body["HostConfig"])
        for (name, text) in [
            ("Memory", "67108864"), ("MemorySwap", "-1"), ("NanoCpus", "500000000"), ("PidsLimit", "9"), ("ReadonlyRootfs", "true"), ("Init", "true"),
            ("NetworkMode", "\"none\""),
            ("CapAdd", "[\"NET_ADMIN\"]"), ("CapDrop", "[\"ALL\"]"), ("Privileged", "true"), ("SecurityOpt", "[\"no-new-privileges\"]"), ("AutoRemove", "true"),
            ("Ulimits", "[{\"Name\":\"nofile\",\"Hard\":2,\"Soft\":1}]")
        ] { #expect(host[name]?.text() == text, "\(name)") }
    }

    @Test(
        "is refused before anything is sent when a value can't be",
        arguments: [
            "-m x", "--cpus x", "--pids-limit x", "--ulimit x", "--memory-swap x", "--env-file /nonexistent", "-e =x", "--restart always:x",
            "--rm --restart always", "--stop-timeout x",
            "--security-opt seccomp=/nonexistent", "--shm-size -1"
        ])
    func refused(words: String) {
        #expect(throws: ValueError.self) { try body(words) }
    }

    @Test("An empty entrypoint takes the image's away")
    func emptyEntrypoint() throws {
        let table = FlagTable(valued: ContainerFlags.valued, switches: ContainerFlags.switches, stopsAtOperand: true)
        let flags = try ContainerFlags.parse(table.plain(["--entrypoint", ""]).flags)
        let body = try CreateBody(flags: flags, image: "img", command: [], attached: (false, true, true), consoleSize: nil).json()
        #expect(body["Entrypoint"]?.text() == "[\"\"]")
    }

    @Test("The table of flags and the declared ones are the same")
    func table() {
        let words = (ContainerFlags.valued + " " + ContainerFlags.switches).split(whereSeparator: \.isWhitespace).map { String($0.split(separator: "/")[0]) }
        let help = ContainerFlags.helpText
        for word in words { #expect(help.contains("--\(word)"), "\(word) is declared") }
        #expect(help.matches(of: /--[a-z]/).count >= words.count)
    }
}

extension ContainerFlags {
    /// The help of a command that has just these flags.
    static var helpText: String {
        struct Command: ParsableCommand {
            @OptionGroup var flags: ContainerFlags
        }
        return Command.helpMessage(columns: 200)
    }
}
