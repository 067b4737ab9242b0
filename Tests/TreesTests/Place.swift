// A folder with a `root` to unpack into, and the helper beside the test program.

import Linux
import Testing
import Trees

struct Place {
    let path: FilePath
    var root: FilePath { path.appending("root") }
    var helper: TreeHelper {
        get throws { TreeHelper(executable: FilePath(try readLink("/proc/self/exe")).removingLastComponent().appending("slipway-tree")) }
    }

    func unpack(_ layer: [UInt8], into directory: FilePath? = nil, with helper: TreeHelper? = nil) throws -> Unpacked {
        try writeFile(path.appending("layer"), layer)
        let file = try open(path.appending("layer"), .readOnly), helper = try helper ?? self.helper
        return try file.borrow { file in try helper.unpack(file, into: directory ?? root) }
    }

    /// Starts the helper by hand, with whatever request.
    func start(_ task: String, _ request: Request?, reply: FileDescriptor, archive: FileDescriptor? = nil) throws -> Spawned {
        let question = try memoryFile("request")
        return try question.borrow { question in
            if let request { try write(question, line(request)) }
            try seek(question, to: 0)
            let archives = archive.map { [($0, Number.archive)] } ?? []
            return try spawn(Spawn(helper.executable, ["slipway-tree", task], descriptors: [(question, Number.request), (reply, Number.reply)] + archives))
        }
    }
}

func withPlace(_ body: (Place) throws -> Void) throws {
    let place = Place(path: FilePath("/tmp/slipway-trees-\(currentProcess())-\(monotonicNanoseconds())"))
    defer { try? removeTree(place.path) }  // a leftover would show in the host comparison
    try makeDirectories(place.root)
    try body(place)
}

/// What a compressor of the machine makes of `bytes`.
func pipe(_ bytes: [UInt8], through program: String, _ options: [String] = []) throws -> [UInt8] {
    let source = try memoryFile("source"), result = try memoryFile("result")
    return try source.borrow { source in
        try result.borrow { result in
            try write(source, bytes)
            try seek(source, to: 0)
            let arguments = ["env", program, "-c"] + options
            let child = try spawn(Spawn("/usr/bin/env", arguments, environment: ["PATH=/usr/bin:/bin"], descriptors: [(source, 0), (result, 1)]))
            let ended = try child.descriptor.borrow { try wait($0) }
            try #require(ended == .exited(0), "\(program) is needed to make a layer")
            try seek(result, to: 0)
            return try readAll(result)
        }
    }
}
