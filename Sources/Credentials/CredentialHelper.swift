// A program that keeps secrets elsewhere than in a file: `docker-credential-NAME get|store|erase`, with the server (or JSON) on its standard input
// and JSON on its standard output. What it is given is written into the pipe before it starts: a pipe holds 64 KiB, so nobody waits for
// anybody, and a helper that ends without reading breaks nothing. github.com/docker/docker-credential-helpers · chapter 08
//
//     get    in: SERVER                                        out: {"ServerURL":…,"Username":…,"Secret":…}; Username <token>: an identity token
//     store  in: {"ServerURL":…,"Username":…,"Secret":…}       out: nothing
//     erase  in: SERVER                                        out: nothing; any failure: exit 1, and the reason on standard output

internal import JSON
internal import Linux

/// A helper program, by the name that the configuration gives it.
struct CredentialHelper: Sendable {
    let name: String
    let environment: [String: String]

    private static let notFound = "credentials not found in native keychain"

    /// What it has for a server; nil where it has nothing.
    func get(_ server: String) throws(CredentialsError) -> Credential? {
        let (output, reason) = try run("get", server, doing: "getting")
        if output == Self.notFound, reason != nil { return nil }
        if let reason { throw failure("getting", reason, output) }
        guard let answer = JSONValue(Array(output.utf8)), case .object = answer else { throw failure("getting", "its answer is no JSON object", "") }
        let username = answer["Username"]?.string ?? "", secret = answer["Secret"]?.string ?? ""
        return username == "<token>" ? Credential(identityToken: secret) : Credential(username: username, password: secret)
    }

    /// Gives it a secret to keep.
    func store(_ credential: Credential, for server: String) throws(CredentialsError) {
        let isToken = !credential.identityToken.isEmpty
        let secret: [JSONValue.Member] = [
            .init(name: "ServerURL", value: .string(server)), .init(name: "Username", value: .string(isToken ? "<token>" : credential.username)),
            .init(name: "Secret", value: .string(isToken ? credential.identityToken : credential.password))
        ]
        let (output, reason) = try run("store", JSONValue.object(secret).text(), doing: "storing")
        if let reason { throw failure("storing", reason, output) }
    }

    /// Makes it forget a server; one that it doesn't know is no failure.
    func erase(_ server: String) throws(CredentialsError) {
        let (output, reason) = try run("erase", server, doing: "erasing")
        if let reason, output != Self.notFound { throw failure("erasing", reason, output) }
    }

    private func failure(_ doing: String, _ reason: String, _ output: String) -> CredentialsError {
        .helper(name: name, doing: doing, reason: reason, output: output)
    }

    /// Runs it to its end.
    ///
    /// - Returns: its standard output, and why it failed, if it did.
    private func run(_ verb: String, _ input: String, doing: String) throws(CredentialsError) -> (output: String, reason: String?) {
        let program = "docker-credential-\(name)", bytes = Array(input.utf8)
        guard !name.contains("/") else { throw failure(doing, "a helper's name has no slash: \(name)", "") }
        guard bytes.count <= 60_000 else { throw failure(doing, "more than 60,000 bytes", "") }
        do {
            let file = try findCommand(program, searchPath: environment["PATH"] ?? "")
            let (answer, status) = try start(file, [program, verb], bytes)
            let text = String(decoding: answer, as: UTF8.self), blanks: Set<Character> = [" ", "\t", "\n", "\r", "\r\n"]
            let trimmed = text.drop { blanks.contains($0) }, end = trimmed.lastIndex { !blanks.contains($0) }
            return (end.map { String(trimmed[...$0]) } ?? "", status == .exited(0) ? nil : Self.words(status))
        } catch let error as CommandError { throw failure(doing, "\(error)", "") } catch { throw failure(doing, "\(error)", "") }
    }

    private static func words(_ status: ExitStatus) -> String {
        switch status {
        case .exited(let code): "exit status \(code)"
        case .signaled(let signal): "signal: \(Signal(rawValue: signal))"
        }
    }

    private func start(_ file: FilePath, _ arguments: [String], _ input: [UInt8]) throws(KernelError) -> ([UInt8], ExitStatus) {
        let question = try Pipe(), answer = try Pipe()
        try question.writing.borrow { (descriptor) throws(KernelError) in try write(descriptor, input) }
        let theirInput = question.takeReading()
        let child = try theirInput.borrow { (input) throws(KernelError) in
            try answer.writing.borrow { (output) throws(KernelError) in
                let variables = environment.map { "\($0.key)=\($0.value)" }
                return try spawn(
                    Spawn(file, arguments, environment: variables, descriptors: [(input, 0), (output, 1), (.standardError, 2)]))
            }
        }
        let ourEnd = answer.takeReading()
        let text = try ourEnd.borrow { (descriptor) throws(KernelError) in try readAll(descriptor, upTo: 1 << 20) }
        // A helper that goes on talking is stopped by the pipe that we close no later than this function ends; it is waited for all the same.
        try discard(ourEnd)
        let status = try child.descriptor.borrow { (descriptor) throws(KernelError) in try wait(descriptor) }
        return (text, status ?? .exited(1))
    }

    private func discard(_ descriptor: consuming Descriptor) throws(KernelError) {}
}
