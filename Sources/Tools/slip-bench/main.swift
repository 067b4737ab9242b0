// slip-bench: Slipway beside its peers on this machine, in one run, as ratios. Never a test: absolute times drift by half from day to day.
import ArgumentParser

struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "slip-bench", abstract: "Time Slipway beside its peers, in turns, and print ratios.",
        discussion: """
            Candidates run in turns (A B C A B C …), after one warm-up each, with a pause before each run as a person would make.
            The ratio is taken round by round against each peer. A peer that is not installed is left out, and that is said.
            Without a subcommand, all run. It needs root.

            EXAMPLES
              slip-bench runtime            one container by slipway-runtime, crun and runc, from the same bundle
              slip-bench engine             slipway run and docker run, each with its own daemon
              slip-bench engine --network bridge    the same with an address, a route and the rules around it
              slip-bench network            iperf3 to a published port and between containers
              slip-bench memory             what a hundred containers on a bridge cost
              slip-bench images --disk      slipway pull and docker pull from a registry on loopback, stores on the disk of /tmp
            """,
        subcommands: [RuntimeBench.self, EngineBench.self, NetworkBench.self, MemoryBench.self, ImagesBench.self, All.self], defaultSubcommand: All.self)

    struct All: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "All, one after the other.", shouldDisplay: false)
        func run() throws {
            let engine = try EngineBench.parse([]), images = try ImagesBench.parse([]), runtime = try RuntimeBench.parse([])
            let bridged = try EngineBench.parse(["--network", "bridge"]), network = try NetworkBench.parse([]), memory = try MemoryBench.parse([])
            try engine.run()
            try bridged.run()
            try network.run()
            try memory.run()
            try images.run()
            try runtime.run()
        }
    }
}

Bench.main()
