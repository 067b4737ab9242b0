// `slipway system df`: what images, containers and volumes take, and how much of it nobody uses; -v names each of them. The sums are Docker's.
// moby, cli/command/formatter/disk_usage.go. chapter 12, 13

internal import ArgumentParser
internal import JSON

struct DiskUsageCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "system df", abstract: "Show disk usage", usage: "slipway system df [OPTIONS]")
    static let flags = FlagTable(valued: "format", switches: "verbose/v")

    @Option(help: "A template for each kind, `table TEMPLATE`, or json") var format: String?
    @Flag(name: .shortAndLong, help: "Show each image, container and volume") var verbose = false
    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard words.isEmpty else { throw .refusal("system df", "accepts no arguments", "[OPTIONS]") }
        let usage = DiskUsage(try session.json("GET", ["system", "df"]))
        if verbose, format == nil {
            Output.print(try usage.details())
            return 0
        }
        let columns = [("Type", "TYPE"), ("TotalCount", "TOTAL"), ("Active", "ACTIVE"), ("Size", "SIZE"), ("Reclaimable", "RECLAIMABLE")]
        Output.print(try Rows(columns: columns, others: [:], values: usage.lines.map(\.row)).text(format: format))
        return 0
    }
}

/// The engine's answer.
struct DiskUsage {
    let images: [JSONValue], containers: [JSONValue], volumes: [JSONValue], cache: [JSONValue]
    let layersSize: Int64

    init(_ reply: JSONValue) {
        (images, containers) = (reply["Images"]?.items ?? [], reply["Containers"]?.items ?? [])
        (volumes, cache, layersSize) = (reply["Volumes"]?.items ?? [], reply["BuildCache"]?.items ?? [], reply["LayersSize"]?.integer ?? 0)
    }

    /// A line of the short form.
    struct Line: Equatable {
        let type: String, total: Int, active: Int, size: Int64, reclaimable: Int64
        var hasShare = true

        var row: JSONValue {
            let share = hasShare && size > 0 ? " (\(reclaimable * 100 / size)%)" : ""
            return .object([
                .text("Type", type), .text("TotalCount", "\(total)"), .text("Active", "\(active)"), .text("Size", Words.size(size, digits: 4)),
                .text("Reclaimable", Words.size(reclaimable, digits: 4) + share)
            ])
        }
    }

    var lines: [Line] {
        let used = images.filter { number($0, "Containers") != 0 && number($0, "Size") != -1 && number($0, "SharedSize") != -1 }
        let running = containers.filter { ["running", "paused", "restarting"].contains($0["State"]?.string ?? "") }
        let sizes = volumes.map { (size: max(0, size($0)), links: links($0)) }
        let written = containers.reduce(0) { $0 + number($1, "SizeRw") }
        return [
            Line(
                type: "Images", total: images.count, active: images.count { number($0, "Containers") > 0 }, size: layersSize,
                reclaimable: layersSize - used.reduce(0) { $0 + number($1, "Size") - number($1, "SharedSize") }),
            Line(
                type: "Containers", total: containers.count, active: running.count, size: written,
                reclaimable: written - running.reduce(0) { $0 + number($1, "SizeRw") }),
            Line(
                type: "Local Volumes", total: volumes.count, active: sizes.count { $0.links > 0 }, size: sizes.reduce(0) { $0 + $1.size },
                reclaimable: sizes.reduce(0) { $0 + ($1.links == 0 ? $1.size : 0) }),
            Line(
                type: "Build Cache", total: cache.count, active: cache.count { $0["InUse"]?.isTrue ?? false },
                size: cache.reduce(0) { $0 + ($1["Shared"]?.isTrue ?? false ? 0 : number($1, "Size")) },
                reclaimable: cache.reduce(0) { $0 + ($1["Shared"]?.isTrue ?? false || $1["InUse"]?.isTrue ?? false ? 0 : number($1, "Size")) }, hasShare: false)
        ]
    }

    /// The long form.
    func details() throws(Failure) -> String {
        var text = "Images space usage:\n\n"
        text += Table.text(
            [["REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE", "SHARED SIZE", "UNIQUE SIZE", "CONTAINERS"]] + images.flatMap(imageLines))
        text += "\nContainers space usage:\n\n"
        text += Table.text(
            [["CONTAINER ID", "IMAGE", "COMMAND", "LOCAL VOLUMES", "SIZE", "CREATED", "STATUS", "NAMES"]]
                + containers.map { container in
                    let row = ContainerRow(container: container, isWhole: false).value
                    let fields = ["ID", "Image", "Command", "LocalVolumes", "", "RunningFor", "Status", "Names"]
                    return fields.map { $0.isEmpty ? Words.size(number(container, "SizeRw")) : row[$0]?.string ?? "" }
                })
        text += "\nLocal Volumes space usage:\n\n"
        text += Table.text(
            [["VOLUME NAME", "LINKS", "SIZE"]]
                + volumes.map { [$0["Name"]?.string ?? "", "\(links($0))", size($0) < 0 ? "N/A" : Words.size(size($0), digits: 4)] })
        text += "\nBuild cache usage: \(Words.size(cache.reduce(0) { $0 + number($1, "Size") }, digits: 4))\n\n"
        return text + Table.text([["CACHE ID", "CACHE TYPE", "SIZE", "CREATED", "LAST USED", "USAGE", "SHARED"]])
    }

    private func imageLines(_ image: JSONValue) -> [[String]] {
        let size = number(image, "Size"), shared = number(image, "SharedSize"), names = (image["RepoTags"]?.items ?? []).map(\.printed)
        return (names.isEmpty ? ["<none>:<none>"] : names).map { name in
            let colon = name.lastIndex(of: ":") ?? name.endIndex
            return [
                String(name[..<colon]), String(name[colon...].dropFirst()), Table.shortID(image["Id"]?.string ?? ""), Words.ago(number(image, "Created")),
                Words.size(size), Words.size(shared, digits: 4), Words.size(size - shared, digits: 4), "\(number(image, "Containers"))"
            ]
        }
    }

    private func number(_ value: JSONValue, _ name: String) -> Int64 { value[name]?.integer ?? 0 }
    private func size(_ volume: JSONValue) -> Int64 { volume["UsageData"]?["Size"]?.integer ?? -1 }
    private func links(_ volume: JSONValue) -> Int64 { volume["UsageData"]?["RefCount"]?.integer ?? 0 }
}
