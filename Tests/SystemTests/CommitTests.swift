// commit, system df and the prunes with both command lines: images of containers that run and that do not, changed as a Dockerfile would, on
// which other containers and other commits stand; and what all of it takes.
import Foundation
import Glibc
import Testing

@Suite("Commits and disk usage", .enabled(if: Machine.isSandbox, Machine.why), .serialized)
struct CommitTests {
    static let shared = Result { try Testbed("commit") }
    let bed: Testbed
    init() throws { bed = try Self.shared.get() }

    private func commit(_ client: Client, _ words: String...) throws -> Outcome {
        try run(client.words + ["commit"] + words, environment: bed.environment, seconds: 60)
    }

    @Test("an image of what a container wrote, with what was asked for", arguments: Client.present)
    func committed(client: Client) throws {
        let name = "written-\(client)", image = "made-\(client):1"
        try bed.slipway("run", "--name", name, "-e", "A=1", "-w", "/home", "-v", "/vol", "bb", "sh", "-c", "echo n >/new; rm /etc/data; echo v >/vol/v")
        let made = try commit(
            client, "-a", "Me", "-m", "a note", "-c", "ENV B=two C=\"3 4\"", "-c", "CMD [\"cat\",\"/new\"]", "-c", "EXPOSE 80", "-c", "LABEL x=y", "-c",
            "USER me", "-c", "STOPSIGNAL SIGINT", "-c", "ONBUILD RUN true", "-c", "HEALTHCHECK CMD true", name, image)
        #expect(made.status == 0 && made.line.hasPrefix("sha256:") && made.line.count == 71, "\(made)")
        #expect(try bed.slipway("run", "--rm", image).line == "n")
        #expect(try bed.slipway("run", "--rm", image, "sh", "-c", "echo $A$B$C $PWD $(id -u); ls /etc/data /vol/v").output.hasPrefix("1two3 4 /home 1000\n"))
        let config = try bed.slipway("inspect", "-f", "{{json .Config}} {{.Author}} {{.Comment}}", image).line
        for part in ["\"80/tcp\":{}", "\"x\":\"y\"", "\"SIGINT\"", "\"RUN true\"", "\"/vol\":{}", "Me a note"] {
            #expect(config.contains(part), "\(part): \(config)")
        }
        let history = try bed.slipway("history", "--format", "{{.CreatedBy}}|{{.Comment}}", "--no-trunc", image).lines
        #expect(history.first == "sh -c echo n >/new; rm /etc/data; echo v >/vol/v|a note" && history.count == 2)
    }

    @Test("commits stand on commits; nothing changed is no layer; without a name it is dangling", arguments: Client.present)
    func stacked(client: Client) throws {
        try bed.slipway("run", "--name", "one-\(client)", "bb", "sh", "-c", "echo 1 >/1; ln /1 /1b; mkdir -p /gone/sub")
        #expect(try commit(client, "one-\(client)", "stack-\(client)").status == 0)
        try bed.slipway("run", "--name", "two-\(client)", "stack-\(client)", "sh", "-c", "rm -r /gone; mkdir /gone; echo 2 >/gone/2; rm /1b")
        #expect(try commit(client, "two-\(client)", "stack-\(client):2").status == 0)
        #expect(try bed.slipway("run", "--name", "three-\(client)", "stack-\(client):2", "sh", "-c", "cat /1; ls /gone; ls /1b").output == "1\n2\n")
        let layers = { (name: String) in try bed.slipway("inspect", "-f", "{{len .RootFS.Layers}}", name).line }
        try bed.slipway("create", "--name", "none-\(client)", "stack-\(client):2", "true")
        let bare = try commit(client, "none-\(client)")
        #expect(bare.status == 0)
        #expect(try layers(bare.line) == layers("stack-\(client):2"))
        #expect(try bed.slipway("images", "-q", "--no-trunc", "--filter", "dangling=true").lines.contains(bare.line))
        #expect(try commit(client, "nosuch").errors.contains("No such container: nosuch"))
        #expect(try commit(client, "-c", "RUN true", "none-\(client)").errors.contains("RUN is not a valid change command"))
        #expect(try commit(client, "none-\(client)", "BAD NAME").status == 1)
        #expect(try bed.slipway("rm", "-f", "one-\(client)", "two-\(client)", "three-\(client)", "none-\(client)").status == 0)
    }

