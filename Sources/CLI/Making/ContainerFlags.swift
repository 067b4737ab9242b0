// The flags that `run` and `create` share: what a container is made of; what ties it to its surroundings stands in ConnectionFlags.swift. They
// mean what Docker's mean; one that isn't here is refused as unknown rather than ignored. chapter 13

internal import ArgumentParser

struct ContainerFlags: ParsableArguments {
    static let valued = "\(own) \(NetworkFlags.valued) \(VolumeFlags.valued) \(HealthFlags.valued)"
    private static let own = """
        add-host annotation cap-add cap-drop cgroup-parent cgroupns cidfile cpu-period cpu-quota cpu-shares/c cpus cpuset-cpus cpuset-mems domainname \
        entrypoint env/e env-file group-add hostname/h ipc label/l log-driver log-opt memory/m memory-reservation memory-swap name \
        oom-score-adj pid pids-limit platform pull restart runtime security-opt shm-size stop-signal stop-timeout sysctl tmpfs ulimit user/u userns uts workdir/w
        """
    static let switches = "init interactive/i oom-kill-disable privileged quiet/q read-only rm tty/t \(NetworkFlags.switches) \(HealthFlags.switches)"

    @OptionGroup var networks: NetworkFlags
    @OptionGroup var volumes: VolumeFlags
    @OptionGroup var health: HealthFlags

    @Option(help: "Add a custom host-to-IP mapping (host:ip)") var addHost: [String] = []
    @Option(help: "Add an annotation to the container") var annotation: [String] = []
    @Option(help: "Add Linux capabilities") var capAdd: [String] = []
    @Option(help: "Drop Linux capabilities") var capDrop: [String] = []
    @Option(help: "Parent cgroup of the container's") var cgroupParent = ""
    @Option(help: "Cgroup namespace: host or private") var cgroupns = ""
    @Option(help: "Write the container's ID to this file") var cidfile: String?
    @Option(help: "Length of a CPU period, microseconds") var cpuPeriod = "0"
    @Option(help: "CPU time in a period, microseconds") var cpuQuota = "0"
    @Option(name: [.customShort("c"), .long], help: "CPU shares (relative weight)") var cpuShares = "0"
    @Option(help: "Number of CPUs") var cpus: String?
    @Option(help: "CPUs to run on (0-3, 0,1)") var cpusetCpus = ""
    @Option(help: "Memory nodes to use (0-3, 0,1)") var cpusetMems = ""
    @Option(help: "NIS domain name") var domainname = ""
    @Option(help: "Overwrite the image's ENTRYPOINT") var entrypoint: String?
    @Option(name: .shortAndLong, help: "Set an environment variable") var env: [String] = []
    @Option(help: "Read environment variables from a file") var envFile: [String] = []
    @Option(help: "Additional groups to join") var groupAdd: [String] = []
    @Option(name: .shortAndLong, help: "Host name of the container") var hostname = ""
    @Flag(help: "Run a small init that forwards signals and reaps processes") var `init` = false
    @Flag(name: .shortAndLong, help: "Keep standard input open") var interactive = false
    @Option(help: "IPC namespace: none, private, shareable, host, container:NAME") var ipc = ""
    @Option(name: .shortAndLong, help: "Set a label") var label: [String] = []
    @Option(help: "Logging driver: json-file or none") var logDriver = ""
    @Option(help: "Option of the logging driver") var logOpt: [String] = []
    @Option(name: .shortAndLong, help: "Memory limit") var memory = "0"
    @Option(help: "Soft memory limit") var memoryReservation = "0"
    @Option(help: "Limit of memory plus swap; -1 for unlimited swap") var memorySwap = "0"
    @Option(help: "Name of the container") var name: String?
    @Flag(help: "Don't end the container when memory runs out") var oomKillDisable = false
    @Option(help: "Preference when the host runs out of memory (-1000 to 1000)") var oomScoreAdj = "0"
    @Option(help: "PID namespace: host, container:NAME") var pid = ""
    @Option(help: "Limit of processes; -1 for unlimited") var pidsLimit = "0"
    @Option(help: "Platform, if the engine has several") var platform: String?
    @Flag(help: "Give all privileges to the container") var privileged = false
    @Option(help: "Pull the image before: always, missing, never") var pull = "missing"
    @Flag(name: .shortAndLong, help: "Don't show the progress of a pull") var quiet = false
    @Flag(help: "Mount the container's root read-only") var readOnly = false
    @Option(help: "Restart policy: no, always, on-failure[:N], unless-stopped") var restart = "no"
    @Flag(help: "Remove the container when it ends") var rm = false
    @Option(help: "OCI runtime to use") var runtime = ""
    @Option(help: "Security options") var securityOpt: [String] = []
    @Option(help: "Size of /dev/shm") var shmSize = "0"
    @Option(help: "Signal that stops the container") var stopSignal: String?
    @Option(help: "Seconds to wait before killing when stopping") var stopTimeout: String?
    @Option(help: "Set a kernel parameter of the container") var sysctl: [String] = []
    @Option(help: "Mount a tmpfs at this path") var tmpfs: [String] = []
    @Flag(name: .shortAndLong, help: "Give the container a terminal") var tty = false
    @Option(help: "Limit of a resource (nofile=1024:2048)") var ulimit: [String] = []
    @Option(name: .shortAndLong, help: "User (name or number, and perhaps :group)") var user = ""
    @Option(help: "User namespace") var userns = ""
    @Option(help: "UTS namespace: host") var uts = ""
    @Option(name: .shortAndLong, help: "Working directory in the container") var workdir = ""
}
