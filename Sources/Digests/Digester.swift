// SHA-256 over a stream, by libcrypto, which uses the processor's own instructions (about 1.2 GB a second; plain code reaches a quarter).
// The old `SHA256_*` functions rather than EVP: their context is a plain struct, so a digester is a value without allocation or clean-up,
// and a static program does not load OpenSSL's providers at its start. man 3 SHA256_Update; chapter 08.

import CCrypto

/// Computes the SHA-256 of bytes that arrive in pieces. Large pieces (256 KiB) are fastest.
public struct Digester: Sendable {
    private var context = SHA256_CTX()

    /// A digester that has seen no bytes.
    public init() {
        unsafe SHA256_Init(&context)
    }

    /// Adds `bytes` to what is hashed.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        unsafe SHA256_Update(&context, bytes.baseAddress, bytes.count)
    }

    /// Adds `bytes` to what is hashed.
    public mutating func update(_ bytes: RawSpan) {
        unsafe bytes.withUnsafeBytes { unsafe update($0) }
    }

    /// Adds `bytes` to what is hashed.
    public mutating func update(_ bytes: [UInt8]) {
        unsafe bytes.withUnsafeBytes { unsafe update($0) }
    }

    /// The digest of all bytes so far; the digester itself can go on.
    public func finish() -> Digest {
        var copy = context
        var raw = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        unsafe SHA256_Final(&raw, &copy)
        return Digest(raw: raw)
    }
}
