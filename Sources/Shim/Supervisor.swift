// The shim itself: one container, from parked to its exit.
//
//     parked ──start──► running ──the process ends──► draining ──output read, root unmounted, exit recorded──► exited
//        └─────────────────────────────────── release ──────────────────────────────────────────────────────────┘
//
// It owes nothing to the daemon that started it: daemons come and go at `BUNDLE/shim.sock`, each gets a hello with the present state, and
// what happens meanwhile is kept in files. Only `release` ends it; signals don't. Chapter 11.
import Linux
import Namespaces
import OCI
import ShimProtocol

/// Supervises one container.
final class Supervisor {
    /// What is alive in each state.
    enum Life {
        case parked
        case running(Container)
        /// The process has ended; its output may not have.
        case draining(Container)
        case exited(ExitRecord)
    }

    let bundle: FilePath
    let configuration: ShimConfiguration
    let loop: Loop
    var life: Life = .parked
    /// The container's streams; clients attach to them before the start, and in every state.
    var streams: ProcessStreams
    var log: LogKeeper?
    let surroundings: Surroundings
    var execs: [ProcessID: Exec] = [:]
    /// Streams of ended processes whose clients still read.
    var lingering: [ObjectIdentifier: ProcessStreams] = [:]
    /// The terminal's size where a client has told it before the start.
    var firstSize: OCI.ConsoleSize?
    /// Where the records of `--explain` go; open until the start is over.
    var record: Descriptor?
    private var daemons: [ObjectIdentifier: ControlConnection] = [:]
    private var listener: Descriptor?
    private var listening: Watch?
    private var signals: Descriptor?
    private var signalled: Watch?
    private var isReleased = false

    init(bundle: FilePath, configuration: ShimConfiguration, in loop: Loop) {
        (self.bundle, self.configuration, self.loop) = (bundle, configuration, loop)
        surroundings = Surroundings(bundle: bundle, configuration)
        streams = Self.makeStreams(configuration, log: nil, in: loop)
    }

    private static func makeStreams(_ configuration: ShimConfiguration, log: LogKeeper?, in loop: Loop) -> ProcessStreams {
        // Who has sent all that they have to a terminal wants to see what comes of it; who leaves it closes both directions.
        let meaning: ProcessStreams.EndOfInput = configuration.terminal ? .ignored : configuration.stdinOnce ? .closesStandardInput : .endsAttachment
        return ProcessStreams(isTerminal: configuration.terminal, endOfInput: meaning, log: log, in: loop)
    }

    /// Streams for the container's next process.
    func makeStreams() {
        streams = Self.makeStreams(configuration, log: log, in: loop)
        streams.onDetach = { [unowned self] in tell(.detached(ShimEvent.Detached(stream: ""))) }
    }

    // MARK: Doors

    /// Opens the log, the socket and the ears for children.
    func open() throws(KernelError) {
        if configuration.log.driver == .jsonFile {
            log = try LogKeeper(configuration.log) { [unowned self] in tell(.logLost($0)) }
        }
        makeStreams()
        let children = try signalDescriptor([.child])
        let number = FileDescriptor(rawValue: children.number)
        signalled = try loop.watch(number, .readable) { [unowned self] _ in
            while let signal = try? readSignal(number), signal == .child {}  // nil: all read; an error: the next event tells it again
            reap()
        }
        signals = consume children
        try listen()
    }

    private func listen() throws(KernelError) {
        let path = bundle.appending("shim.sock")
        if exists(path) { try remove(path) }
        let socket = try Linux.listen(path, .packets)
        try changeMode(path, 0o600)
        let number = FileDescriptor(rawValue: socket.number)
        try setNonBlocking(number)
        listening = try loop.watch(number, .readable) { [unowned self] _ in
            guard let connection = try? accept(number) else { return }  // it has gone again
            try? serve(connection)  // a descriptor that cannot be polled is closed
        }
        listener = consume socket
    }

    /// Serves a daemon, beginning with a hello.
    func serve(_ socket: consuming Descriptor) throws(KernelError) {
        let connection = try ControlConnection(socket, in: loop)
        let key = ObjectIdentifier(connection)
        connection.onEnd = { [unowned self] in daemons[key] = nil }
        connection.onRequest = { [unowned self, unowned connection] envelope, message in
            let reply = answer(envelope, &message)
            connection.send(.reply(reply))
            if isReleased { endIfIdle() }
        }
        daemons[key] = connection
        connection.send(.event(.hello(hello)))
    }

    /// Tells every daemon.
    func tell(_ event: ShimEvent) {
        for daemon in Array(daemons.values) { daemon.send(.event(event)) }
    }

    private var hello: ShimEvent.Hello {
        var hello = ShimEvent.Hello(id: configuration.id, pid: currentProcess().rawValue, state: .parked, modules: ["Namespaces": provenance])
        hello.execs = execs.values.map(\.id).sorted()
        hello.networkPath = surroundings.networkPath
        switch life {
        case .parked: break
        case .running(let container), .draining(let container):
            hello.state = .running
            hello.initPid = container.process.rawValue
            hello.startedAt = container.startedAt
            hello.paused = container.isPaused ? true : nil
        case .exited(let record):
            hello.state = .exited
            hello.exit = record
            hello.startedAt = record.startedAt
        }
        return hello
    }

    // MARK: The end of the shim

    /// Ends the shim as soon as no client waits for output any more.
    func release() throws(ShimFailure) {
        switch life {
        case .running, .draining: throw ShimFailure(.other, "the container is running")
        case .parked, .exited: break
        }
        isReleased = true
        if case .parked = life { close(streams) {} }
        listening?.end()
        listening = nil
        listener = nil
        try? remove(bundle.appending("shim.sock"))  // the daemon may have removed the bundle
    }

    func endIfIdle() {
        if isReleased && lingering.isEmpty && !streams.hasClients { loop.stop() }
    }
}
