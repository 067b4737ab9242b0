// The lines of `docker import -c`, seen through an image's configuration.

import Images
import OCI
import Testing

@Suite("A change")
struct ChangesTests {
    private func applied(_ lines: [String]) throws -> ImageConfiguration.RunDefaults {
        var found = ImageConfiguration.RunDefaults()
        try withHouse { house in found = try house.add(nil, [("a", "1")], changes: lines).configuration.config ?? found }
        return found
    }

    @Test("sets a command as a list or as a line for the shell")
    func commands() throws {
        let config = try applied(["CMD [\"sleep\", \"1 0\"]", "entrypoint echo $HOME"])
        #expect(config.cmd == ["sleep", "1 0"])
        #expect(config.entrypoint == ["/bin/sh", "-c", "echo $HOME"])
        #expect(try applied(["SHELL [\"/bin/bash\",\"-c\"]", "CMD true"]).cmd == ["/bin/bash", "-c", "true"])
        #expect(try applied(["CMD []"]).cmd == [])
    }

    @Test("sets variables, with quotes, escapes, the old form and earlier variables")
    func variables() throws {
        let config = try applied(["ENV A=1 B=\"two words\" C='$A' D=back\\ slash", "ENV OLD form  of it", "ENV E=${A}/$B F=\"\\$A\"", "ENV A=changed"])
        #expect(config.env == ["A=changed", "B=two words", "C=$A", "D=back slash", "OLD=form of it", "E=1/two words", "F=$A"])
    }

    @Test("adds ports, volumes and labels")
    func sets() throws {
        let config = try applied(["EXPOSE 80 53/UDP 8000-8002", "VOLUME /data \"/with blank\"", "VOLUME [\"/json\"]", "LABEL a=1 \"b c\"=\"d e\""])
        #expect(config.exposedPorts?.keys.sorted() == ["53/udp", "80/tcp", "8000/tcp", "8001/tcp", "8002/tcp"])
        #expect(config.volumes?.keys.sorted() == ["/data", "/json", "/with blank"])
        #expect(config.labels == ["a": "1", "b c": "d e"])
    }

    @Test("sets the rest")
    func rest() throws {
        let config = try applied([
            "USER 1000:1000", "WORKDIR /srv", "WORKDIR app/../web", "STOPSIGNAL SIGINT", "ONBUILD RUN make",
            "HEALTHCHECK --interval=1m30s --timeout=500ms --retries=3 CMD curl -f localhost"
        ])
        #expect(config.user == "1000:1000" && config.workingDir == "/srv/web" && config.stopSignal == "SIGINT" && config.onBuild == ["RUN make"])
        #expect(config.healthcheck?.test == ["CMD-SHELL", "curl -f localhost"])
        #expect(config.healthcheck?.interval == 90_000_000_000 && config.healthcheck?.timeout == 500_000_000 && config.healthcheck?.retries == 3)
    }

    @Test(
        "that cannot be understood is refused, in words",
        arguments: [
            ("FROM x", "FROM is not a valid change command"), ("CMD", "CMD requires at least one argument"), ("ENV lonely", "ENV must have two arguments"),
            ("ENV A=\"open", "unexpected end of statement while looking for matching quote in A=\"open"), ("EXPOSE 0", "invalid containerPort: 0"),
            ("EXPOSE 70000", "invalid containerPort: 70000"), ("EXPOSE 9-8", "invalid containerPort: 9-8"),
            ("EXPOSE 80/icmp", "invalid containerPort: 80/icmp"),
            ("HEALTHCHECK --interval=soon CMD x", "time: invalid duration \"soon\""), ("HEALTHCHECK MAYBE", "Unknown type \"MAYBE\" in HEALTHCHECK (try CMD)"),
            ("LABEL a=1 b", "Syntax error - can't find = in \"b\". Must be of the form: name=value"), ("ENV A=${B:-c}", "unsupported modifier in substitution")
        ])
    func refused(_ line: String, _ words: String) throws {
        #expect(throws: ImagesError.invalid(words)) { try applied([line]) }
    }
}
