// The API as clients meet it: what is unbuilt says so, what is bad is refused in Docker's words, and docker-py works.
import Foundation
import Testing

@Suite("The API keeps its promises", .enabled(if: Machine.isSandbox, Machine.why), .serialized)
struct InterfaceTests {
    static let shared = Result { try Testbed("api") }
    let bed: Testbed
    init() throws { bed = try Self.shared.get() }

    @Test(
        "a route that is not built answers 404 or 501 in JSON, never a silent success",
        arguments: [
            "POST /build", "POST /images/load", "GET /images/get", "POST /images/bb/push?tag=latest", "GET /images/search?term=x",
            "POST /commit?container=x", "POST /session", "POST /grpc",
            "GET /swarm", "GET /nodes", "GET /services", "GET /tasks", "GET /secrets", "GET /configs", "GET /plugins/x/json", "GET /nonsense",
            "POST /containers/x/checkpoints",
            "GET /containers/x/archive?path=/"
        ])
    func unbuilt(route: String) throws {
        let words = route.split(separator: " ").map(String.init)
        let answer = try bed.request(words[0], "/v1.41\(words[1])", body: words[0] == "POST" ? "{}" : nil)
        #expect([404, 501, 503].contains(answer.status), "\(route): \(answer)")
        #expect(answer.body.contains("\"message\""), "\(route): \(answer)")
    }

    @Test("bad requests get 400 and Docker's words")
    func badRequests() throws {
        #expect(try bed.request("POST", "/v1.41/containers/create", body: "{").status == 400)
        #expect(try bed.request("POST", "/v1.41/containers/create", body: "{\"Image\":\"nosuch\"}").status == 404)
        #expect(try bed.request("GET", "/v1.99/info").body.contains("client version 1.99 is too new"))
        #expect(try bed.request("GET", "/v1.12/info").body.contains("client version 1.12 is too old"))
        #expect(try bed.request("GET", "/v1.41/containers/nosuch/json").body.contains("No such container: nosuch"))
        #expect(try bed.request("GET", "/v1.41/containers/json?filters=%7B%22nosuch%22:%7B%22x%22:true%7D%7D").status == 400)
        #expect(try bed.request("POST", "/v1.41/containers/nosuch/start").status == 404)
    }

    @Test("_ping answers to GET and HEAD")
    func ping() throws {
        #expect(try bed.request("GET", "/_ping").body == "OK")
        #expect(try bed.request("HEAD", "/_ping").body.contains("Api-Version"))
    }

    @Test(
        "docker-py runs a container, and reads its logs and its end",
        .enabled(if: (try? run(["python3", "-c", "import docker"]).status) == 0, "UNVERIFIED HERE: needs the docker package of PyPI"))
    func dockerPy() throws {
        let program = """
            import docker
            client = docker.from_env()
            assert client.ping()
            assert client.containers.run("bb", ["echo", "hello"], remove=True) == b"hello\\n"
            one = client.containers.run("bb", ["sh", "-c", "echo a; exit 3"], detach=True)
            assert one.wait()["StatusCode"] == 3
            assert one.logs() == b"a\\n"
            one.reload()
            assert one.status == "exited" and one.attrs["State"]["ExitCode"] == 3
            one.remove()
            try:
                client.containers.get("nosuch")
            except docker.errors.NotFound:
                print("fine")
            """
        let outcome = try run(["python3", "-c", program], environment: bed.environment)
        #expect(outcome.line == "fine", "\(outcome)")
    }

    @Test("without root, the daemon and the tools say so in a sentence")
    func withoutRoot() throws {
        let folder = "/tmp/slipway-nobody"
        try run([
            "sh", "-c",
            "mkdir -p \(folder) && cp " + ["slipwayd", "slip-ns", "slip-chroot", "slip-cgroup"].map { Machine.tool($0) }.joined(separator: " ") + " \(folder)"
        ])
        defer { _ = try? FileManager.default.removeItem(atPath: folder) }
        for words in [["slipwayd", "--data-root", "/tmp/nd", "--exec-root", "/tmp/nr"], ["slip-ns", "--uts", "--", "true"], ["slip-chroot", "/tmp", "true"]] {
            let outcome = try run(
                ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "\(folder)/\(words[0])"] + words.dropFirst(), seconds: 10)
            #expect(outcome.status > 0 && outcome.errors.contains("root"), "\(words): \(outcome)")
            #expect(outcome.errors.split(separator: "\n").count == 1, "\(words): \(outcome)")
        }
    }

    @Test("two daemons with different roots live side by side, and two with the same do not")
    func daemons() throws {
        let other = try Testbed("side")
        #expect(try other.slipway("run", "--rm", "bb", "echo", "there").line == "there")
        #expect(try bed.slipway("run", "--rm", "bb", "echo", "here").line == "here")
        let second = try run(
            [Machine.tool("slipwayd"), "--data-root", bed.data.path, "--exec-root", "/tmp/slipway-other-run", "-H", "unix:///tmp/slipway-other.sock"],
            seconds: 15)
        #expect(second.status != 0 && second.status != -1, "\(second)")
        #expect(second.errors.contains(bed.data.path), "it names the root that is taken: \(second.errors)")
        _ = try? FileManager.default.removeItem(atPath: "/tmp/slipway-other-run")
    }
}
