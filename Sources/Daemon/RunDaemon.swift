// A daemon from its first to its last moment: roots, engine, sockets, pid file; then it waits for a signal. SIGTERM and SIGINT end it, and leave
// the containers running: that is what the shims are for, and the next daemon finds them. Chapter 12. man 7 signal.
import Engine
import HTTP
import Linux
public import Logging
import Offload

/// Runs until a signal ends it.
public func runDaemon(_ configuration: DaemonConfiguration, log: Logger) async throws {
    guard effectiveUser() == 0 else {
        throw ConfigurationError(description: "slipwayd needs root, for it mounts and makes namespaces and cgroups: try `sudo slipwayd`")
    }
    let execRoot = FilePath(configuration.execRoot ?? defaultExecRoot.string)
    let addresses = try listenAddresses(configuration, execRoot)
    let executable = FilePath(try await offload { () throws(KernelError) in try readLink("/proc/self/exe") })
    var settings = EngineSettings(
        dataRoot: FilePath(configuration.dataRoot ?? "/var/lib/slipway"), execRoot: execRoot, shim: try helper("slipway-shim", of: executable),
        tree: try helper("slipway-tree", of: executable))
    (settings.cgroupParent, settings.insecureRegistries) = (configuration.cgroupParent, configuration.insecureRegistries)
    settings.openFiles = try await offload { () throws(KernelError) in try OpenFiles.raise() }
    for entry in currentEnvironment() {
        let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        if parts.count > 1 { settings.environment[parts[0]] = parts[1] }
    }
    let signals = try SignalWatch()
    let pidFile = FilePath(configuration.pidFile ?? execRoot.appending("slipway.pid").string)
    let engine = try await ContainerEngine(settings, log: log)
    try await offload { () throws(KernelError) in try writeFile(pidFile, "\(currentProcess())\n") }
    let answerer = Answerer(engine, executable: executable, log: log)
    let server = Server { await answerer.answer($0) }
    for address in addresses { try await listen(server, at: address, log) }
    log.info("ready")
    let signal = try await signals.next()
    log.info("ending after \(signal); containers go on")
    await server.shutdown()
    await engine.leave()
    await offload { try? remove(pidFile) }  // somebody has removed it already
}

private func listenAddresses(_ configuration: DaemonConfiguration, _ execRoot: FilePath) throws(ConfigurationError) -> [ListenAddress] {
    guard !configuration.hosts.isEmpty else { return [.unix(execRoot.appending("slipway.sock"))] }
    return try configuration.hosts.map { (text) throws(ConfigurationError) in try ListenAddress(text) }
}

private func listen(_ server: Server, at address: ListenAddress, _ log: Logger) async throws {
    switch address {
    case .unix(let path):
        try await offload { () throws(KernelError) in try makeDirectories(path.removingLastComponent()) }
        try await server.bind(unix: path)
        log.info("listening on unix://\(path)")
    case .tcp(let host, let port):
        let bound = try await server.bind(host: host, port: port)
        log.warning("listening on tcp://\(host):\(bound) without TLS: whoever reaches it is root on this machine")
    }
}

/// A helper beside our own executable, or in `../libexec/slipway`.
private func helper(_ name: String, of executable: FilePath) throws(ConfigurationError) -> FilePath {
    let folder = executable.removingLastComponent()
    let places = [folder.appending(name), folder.removingLastComponent().appending("libexec/slipway").appending(name)]
    guard let found = places.first(where: { exists($0) }) else {
        throw ConfigurationError(description: "find \(name): it is neither in \(places[0].removingLastComponent()) nor in \(places[1].removingLastComponent())")
    }
    return found
}

/// Waits for the signals that end a daemon.
private final class SignalWatch: Sendable {
    private let pipe: Descriptor
    private let thread = OwnThread()

    init() throws(KernelError) {
        ignore(.brokenPipe)
        pipe = try catchSignals([.terminate, .interrupt])
    }

    func next() async throws -> Signal {
        let bytes = try await thread.run { () throws(KernelError) in try read(FileDescriptor(rawValue: self.pipe.number), upTo: 1) }
        return Signal(rawValue: Int32(bytes.first ?? 15))
    }
}
