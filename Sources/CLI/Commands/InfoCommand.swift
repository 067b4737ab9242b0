// `slipway info`: how an engine is set up and what it holds; of our own also which executables run, and whose modules are in them, so that a
// learner sees the own code at work. chapter 12, 13

internal import ArgumentParser
internal import DockerClient
internal import JSON

struct InfoCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "info", abstract: "Show how the engine is set up", usage: "slipway info [OPTIONS]")
    static let flags = FlagTable(valued: "format/f")

    @Option(name: .shortAndLong, help: "A template: '{{.ServerVersion}}', or json") var format: String?
    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard words.isEmpty else { throw .usage("info", "0 arguments", "[OPTIONS]") }
        let info = try session.json("GET", ["info"])
        if let format {
            do throws(TemplateError) { Output.line(format == "json" ? info.text() : try Template(Rows.unescaped(format)).text(for: info)) } catch {
                throw Failure("\(error)", code: 64)
            }
            return 0
        }
        Output.print("Client: Slipway\n Version:    \(slipwayVersion)\n Context:    default\n Debug Mode: false\n\nServer:\n" + server(info))
        if try session.isOurs() { Output.print(own(try session.json("GET", ["slipway", "info"]))) }
        for warning in info["Warnings"]?.items ?? [] { Output.complain("\(warning.printed)\n") }
        return 0
    }

    private func server(_ info: JSONValue) -> String {
        var text = ""
        func add(_ label: String, _ field: String, _ indent: Int = 1) {
            guard let value = info[field], value != .null, value != .string("") else { return }
            text += String(repeating: " ", count: indent) + "\(label): \(value.printed)\n"
        }
        add("Containers", "Containers")
        for (label, field) in [("Running", "ContainersRunning"), ("Paused", "ContainersPaused"), ("Stopped", "ContainersStopped")] { add(label, field, 2) }
        for (label, field) in [("Images", "Images"), ("Server Version", "ServerVersion"), ("Storage Driver", "Driver")] { add(label, field) }
        for pair in info["DriverStatus"]?.items ?? [] where pair.items.count == 2 { text += "  \(pair.items[0].printed): \(pair.items[1].printed)\n" }
        for (label, field) in [("Logging Driver", "LoggingDriver"), ("Cgroup Driver", "CgroupDriver"), ("Cgroup Version", "CgroupVersion")] {
            add(label, field)
        }
        let plugins = (info["Plugins"]?.members ?? []).filter { !$0.value.items.isEmpty && $0.name != "Authorization" }
        if !plugins.isEmpty { text += " Plugins:\n" + plugins.map { "  \($0.name): \($0.value.items.map(\.printed).joined(separator: " "))\n" }.joined() }
        if let swarm = info["Swarm"]?["LocalNodeState"]?.string { text += " Swarm: \(swarm)\n" }
        let runtimes = (info["Runtimes"]?.members ?? []).map(\.name).sorted()
        if !runtimes.isEmpty { text += " Runtimes: \(runtimes.joined(separator: " "))\n" }
        add("Default Runtime", "DefaultRuntime")
        add("Init Binary", "InitBinary")
        for (label, field) in [("containerd version", "ContainerdCommit"), ("runc version", "RuncCommit"), ("init version", "InitCommit")] {
            if let commit = info[field]?["ID"]?.string, !commit.isEmpty { text += " \(label): \(commit)\n" }
        }
        let security = (info["SecurityOptions"]?.items ?? []).map(\.printed)
        if !security.isEmpty { text += " Security Options:\n" + security.map(option).joined() }
        for (label, field) in [
            ("Kernel Version", "KernelVersion"), ("Operating System", "OperatingSystem"), ("OSType", "OSType"), ("Architecture", "Architecture"),
            ("CPUs", "NCPU")
        ] { add(label, field) }
        if let memory = info["MemTotal"]?.integer { text += " Total Memory: \(Self.binary(memory))\n" }
        for (label, field) in [
            ("Name", "Name"), ("ID", "ID"), ("Docker Root Dir", "DockerRootDir"), ("Debug Mode", "Debug"), ("Experimental", "ExperimentalBuild"),
            ("Live Restore Enabled", "LiveRestoreEnabled")
        ] {
            add(label, field)
        }
        return text + "\n"
    }

    /// `name=seccomp,profile=builtin` as a name with its values below.
    private func option(_ text: String) -> String {
        let pairs = text.split(separator: ",").map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
        let name = pairs.first { $0.first == "name" }?.last ?? text
        return "  \(name)\n"
            + pairs.filter { $0.count == 2 && $0[0] != "name" }.map { "   \($0[0].prefix(1).uppercased() + $0[0].dropFirst()): \($0[1])\n" }.joined()
    }

    private func own(_ info: JSONValue) -> String {
        var text = "Slipway:\n"
        for field in ["Version", "Root", "ExecRoot", "Instance"] {
            if let value = info[field]?.string, !value.isEmpty { text += " \(field): \(value)\n" }
        }
        let modules = info["Modules"]?.members ?? [], programs = info["Executables"]?.items ?? []
        if !modules.isEmpty { text += " Modules:\n" + modules.map { "  \($0.name): \($0.value.printed)\n" }.joined() }
        if !programs.isEmpty { text += " Executables:\n" }
        for program in programs {
            text += "  \(program["Name"]?.string ?? "?"): build \(program["BuildID"]?.string ?? "unknown") (\(program["Path"]?.string ?? "?"))\n"
        }
        return text
    }

    /// Bytes in powers of 1024 with four digits: `23.44GiB`.
    private static func binary(_ bytes: Int64) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
        var value = Double(bytes), unit = 0
        while value >= 1024, unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        let decimals = value >= 1000 ? 0 : value >= 100 ? 1 : value >= 10 ? 2 : 3
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        let rounded = Int64((value * scale).rounded()), whole = rounded / Int64(scale), rest = rounded % Int64(scale)
        var fraction = rest == 0 ? "" : "\(rest)"
        while !fraction.isEmpty, fraction.count < decimals { fraction = "0" + fraction }
        while fraction.hasSuffix("0") { fraction.removeLast() }
        return "\(whole)\(fraction.isEmpty ? "" : ".\(fraction)")\(units[unit])"
    }
}
