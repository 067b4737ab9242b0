// slip-image: looks at images in registries and brings them here, on the modules of chapter 08. Arguments and printing only.
import ArgumentParser

@main
struct SlipImage: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "slip-image", abstract: "Look at images in registries, and pull them (chapter 08).",
        discussion: """
            Names are Docker's: busybox, me/app:1.2, localhost:5000/app@sha256:…. Who you are to a registry is said by --user, or by what
            `docker login` left in config.json. With --narrate every HTTP exchange is told on standard error, without secrets.

            Examples:
              slip-image inspect --narrate localhost:5000/busybox
              slip-image layers localhost:5000/busybox
              slip-image pull localhost:5000/busybox --data-root ./store
              slip-image list --data-root ./store

            Exit status: 0; 1 for a failure, 64 for wrong usage.
            """,
        subcommands: [Inspect.self, Layers.self, Pull.self, List.self])
}
