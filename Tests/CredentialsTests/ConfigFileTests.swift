// What docker login keeps, read and kept: entries of all ages, helpers good and bad, files that are none. Chapter 08.
import Credentials
import JSON
import Linux
import Testing

@Suite("A user's config.json")
struct ConfigFileTests {
    /// `bob:secret`
    let pair = "Ym9iOnNlY3JldA=="
    let bob = Credential(username: "bob", password: "secret")

    @Test("says who the user is to a registry, by its host, by its URL, and to Docker Hub by its old one")
    func entries() throws {
        let place = try Place(
            #"{"auths":{"https://index.docker.io/v1/":{"auth":"\#(pair)"},"reg:5000":{"username":"al","password":"pw"},"https://old.example/v1/":{"auth":"\#(pair)"},"#
                + #""t.example":{"auth":"\#(pair)","identitytoken":"idt"},"r.example":{"registrytoken":"rt"},"empty.example":{}},"detachKeys":"ctrl-a,a"}"#)
        let config = try place.config()
        for (domain, wanted) in [
            ("docker.io", bob), ("index.docker.io", bob), (ConfigFile.hub, bob), ("reg:5000", Credential(username: "al", password: "pw")), ("old.example", bob),
            ("t.example", Credential(username: "bob", password: "secret", identityToken: "idt")), ("r.example", Credential(registryToken: "rt")),
            ("empty.example", nil), ("nosuch.example", nil), ("reg", nil)
        ] as [(String, Credential?)] { #expect(try config.credential(for: domain) == wanted, "\(domain)") }
        #expect(config.detachKeys == "ctrl-a,a" && config.path == place.file)
    }

    @Test("may be missing, or empty, or have other things where these would be")
    func missing() throws {
        #expect(try Place().config().credential(for: "docker.io") == nil)
        for text in ["", " \n", "{}", #"{"auths":null}"#, #"{"auths":[1]}"#, #"{"auths":{"x":null}}"#, #"{"auths":{"x":7},"credsStore":3,"detachKeys":false}"#]
        {
            let config = try Place(text).config()
            #expect(try config.credential(for: "x") == nil && config.detachKeys == nil, "\(text)")
        }
        #expect(try ConfigFile.standard(environment: ["HOME": "/nonexistent"]).path == "/nonexistent/.docker/config.json")
    }

    @Test(
        "that is none is refused with its path", arguments: ["x", "[]", "{", "\"{}\"", #"{"auths":{}"#, String(repeating: "[", count: 100_000), "{}{}", "\u{0}"]
    )
    func malformed(text: String) throws {
        let place = try Place(text)
        #expect { try place.config() } throws: { error in "\(error)".hasPrefix("\(place.file): ") }
    }

    @Test("with a broken entry says which, and never what is in it", arguments: ["%%%", "Ym9i", "OnNlY3JldA==", "Zg="])
    func brokenEntry(auth: String) throws {
        let config = try Place(#"{"auths":{"reg":{"auth":"\#(auth)"}}}"#).config()
        #expect { try config.credential(for: "reg") } throws: { error in "\(error)".contains("the auth of reg") && !"\(error)".contains(auth) }
        #expect(try config.credential(for: "other") == nil)
    }

    @Test("A password has colons, and loses the zero bytes that old clients put around it; a folder or a fifo is no file")
    func odd() throws {
        let config = try Place(#"{"auths":{"reg":{"auth":"\#(Base64.encoded(Array("bob:a:b:c\0\0".utf8)))"}}}"#).config()
        #expect(try config.credential(for: "reg") == Credential(username: "bob", password: "a:b:c"))
        let place = try Place()
        try makeDirectory(place.file, mode: 0o700)
        #expect(throws: CredentialsError.self) { try place.config() }
        let other = try Place()
        try makeNode(other.file, mode: 0o10600)
        #expect(try other.config().credential(for: "x") == nil, "a fifo nobody writes to is empty, and waited for by nobody")
    }

    @Test("The header for the engine is base64 for URLs, and an empty object where there is nothing")
    func header() throws {
        #expect(encodedForEngine(nil, server: "x") == "e30=")
        let letters = encodedForEngine(Credential(username: "ü?>", password: "p", identityToken: "t"), server: "reg:5000")
        let bytes = try #require(Base64.decoded(letters))
        #expect(String(decoding: bytes, as: UTF8.self) == #"{"username":"ü?>","password":"p","serveraddress":"reg:5000","identitytoken":"t"}"#)
        #expect(!letters.contains { "+/".contains($0) } && letters.count.isMultiple(of: 4))
    }

    @Test("A credential doesn't show its secrets") func description() {
        #expect("\(bob)" == "bob and a secret" && "\(Credential(identityToken: "x"))" == "a token")
    }
}

@Suite("Keeping a login")
struct SavingTests {
    @Test("changes one entry; what we don't understand stays, in its order, with its digits")
    func keeps() throws {
        let place = try Place(
            #"{"HttpHeaders":{"X":"<&>"},"auths":{"a":{"auth":"Ym9iOnNlY3JldA==","email":"e"}},"big":9007199254740993,"plugins":{"z":[1,{}]}}"#)
        var config = try place.config()
        #expect(try config.save(Credential(username: "al", password: "pw"), for: "reg:5000") == .file)
        #expect(
            try place.text("config.json")
                == "{\n\t\"HttpHeaders\": {\n\t\t\"X\": \"<&>\"\n\t},\n\t\"auths\": {\n\t\t\"a\": {\n\t\t\t\"auth\": \"Ym9iOnNlY3JldA==\",\n\t\t\t\"email\": \"e\"\n\t\t},\n"
                + "\t\t\"reg:5000\": {\n\t\t\t\"auth\": \"YWw6cHc=\"\n\t\t}\n\t},\n\t\"big\": 9007199254740993,\n\t\"plugins\": {\n\t\t\"z\": [\n\t\t\t1,\n\t\t\t{}\n\t\t]\n\t}\n}\n"
        )
        #expect(try place.config().credential(for: "reg:5000") == Credential(username: "al", password: "pw"))
        #expect(try config.save(Credential(username: "al", password: "pw"), for: "reg:5000") == .unchanged)
        try config.remove("reg:5000")
        try config.remove("nosuch")
        #expect(try place.config().credential(for: "reg:5000") == nil && place.config().credential(for: "a") != nil)
    }

    @Test("makes a file for its owner alone, keeps the mode of one that is there, follows a link, and leaves nothing beside it")
    func modes() throws {
        let place = try Place()
        var config = try ConfigFile.standard(environment: ["DOCKER_CONFIG": "\(place.folder)/new/deep"])
        _ = try config.save(Credential(identityToken: "t"), for: "reg")
        let file = place.folder.appending("new/deep/config.json")
        #expect(try status(file).mode & 0o777 == 0o600 && status(file.removingLastComponent()).mode & 0o777 == 0o700)
        #expect(try ConfigFile(readFrom: file).credential(for: "reg") == Credential(identityToken: "t"))
        try changeMode(file, 0o640)
        try symbolicLink("new/deep/config.json", at: place.file)
        var linked = try place.config()
        _ = try linked.save(Credential(username: "a", password: "b"), for: "other")
        #expect(try status(file).mode & 0o777 == 0o640 && status(place.file, followLinks: false).kind == .symbolicLink)
        #expect(try ConfigFile(readFrom: file).credential(for: "other") == Credential(username: "a", password: "b"))
        #expect(try entries(file.removingLastComponent()) == ["config.json"] && entries(place.folder).sorted() == ["config.json", "new"])
    }

    @Test("that fails leaves the old file as it was")
    func failure() throws {
        let place = try Place(#"{"auths":{}}"#)
        var config = try ConfigFile(readFrom: place.file.appending("below"))
        #expect(throws: CredentialsError.self) { try config.save(Credential(username: "a", password: "b"), for: "reg") }
        #expect(try place.text("config.json") == #"{"auths":{}}"# && entries(place.folder) == ["config.json"])
    }
}

@Suite("Credential helpers")
struct HelperTests {
    /// Keeps one secret in a file, as a helper does.
    let keeper =
        #"case $1 in get) grep -q . "$FOLDER/kept" 2>/dev/null && cat "$FOLDER/kept" || { echo credentials not found in native keychain; exit 1; };; store) cat >"$FOLDER/kept";; erase) cat >"$FOLDER/erased"; rm -f "$FOLDER/kept";; esac"#

    @Test("keep secrets elsewhere: the file only knows the server")
    func keeping() throws {
        let place = try Place(#"{"credsStore":"keeper"}"#)
        try place.helper("keeper", keeper)
        var config = try place.config()
        #expect(try config.credential(for: "reg") == nil)
        #expect(try config.save(Credential(username: "bob", password: "s\"ecret"), for: "reg") == .helper("keeper"))
        #expect(try place.text("kept") == #"{"ServerURL":"reg","Username":"bob","Secret":"s\"ecret"}"# && !place.text("config.json").contains("ecret\""))
        #expect(try place.config().credential(for: "reg") == Credential(username: "bob", password: "s\"ecret"))
        _ = try config.save(Credential(username: "bob", identityToken: "tok"), for: "reg")
        #expect(try place.config().credential(for: "reg") == Credential(identityToken: "tok"))
        try config.remove("reg")
        #expect(try place.text("erased") == "reg" && place.config().credential(for: "reg") == nil && !place.text("config.json").contains("reg"))
    }

    @Test("of one server go before the one of all; an empty name means the file")
    func choice() throws {
        let place = try Place(
            #"{"auths":{"file.example":{"auth":"Ym9iOnNlY3JldA=="}},"credsStore":"all","credHelpers":{"one.example":"one","file.example":"","https://index.docker.io/v1/":"one"}}"#
        )
        try place.helper("all", #"echo '{"Username":"all","Secret":"1"}'"#)
        try place.helper("one", #"read server; echo "{\"Username\":\"one\",\"Secret\":\"$server\"}""#)
        let config = try place.config()
        #expect(try config.credential(for: "any.example") == Credential(username: "all", password: "1"))
        #expect(try config.credential(for: "one.example") == Credential(username: "one", password: "one.example"))
        #expect(try config.credential(for: "docker.io") == Credential(username: "one", password: ConfigFile.hub))
        #expect(try config.credential(for: "file.example") == Credential(username: "bob", password: "secret"))
    }

    @Test(
        "that fail are told in Docker's words",
        arguments: [
            ("echo it is locked; exit 3", "error getting credentials - err: exit status 3, out: `it is locked`"),
            ("kill -9 $$", "error getting credentials - err: signal: SIGKILL, out: ``"), ("echo no json", "its answer is no JSON object"),
            ("echo '[1]'", "its answer is no JSON object"), ("exit 0", "its answer is no JSON object")
        ])
    func failing(script: String, words: String) throws {
        let place = try Place(#"{"credsStore":"bad"}"#)
        try place.helper("bad", script)
        #expect { try place.config().credential(for: "reg") } throws: { error in "\(error)".contains(words) }
    }

    @Test("that aren't there, aren't programs, or have a path for a name")
    func missing() throws {
        for (name, words) in [("nosuch", "executable file not found in $PATH"), ("../x", "has no slash")] {
            let config = try Place(#"{"credsStore":"\#(name)"}"#).config()
            #expect { try config.credential(for: "reg") } throws: { error in "\(error)".contains(words) }
        }
    }

    @Test("may talk without end, and may not listen: neither stops us")
    func talking() throws {
        let place = try Place(#"{"credsStore":"bad","credHelpers":{"deaf":"deaf"}}"#)
        try place.helper("bad", "exec cat /dev/zero")
        try place.helper("deaf", #"exec <&-; echo '{"Username":"u","Secret":"s"}'"#)
        let config = try place.config()
        #expect(throws: CredentialsError.self) { try config.credential(for: "reg") }
        #expect(try config.credential(for: "deaf") == Credential(username: "u", password: "s"))
    }
}
