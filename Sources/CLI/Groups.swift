// Long names of commands, as Docker has them: `image ls` is `images`, `container rm` is `rm`. Some say more than the short name does: `image inspect`
// looks for images alone. chapter 13

internal import ArgumentParser

enum Groups {
    /// Commands by group and name.
    static let names: [String: [String: String]] = [
        "container": [
            "run": "run", "create": "create", "start": "start", "attach": "attach", "exec": "exec", "ls": "ps", "list": "ps", "ps": "ps", "logs": "logs",
            "stop": "stop", "restart": "restart", "kill": "kill", "wait": "wait", "rename": "rename", "rm": "rm", "remove": "rm", "inspect": "inspect",
            "pause": "pause", "unpause": "unpause", "top": "top", "port": "port", "update": "update", "stats": "stats", "cp": "cp", "commit": "commit",
            "diff": "diff", "export": "export", "prune": "container prune"
        ],
        "image": [
            "ls": "images", "list": "images", "import": "import", "tag": "tag", "history": "history", "rm": "rmi", "remove": "rmi", "inspect": "inspect",
            "pull": "pull", "prune": "image prune"
        ],
        "network": [
            "ls": "network ls", "list": "network ls", "create": "network create", "connect": "network connect", "disconnect": "network disconnect",
            "inspect": "inspect", "rm": "network rm", "remove": "network rm", "prune": "network prune"
        ],
        "volume": [
            "ls": "volume ls", "list": "volume ls", "create": "volume create", "inspect": "inspect", "rm": "volume rm", "remove": "volume rm",
            "prune": "volume prune"
        ],
        "system": ["info": "info", "events": "events", "df": "system df", "prune": "system prune"]
    ]

    private static let abstracts = [
        "container": "Manage containers", "image": "Manage images", "network": "Manage networks", "volume": "Manage volumes", "system": "Manage Slipway"
    ]
    /// Second names of the same, left out of the help.
    private static let aliases: Set<String> = ["list", "ps", "remove"]

    /// The command that a long name means, and the words that go with it.
    static func command(_ group: String, _ name: String) -> (name: String, words: [String])? {
        guard let command = names[group]?[name] else { return nil }
        return (command, command == "inspect" ? ["--type=\(group)"] : [])
    }

    /// The help of a group.
    static func help(_ group: String) -> String {
        let own = (names[group] ?? [:]).filter { !aliases.contains($0.key) }.sorted { $0.key < $1.key }
        let lines = own.map { name, command in
            let abstract = Root.commands.first { $0._commandName == command }?.configuration.abstract ?? ""
            return "  \(name)\(String(repeating: " ", count: max(1, 12 - name.count)))\(abstract)\n"
        }
        return """
            Usage:  slipway \(group) COMMAND

            \(abstracts[group] ?? "")

            Commands:
            \(lines.joined())
            Run 'slipway \(group) COMMAND --help' for more information on a command.

            """
    }

    /// What to say of a name that isn't there.
    static func unknown(_ group: String, _ name: String) -> Failure {
        Failure("slipway: unknown command: slipway \(group) \(name)\n\nUsage:  slipway \(group)\n\nRun 'slipway \(group) --help' for more information")
    }
}
