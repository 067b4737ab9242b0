// Which keys leave a terminal: those of the command line, else those of docker's config.json, else ctrl-p ctrl-q. An engine is told only of keys
// that somebody has chosen, for it knows the usual ones itself. docs.docker.com/reference/cli/docker · chapter 13

internal import Credentials
internal import Terminals

/// The user's detach keys.
struct UserKeys {
    let keys: DetachKeys
    /// What was chosen; nil where nothing was.
    let asked: String?

    /// - Parameter flag: the value of `--detach-keys`
    /// - Throws: a failure of 125 that names the key that there is not.
    init(_ flag: String?) throws(Failure) {
        do throws(CredentialsError) {
            asked = if let flag { flag } else { try ConfigFile.standard(environment: OwnEnvironment.values).detachKeys }
        } catch { throw Failure("\(error)", code: 125) }
        do throws(DetachKeysError) { keys = try DetachKeys(asked ?? DetachKeys.usual) } catch { throw Failure("\(error)", code: 125) }
    }
}
