// dockerd's names for our flags, and its configuration file with the same keys. A key that nobody knows, and one that is given in both places,
// is an error, as it is for dockerd: a misspelt limit must not be silently no limit.
import ArgumentParser
import Daemon
import Linux

struct DaemonFlags: ParsableArguments {
    @Option(
        name: [.customShort("H"), .customLong("host")],
        help: "Listen here: unix://PATH or tcp://HOST:PORT. May be repeated. (default: unix:///run/slipway/slipway.sock)")
    var host: [String] = []

    @Option(help: "What lasts: database, images, layers, logs. (default: /var/lib/slipway)")
    var dataRoot: String?

    @Option(help: "What lasts until the machine goes down. (default: /run/slipway)")
    var execRoot: String?

    @Option(help: "Where to write our process id. (default: EXEC-ROOT/slipway.pid)")
    var pidfile: String?

    @Option(name: [.customShort("l"), .customLong("log-level")], help: "debug, info, warn, error or fatal. (default: info)")
    var logLevel: String?

    @Option(help: "A registry that may be spoken to without TLS. May be repeated.")
    var insecureRegistry: [String] = []

    @Option(help: "The cgroup above all containers'. (default: /slipway)")
    var cgroupParent: String?

    @Option(help: "A file of these flags in dockerd's form. (default: /etc/slipway/daemon.json, if it is there)")
    var configFile: String?

    @Flag(name: [.customShort("D"), .long], help: "The same as --log-level debug.")
    var debug = false

    /// Flags and file together.
    func configuration() throws -> DaemonConfiguration {
        var configuration = DaemonConfiguration()
        configuration.hosts = host
        (configuration.dataRoot, configuration.execRoot, configuration.pidFile) = (dataRoot, execRoot, pidfile)
        (configuration.logLevel, configuration.cgroupParent) = (debug ? "debug" : logLevel, cgroupParent)
        configuration.insecureRegistries = insecureRegistry
        let path = FilePath(configFile ?? "/etc/slipway/daemon.json")
        guard configFile != nil || exists(path) else { return configuration }
        return try configuration.completed(from: try DaemonConfiguration(readFrom: path), named: path)
    }
}
