// One login: the engine's word on a credential, and its place in the user's configuration. docs.docker.com/reference/api/engine, "/auth" · chapter 08, 13

internal import Credentials
internal import DockerClient
internal import JSON

struct Login {
    let engine: Engine
    /// The key in the configuration: a host, or the hub's URL.
    let server: String

    /// The key for what a user names a registry: a host, a URL, or nothing.
    static func server(of text: String) -> String { text == ConfigFile.hub ? text : ConfigFile.key(of: ConfigFile.host(of: text)) }

    /// What the user had until now.
    func stored(_ config: ConfigFile) throws(Failure) -> Credential? {
        do throws(CredentialsError) { return try config.credential(for: server) } catch {
            Output.complain("WARNING: Error loading config file: \(error)\n")
            return nil
        }
    }

    /// Uses what is there.
    ///
    /// - Returns: false where the registry no longer takes it.
    func tryAgain(_ stored: Credential, _ config: inout ConfigFile) throws(Failure) -> Bool {
        Output.complain(
            "Authenticating with existing credentials... [Username: \(stored.username)]\n\n"
                + " Info -> To login with a different account, run 'slipway logout' followed by 'slipway login'\n\n\n")
        let reply: Engine.Reply
        do throws(ClientError) { reply = try ask(stored) } catch {
            Output.complain(error.status == 401 ? "Stored credentials invalid or expired\n" : "Login did not succeed, error: \(error)\n")
            return false
        }
        try keep(stored, reply, &config)
        return true
    }

    /// Logs in, and keeps what is good.
    func enter(_ credential: Credential, _ config: inout ConfigFile) throws(Failure) {
        let reply: Engine.Reply
        do throws(ClientError) { reply = try ask(credential) } catch { throw Failure(error) }
        try keep(credential, reply, &config)
    }

    private func ask(_ credential: Credential) throws(ClientError) -> Engine.Reply {
        try engine.call(Request("POST", ["auth"], body: .json(engineObject(credential, server: server))))
    }

    private func keep(_ credential: Credential, _ reply: Engine.Reply, _ config: inout ConfigFile) throws(Failure) {
        var kept = credential
        let answer = JSONValue(reply.body)  // nil with status 204: good, and no more to say
        if let token = answer?["IdentityToken"]?.string, !token.isEmpty { (kept.password, kept.identityToken) = ("", token) }
        do throws(CredentialsError) {
            if try config.save(kept, for: server) == .file, !kept.password.isEmpty { Output.complain(Self.warning(config)) }
        } catch { throw Failure("Error saving credentials: \(error)") }
        Output.line(answer?["Status"]?.string ?? "Login Succeeded")
    }

    private static func warning(_ config: ConfigFile) -> String {
        """

        WARNING! Your credentials are stored unencrypted in '\(config.path)'.
        Configure a credential helper to remove this warning. See
        https://docs.docker.com/go/credential-store/


        """
    }
}

extension Session {
    /// The user's configuration, to be changed: one that can't be read must not be written over.
    func configuration() throws(Failure) -> ConfigFile {
        do throws(CredentialsError) { return try ConfigFile.standard(environment: OwnEnvironment.values) } catch {
            throw Failure("Error loading config file: \(error)")
        }
    }
}
