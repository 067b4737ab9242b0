// slip-layer: unpacks, lists, packs and stacks image layers, on the modules of chapter 07. Arguments and printing only.
import ArgumentParser

struct Tool: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "slip-layer", abstract: "Unpack, list, pack and stack image layers (chapter 07).",
        discussion: """
            Wherever several layers are named, the lowest comes first and the last lies on top, as in an image's manifest.

            Examples:
              slip-layer list layer.tar.gz
              slip-layer apply --stack base.tar app.tar stack
              slip-layer who stack/*
              slip-layer mount stack/* --at /mnt --upper changes -- sh
              slip-layer diff changes -o layer.tar

            Exit status: 0; of `mount` the command's; 126 where it cannot be run, 127 where it is not found; 1 for a failure, 64 for wrong usage.
            """,
        subcommands: [Apply.self, List.self, Who.self, Mount.self, Diff.self])
}

Tool.main()