    @Test("a running container stands still meanwhile and goes on, and its events tell", arguments: Client.present)
    func running(client: Client) throws {
        let name = "running-\(client)"
        try bed.slipway("run", "-d", "--name", name, "bb", "sh", "-c", "while :; do date >/now; done")
        let since = "\(Date().timeIntervalSince1970)"
        #expect(try commit(client, name, "live-\(client)").status == 0)
        #expect(try commit(client, "--pause=false", name, "live-\(client):2").status == 0)
        #expect(try bed.slipway("inspect", "-f", "{{.State.Status}}", name).line == "running")
        let until = "\(Date().timeIntervalSince1970 + 0.5)"
        let events = try bed.slipway("events", "--since", since, "--until", until, "--filter", "container=\(name)", "--format", "{{.Action}}").lines
        #expect(events == ["pause", "unpause", "commit", "commit"], "\(events)")
        try bed.slipway("rm", "-f", name)
    }

    @Test("df adds up what is there, the same with both command lines")
    func usage() throws {
        let bed = try Testbed("df")
        try bed.slipway(
            "run", "-d", "--name", "busy", "-v", "named:/v", "bb", "sh", "-c", "head -c 1000 /dev/zero >/v/x; head -c 2000 /dev/zero >/y; sleep 1000")
        try bed.slipway("run", "--name", "idle", "bb", "sh", "-c", "head -c 3000 /dev/zero >/z")
        try bed.slipway("commit", "idle", "second")
        #expect(
            try eventually { try bed.slipway("system", "df", "--format", "{{.Type}} {{.TotalCount}} {{.Active}} {{.Size}}").lines[1] == "Containers 2 1 5kB" })
        let lines = try bed.slipway("system", "df", "--format", "{{.Type}} {{.TotalCount}} {{.Active}}|{{.Reclaimable}}").lines
        #expect(
            lines[0].hasPrefix("Images 2 1|") && lines[1] == "Containers 2 1|3kB (60%)" && lines[2] == "Local Volumes 1 1|0B (0%)"
                && lines[3] == "Build Cache 0 0|0B")
        let json = try bed.request("GET", "/v1.43/system/df?type=image").body
        #expect(json.contains("\"Containers\":null") && json.contains("\"SharedSize\":") && json.contains("\"Volumes\":null"))
        #expect(try bed.request("GET", "/v1.43/system/df?type=nosuch").status == 400)
        if Machine.hasDocker {
            #expect(try bed.slipway("system", "df").output == bed.docker("system", "df").output)
            let (ours, theirs) = (try bed.slipway("system", "df", "-v"), try bed.docker("system", "df", "-v"))
            #expect(ours.output == theirs.output)
        }
        try bed.slipway("rm", "-f", "busy")
        let prune = try bed.slipway("system", "prune", "-f", "-a", "--volumes")
        #expect(prune.status == 0 && prune.output.hasPrefix("Deleted Containers:\n") && prune.output.contains("untagged: second:latest\n"), "\(prune)")
        #expect(try bed.slipway("system", "df", "--format", "{{.TotalCount}}").lines == ["0", "0", "1", "0"], "a volume with a name stays")
        if Machine.hasDocker {
            let asked = Data("n\n".utf8)
            let (ours, theirs) = (try bed.slipway("system", "prune", input: asked), try bed.docker("system", "prune", input: asked))
            #expect(theirs.output.hasPrefix(ours.output.replacingOccurrences(of: "[y/N] ", with: "[y/N]")), "\(ours) \(theirs)")
            #expect(try bed.docker("system", "prune", "-f").output == bed.slipway("system", "prune", "-f").output)
        }
    }

    @Test("prunes take what nobody uses and leave the rest", arguments: Client.present)
    func pruned(client: Client) throws {
        let bed = try Testbed("prune")
        try bed.slipway("create", "--name", "cc", "bb", "true")
        let dangling = try bed.slipway("commit", "cc").line
        try bed.slipway("commit", "-c", "LABEL keep=1", "cc", "kept")
        func prune(_ words: String...) throws -> Outcome { try run(client.words + words, environment: bed.environment) }
        let first = try prune("image", "prune", "-f")
        #expect(first.output == "Deleted Images:\ndeleted: \(dangling)\n\nTotal reclaimed space: 0B\n", "\(first)")
        #expect(try prune("image", "prune", "-af", "--filter", "label!=keep").output == "Total reclaimed space: 0B\n", "bb is used by cc")
        #expect(try prune("image", "prune", "-af").output.hasPrefix("Deleted Images:\nuntagged: kept:latest\n"))
        #expect(try prune("image", "prune", "-f", "--filter", "nosuch=1").errors.contains("invalid filter 'nosuch'"))
        let containers = try prune("container", "prune", "-f")
        #expect(containers.output.hasPrefix("Deleted Containers:\n") && containers.output.hasSuffix("\nTotal reclaimed space: 0B\n"), "\(containers)")
    }
}
