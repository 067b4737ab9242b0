// Tars of this machine's files are made and unpacked by slipway-tree, as the engine's are: a tar that comes out of a container is a stranger's, and
// whatever it does to its reader, it does not do it to us. The program lies beside this one, or in ../libexec/slipway. What it is asked and what
// it answers is a line of JSON each. chapter 07, 13

internal import JSON
internal import Linux

/// slipway-tree at work for us.
final class LocalTree {
    private let child: Spawned, answers: Descriptor
    private var tar: Descriptor?

    /// Begins to make a tar.
    /// - Parameters:
    ///   - name: what in `directory`; nil for the directory itself
    ///   - title: what it is called in the tar
    convenience init(packing name: String?, of directory: String, as title: String) throws(Failure) {
        let members = [JSONValue.Member.text("directory", directory), .text("title", title)] + (name.map { [.text("name", $0)] } ?? [])
        try self.init("take", members, isReading: true)
    }

    /// Begins to unpack a tar; the files will be ours.
    /// - Parameter renaming: what all names begin with, and what they shall begin with
    convenience init(unpackingInto directory: String, renaming: (old: String, new: String)?) throws(Failure) {
        let owner = [JSONValue.Member(name: "user", value: .number("\(effectiveUser())")), .init(name: "group", value: .number("\(effectiveGroup())"))]
        let names = renaming.map { [JSONValue.Member.text("old", $0.old), .text("new", $0.new)] } ?? []
        try self.init("give", [.text("directory", directory)] + owner + names, isReading: false)
    }

    private init(_ task: String, _ members: [JSONValue.Member], isReading: Bool) throws(Failure) {
        let request = JSONValue.object([
            .init(name: "parent", value: .number("\(currentProcess().rawValue)")),
            .init(name: "task", value: .object([.init(name: task, value: .object(members))]))
        ])
        do throws(KernelError) {
            let program = try Self.program(), question = try memoryFile("slipway-tree"), reply = try Pipe(), pipe = try Pipe()
            child = try question.borrow { (question) throws(KernelError) in
                try write(question, request.text() + "\n")
                try seek(question, to: 0)
                let theirs = FileDescriptor(rawValue: isReading ? pipe.writing.number : pipe.reading.number)
                return try spawn(
                    Spawn(
                        program, ["slipway-tree", task], environment: ["SWIFT_ROOT=/"],
                        descriptors: [(question, 3), (FileDescriptor(rawValue: reply.writing.number), 4), (theirs, 5), (.standardError, 2)]))
            }
            answers = reply.takeReading()
            tar = isReading ? pipe.takeReading() : pipe.takeWriting()
        } catch { throw Failure("start slipway-tree: \(error)") }
    }

    private static func program() throws(KernelError) -> FilePath {
        let folder = FilePath(try readLink("/proc/self/exe")).removingLastComponent()
        let beside = folder.appending("slipway-tree")
        return exists(beside) ? beside : folder.removingLastComponent().appending("libexec/slipway/slipway-tree")
    }

    private var number: FileDescriptor {
        switch tar {
        case .some(let tar): FileDescriptor(rawValue: tar.number)
        case .none: FileDescriptor(rawValue: -1)
        }
    }

    /// The tar's next bytes; nil at its end.
    func next() throws(Failure) -> [UInt8]? {
        do throws(KernelError) {
            let bytes = try read(number, upTo: 262_144)
            return bytes.isEmpty ? nil : bytes
        } catch { throw Failure("\(error)") }
    }

    /// Hands on the tar's next bytes.
    /// - Returns: false where nobody takes them any more; `finish` tells why.
    func isWritten(_ bytes: [UInt8]) -> Bool { Output.isWritten(bytes, to: number) }

    /// Waits for the end.
    /// - Throws: what went wrong.
    func finish() throws(Failure) {
        tar = nil
        let text: [UInt8]
        do throws(KernelError) {
            text = try answers.borrow { (answers) throws(KernelError) in try readAll(answers) }
            _ = try child.descriptor.borrow { (process) throws(KernelError) in try wait(process) }
        } catch { throw Failure("\(error)") }
        guard let reply = JSONValue(text) else { throw Failure("slipway-tree ended without an answer") }
        guard let failed = reply["failed"], failed != .null else { return }
        let why = failed["text"]?.string ?? "", entry = failed["entry"]?.string ?? "", place = entry.isEmpty ? "" : "\(entry): "
        if let number = failed["errno"]?.integer {
            throw Failure("\(place)\(KernelError(call: failed["call"]?.string ?? "", subject: why, errno: CInt(number)))")
        }
        throw Failure(why.hasPrefix("cannot overwrite") ? why : place + why)
    }
}
