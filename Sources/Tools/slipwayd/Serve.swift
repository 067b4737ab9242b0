// From flags to a daemon that answers, and its end. The containers do not end with it: their shims outlive it.
import Daemon
import Logging

func serve(_ flags: DaemonFlags) async throws {
    let configuration = try flags.configuration()
    let level = try configuration.level()
    LoggingSystem.bootstrap { label in
        var handler = StreamLogHandler.standardError(label: label)
        handler.logLevel = level
        return handler
    }
    try await runDaemon(configuration, log: Logger(label: "slipwayd"))
}
