// slip-volume: makes, shows, fills and mounts volumes without an engine, on the module of chapter 10. Arguments and printing only.
import ArgumentParser

struct Tool: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "slip-volume", abstract: "Make, show, fill and mount volumes (chapter 10).",
        discussion: """
            Volumes lie in a data root like the engine's; --root names one of your own (default ./slip-volumes). One program at a time changes it.

            Examples:
              slip-volume create shop --label team=web
              slip-volume copy-up shop --from layers/02 --from layers/01 --at /srv/www
              slip-volume mount rootfs -v shop:/srv/www:ro -v /data -- ls -l /srv/www
              slip-volume parse shop:/srv/www:ro,nocopy
              slip-volume attack

            Exit status: 0; of `mount` the command's; 126 where it cannot be run, 127 where it is not found; 1 for a failure, 64 for wrong usage.
            """,
        subcommands: [Create.self, List.self, Inspect.self, Remove.self, Mount.self, CopyUp.self, Parse.self, Attack.self])
}

Tool.main()
