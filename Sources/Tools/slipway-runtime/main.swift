// slipway-runtime: chapter 06's runtime behind runc's command line, so that Docker, containerd and Podman can use it in runc's place.
// A file per subcommand beside this one: arguments and printing only; what they do is in the module Runtime.
import ArgumentParser
import Linux

struct Tool: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "slipway-runtime", abstract: "Run containers from OCI bundles (chapter 06).",
        discussion: """
            Examples:
              mkdir -p box/rootfs/bin && cp /bin/busybox box/rootfs/bin/sh && cd box
              slipway-runtime spec
              slipway-runtime run --explain mine

            Exit status: of `run` and `exec` the command's; 1 for a failure of ours.
            """,
        version: versionText,
        subcommands: [
            SpecCommand.self, Create.self, Start.self, Run.self, Exec.self, StateCommand.self, Pause.self, Resume.self, Update.self, Ps.self, Events.self,
            Kill.self, Delete.self, List.self, Features.self, Steps.self
        ])

    @OptionGroup var global: GlobalOptions
}

ignore(.brokenPipe)  // a reader that goes away must not end us half-way
Tool.main()
