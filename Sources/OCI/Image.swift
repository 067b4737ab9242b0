// The image specification's values: a manifest names a configuration and layers by digest, an index names manifests by platform, and the
// configuration says what `docker run` runs. Docker's own schema 2 uses the same shapes under other media types.
//
// https://github.com/opencontainers/image-spec · chapters 07 and 08

/// Points at a blob: what it is, how long, and its digest. (The specification calls it a descriptor; here that word is for open files.)
public struct ContentDescriptor: Codable, Equatable, Hashable, Sendable {
    /// Such as `application/vnd.oci.image.layer.v1.tar+gzip`.
    public var mediaType: String
    /// `sha256:` and 64 hex digits.
    public var digest: String
    /// Length of the blob in bytes.
    public var size: Int64
    /// In an index: for which machine.
    public var platform: Platform?
    /// Other places to find it.
    public var urls: [String]?
    /// Free text for tools.
    public var annotations: [String: String]?

    /// Points at the blob `digest`.
    public init(mediaType: String, digest: String, size: Int64, platform: Platform? = nil, urls: [String]? = nil, annotations: [String: String]? = nil) {
        self.mediaType = mediaType
        self.digest = digest
        self.size = size
        self.platform = platform
        self.urls = urls
        self.annotations = annotations
    }
}

/// A machine that an image runs on.
public struct Platform: Codable, Equatable, Hashable, Sendable {
    /// Go's name: `amd64`, `arm64`.
    public var architecture: String
    /// `linux`.
    public var os: String
    /// `v7`, `v8`.
    public var variant: String?

    /// The platform `os`/`architecture`.
    public init(architecture: String, os: String = "linux", variant: String? = nil) {
        self.architecture = architecture
        self.os = os
        self.variant = variant
    }

    /// The machine that this program was built for.
    public static var current: Platform {
        #if arch(arm64)
            Platform(architecture: "arm64", variant: "v8")
        #elseif arch(arm)
            Platform(architecture: "arm", variant: "v7")
        #else
            Platform(architecture: "amd64")
        #endif
    }
}

/// One image for one platform.
public struct Manifest: Codable, Equatable, Sendable {
    /// Always 2.
    public var schemaVersion: Int
    /// This document's own media type.
    public var mediaType: String?
    /// The `ImageConfiguration`.
    public var config: ContentDescriptor
    /// Layers, lowest first.
    public var layers: [ContentDescriptor]
    /// Free text for tools.
    public var annotations: [String: String]?

    /// Reads a manifest. Go writes `null` for a list without entries.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        schemaVersion = try fields.decode(Int.self, forKey: .schemaVersion)
        mediaType = try fields.decodeIfPresent(String.self, forKey: .mediaType)
        config = try fields.decode(ContentDescriptor.self, forKey: .config)
        layers = try fields.decodeIfPresent([ContentDescriptor].self, forKey: .layers) ?? []
        annotations = try fields.decodeIfPresent([String: String].self, forKey: .annotations)
    }

    /// A manifest of `layers`.
    public init(mediaType: String? = MediaType.manifest, config: ContentDescriptor, layers: [ContentDescriptor], annotations: [String: String]? = nil) {
        schemaVersion = 2
        self.mediaType = mediaType
        self.config = config
        self.layers = layers
        self.annotations = annotations
    }
}

/// One image for several platforms, or the table of contents of an OCI layout.
public struct Index: Codable, Equatable, Sendable {
    /// Always 2.
    public var schemaVersion: Int
    /// This document's own media type.
    public var mediaType: String?
    /// Manifests.
    public var manifests: [ContentDescriptor]
    /// Free text for tools.
    public var annotations: [String: String]?

    /// Reads an index. Go writes `null` for a list without entries.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        schemaVersion = try fields.decode(Int.self, forKey: .schemaVersion)
        mediaType = try fields.decodeIfPresent(String.self, forKey: .mediaType)
        manifests = try fields.decodeIfPresent([ContentDescriptor].self, forKey: .manifests) ?? []
        annotations = try fields.decodeIfPresent([String: String].self, forKey: .annotations)
    }

    /// An index of `manifests`.
    public init(mediaType: String? = MediaType.index, manifests: [ContentDescriptor], annotations: [String: String]? = nil) {
        schemaVersion = 2
        self.mediaType = mediaType
        self.manifests = manifests
        self.annotations = annotations
    }
}

/// Media types that we write or accept.
public enum MediaType {
    /// A manifest.
    public static let manifest = "application/vnd.oci.image.manifest.v1+json"
    /// An index.
    public static let index = "application/vnd.oci.image.index.v1+json"
    /// An image configuration.
    public static let configuration = "application/vnd.oci.image.config.v1+json"
    /// A layer as plain tar.
    public static let layer = "application/vnd.oci.image.layer.v1.tar"
    /// A layer as gzipped tar.
    public static let gzipLayer = "application/vnd.oci.image.layer.v1.tar+gzip"
    /// A layer as zstd-compressed tar.
    public static let zstdLayer = "application/vnd.oci.image.layer.v1.tar+zstd"
    /// Docker's manifest.
    public static let dockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
    /// Docker's index.
    public static let dockerIndex = "application/vnd.docker.distribution.manifest.list.v2+json"
    /// Docker's image configuration.
    public static let dockerConfiguration = "application/vnd.docker.container.image.v1+json"
    /// Docker's layer.
    public static let dockerLayer = "application/vnd.docker.image.rootfs.diff.tar.gzip"
    /// Docker's manifest of long ago, whose layers have no sizes and no configuration; `+json` or signed, `+prettyjws`.
    public static let dockerSchema1 = "application/vnd.docker.distribution.manifest.v1"

    /// Names several manifests, by whichever vendor's type.
    public static func isIndex(_ mediaType: String) -> Bool { mediaType == index || mediaType == dockerIndex }
    /// Is one image's manifest, by whichever vendor's type.
    public static func isManifest(_ mediaType: String) -> Bool { mediaType == manifest || mediaType == dockerManifest }
    /// Is an image's configuration, by whichever vendor's type.
    public static func isConfiguration(_ mediaType: String) -> Bool { mediaType == configuration || mediaType == dockerConfiguration }
}
