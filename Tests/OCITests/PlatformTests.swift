import OCI
import Testing

@Suite("Platforms")
struct PlatformTests {
    @Test(
        "are read as --platform takes them, in one spelling",
        arguments: [
            ("linux/amd64", "linux/amd64"), ("linux/x86_64", "linux/amd64"), ("Linux/AARCH64", "linux/arm64"), ("linux/arm64/v8", "linux/arm64"),
            ("linux/arm64/8", "linux/arm64"), ("linux/arm", "linux/arm/v7"), ("linux/arm/6", "linux/arm/v6"), ("linux/armhf", "linux/arm/v7"),
            ("linux/i686", "linux/386"), ("s390x", "linux/s390x"), ("windows/amd64", "windows/amd64"), ("linux/amd64/v1", "linux/amd64"),
            ("linux/amd64/v3", "linux/amd64/v3")
        ])
    func parsing(_ text: String, _ expected: String) throws {
        #expect(try Platform(parsing: text).description == expected)
    }

    @Test("of one word are this machine's system or architecture")
    func oneWord() throws {
        #expect(try Platform(parsing: "linux") == Platform.current.normalized)
        #expect(try Platform(parsing: "arm64").architecture == "arm64")
    }

    @Test("that are none are refused in Docker's words", arguments: ["", "linux/", "a/b/c/d", "linux/am d64", "nonsense", "linux//v7"])
    func refused(_ text: String) {
        let error = #expect(throws: PlatformError.self) { try Platform(parsing: text) }
        #expect(error.map { "\($0)".contains("\"\(text)\"") } == true)
    }

    @Test("accept what the processor runs, the best first")
    func accepted() {
        func words(_ platform: Platform) -> [String] { platform.accepted.map(\.description) }
        #expect(words(Platform(architecture: "amd64")) == ["linux/amd64", "linux/386"])
        #expect(words(Platform(architecture: "amd64", variant: "v3")) == ["linux/amd64/v3", "linux/amd64/v2", "linux/amd64", "linux/386"])
        #expect(words(Platform(architecture: "arm", variant: "v7")) == ["linux/arm/v7", "linux/arm/v6", "linux/arm/v5"])
        #expect(words(Platform(architecture: "arm64", variant: "v8")) == ["linux/arm64", "linux/arm/v8", "linux/arm/v7", "linux/arm/v6", "linux/arm/v5"])
        #expect(words(Platform(architecture: "riscv64")) == ["linux/riscv64"])
        #expect(Platform(architecture: "amd64").rank(of: Platform(architecture: "x86_64", variant: "v1")) == 0)
        #expect(Platform(architecture: "amd64").rank(of: Platform(architecture: "amd64", os: "windows")) == nil)
        #expect(Platform(architecture: "amd64").rank(of: Platform(architecture: "unknown", os: "unknown")) == nil)
    }
}
