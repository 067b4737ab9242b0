// What the genuine docker 28.2.2 sent to a pseudo-terminal of 24 rows for a stream of messages, recorded once: ours must send the same. One
// string a drawing: up to the line, erase it, write it, down again. Chapter 13.

enum DockersDrawing {
    /// The engine's messages.
    static let stream = #"""
        {"status":"Pulling from library/tiny","id":"latest"}
        {"status":"Pulling fs layer","progressDetail":{},"id":"a1b2c3d4e5f6"}
        {"status":"Pulling fs layer","progressDetail":{},"id":"0123456789ab"}
        {"status":"Waiting","progressDetail":{},"id":"0123456789ab"}
        {"status":"Downloading","progressDetail":{"current":1234567,"total":12345670},"progress":"x","id":"a1b2c3d4e5f6"}
        {"status":"Downloading","progressDetail":{"current":12345670,"total":12345670},"progress":"x","id":"a1b2c3d4e5f6"}
        {"status":"Downloading","progressDetail":{"current":4096},"progress":"x","id":"0123456789ab"}
        {"status":"Verifying Checksum","progressDetail":{},"id":"a1b2c3d4e5f6"}
        {"status":"Download complete","progressDetail":{},"id":"a1b2c3d4e5f6"}
        {"status":"Extracting","progressDetail":{"current":3,"units":"s"},"id":"a1b2c3d4e5f6"}
        {"status":"Extracting","progressDetail":{"current":99,"total":50,"units":"files"},"id":"a1b2c3d4e5f6"}
        {"status":"Pull complete","progressDetail":{},"id":"a1b2c3d4e5f6"}
        {"status":"Already exists","progressDetail":{},"id":"0123456789ab"}
        {"status":"Digest: sha256:abababababababababababababababababababababababababababababababab"}
        {"status":"Status: Image is up to date for tiny:latest"}
        """#

    /// 120 columns: bars
    static let wide = [
        "latest: Pulling from library/tiny\n",
        "\n",
        "\u{1b}[1A\u{1b}[2K\ra1b2c3d4e5f6: Pulling fs layer \r\u{1b}[1B",
        "\n",
        "\u{1b}[1A\u{1b}[2K\r0123456789ab: Pulling fs layer \r\u{1b}[1B",
        "\u{1b}[1A\u{1b}[2K\r0123456789ab: Waiting \r\u{1b}[1B",
        "\u{1b}[2A\u{1b}[2K\ra1b2c3d4e5f6: Downloading [=====>                                             ]  1.235MB/12.35MB\r\u{1b}[2B",
        "\u{1b}[2A\u{1b}[2K\ra1b2c3d4e5f6: Downloading [==================================================>]  12.35MB/12.35MB\r\u{1b}[2B",
        "\u{1b}[1A\u{1b}[2K\r0123456789ab: Downloading  4.096kB\r\u{1b}[1B",
        "\u{1b}[2A\u{1b}[2K\ra1b2c3d4e5f6: Verifying Checksum \r\u{1b}[2B",
        "\u{1b}[2A\u{1b}[2K\ra1b2c3d4e5f6: Download complete \r\u{1b}[2B",
        "\u{1b}[2A\u{1b}[2K\ra1b2c3d4e5f6: Extracting 3 s\r\u{1b}[2B",
        "\u{1b}[2A\u{1b}[2K\ra1b2c3d4e5f6: Extracting [==================================================>] 99 files\r\u{1b}[2B",
        "\u{1b}[2A\u{1b}[2K\ra1b2c3d4e5f6: Pull complete \r\u{1b}[2B",
        "\u{1b}[1A\u{1b}[2K\r0123456789ab: Already exists \r\u{1b}[1B",
        "Digest: sha256:abababababababababababababababababababababababababababababababab\n",
        "Status: Image is up to date for tiny:latest\n"
    ].joined()

    /// 80 columns: numbers alone
    static let narrow = [
        "latest: Pulling from library/tiny\n",
        "\n",
        "\u{1b}[1A\u{1b}[2K\ra1b2c3d4e5f6: Pulling fs layer \r\u{1b}[1B",
        "\n",
        "\u{1b}[1A\u{1b}[2K\r0123456789ab: Pulling fs layer \r\u{1b}[1B",
        "\u{1b}[1A\u{1b}[2K\r0123456789ab: Waiting \r\u{1b}[1B",
        "\u{1b}[2A\u{1b}[2K\ra1b2c3d4e5f6: Downloading  1.235MB/12.35MB\r\u{1b}[2B",
        "\u{1b}[2A\u{1b}[2K\ra1b2c3d4e5f6: Downloading  12.35MB/12.35MB\r\u{1b}[2B",
        "\u{1b}[1A\u{1b}[2K\r0123456789ab: Downloading  4.096kB\r\u{1b}[1B",
        "\u{1b}[2A\u{1b}[2K\ra1b2c3d4e5f6: Verifying Checksum \r\u{1b}[2B",
        "\u{1b}[2A\u{1b}[2K\ra1b2c3d4e5f6: Download complete \r\u{1b}[2B",
        "\u{1b}[2A\u{1b}[2K\ra1b2c3d4e5f6: Extracting 3 s\r\u{1b}[2B",
        "\u{1b}[2A\u{1b}[2K\ra1b2c3d4e5f6: Extracting 99 files\r\u{1b}[2B",
        "\u{1b}[2A\u{1b}[2K\ra1b2c3d4e5f6: Pull complete \r\u{1b}[2B",
        "\u{1b}[1A\u{1b}[2K\r0123456789ab: Already exists \r\u{1b}[1B",
        "Digest: sha256:abababababababababababababababababababababababababababababababab\n",
        "Status: Image is up to date for tiny:latest\n"
    ].joined()
}
