// The two directions of `cp`. Tars are made and unpacked by the same module as layers, piece by piece as they go over the connection: no copy of
// them lies anywhere. moby, cli/command/container/cp.go. chapter 07, 13

internal import DockerClient
internal import Linux

/// One copy.
struct Copy {
    let session: Session
    let followsLink: Bool, givesToUser: Bool, isQuiet: Bool

    // MARK: Out of a container

    func out(of container: String, _ asked: String, to target: String) throws(Failure) {
        let here = target == "-" ? "-" : absolute(target)
        if here != "-" { try checkOutput(here) }
        var source = CopyEnd(path: asked)
        if followsLink, let found = try status(asked, in: container), found.isLink {
            let path = PathText.joined(PathText.split(asked).directory, found.linkTarget)
            if PathText.base(asked) != PathText.base(path) { source.otherName = PathText.base(asked) }
            source.path = path
        }
        let connection = try open(Request("GET", ["containers", container, "archive"], query: [("path", source.path)]))
        let (reply, told) = (connection.stream, connection.status)
        guard here != "-" else { return try pass(reply) }
        source.isDirectory = told?.isDirectory ?? false
        let end = try destination(here), plan = try CopyEnd.plan(from: source, to: end)
        var renaming = plan.renaming
        if renaming == nil, !source.otherName.isEmpty { renaming = (PathText.split(source.path).base, source.otherName) }
        if let found = renaming, !source.otherName.isEmpty { renaming = (PathText.split(source.path).base, found.new) }
        let progress = CopyProgress("Copying from container - ", isQuiet: isQuiet)
        try unpack(reply, into: plan.directory, renaming, progress)
        progress.finish("Successfully copied \(Words.size(progress.bytes)) to \(here)")
    }

    private func pass(_ reply: Connection) throws(Failure) {
        do throws(ClientError) { while let part = try reply.nextPart() { Output.write(part, to: .standardOutput) } } catch { throw Failure(error) }
    }

    private func unpack(
        _ reply: Connection, into directory: String, _ renaming: (old: String, new: String)?, _ progress: CopyProgress
    ) throws(Failure) {
        let tree = try LocalTree(unpackingInto: directory, renaming: renaming)
        do throws(ClientError) {
            while let part = try reply.nextPart(), tree.isWritten(part) { progress.add(part.count) }
        } catch {
            progress.end()
            throw Failure(error)
        }
        do throws(Failure) { try tree.finish() } catch {
            progress.end()
            throw error
        }
    }

    /// What is at a path of this machine, links followed; where nothing is, its directory must be there.
    private func destination(_ path: String) throws(Failure) -> CopyEnd {
        do throws(KernelError) {
            if let found = try found(path) {
                let target = found.kind == .symbolicLink ? try end(ofLink: path) : path
                guard let there = try? Linux.status(FilePath(target)) else { return CopyEnd(path: target, exists: false) }  // a link to nothing yet
                return CopyEnd(path: path.hasSuffix("/") ? path : target, isDirectory: there.kind == .directory)
            }
            let parent = PathText.split(path).directory
            guard try Linux.status(FilePath(parent)).kind == .directory else { throw KernelError(call: "lstat", subject: parent, errno: 20) }
            return CopyEnd(path: path, exists: false)
        } catch { throw Failure("\(error.call == "fstatat" ? "lstat" : error.call) \(error.subject): \(error.reason.lowercased())") }
    }

    private func found(_ path: String) throws(KernelError) -> FileStatus? {
        do throws(KernelError) { return try Linux.status(FilePath(path), followLinks: false) } catch {
            guard error.errno == 2 else { throw error }
            return nil
        }
    }

    /// Where a link leads, and those after it.
    private func end(ofLink path: String) throws(KernelError) -> String {
        var path = path
        for _ in 0..<40 {
            guard try found(path)?.kind == .symbolicLink else { return path }
            path = PathText.joined(PathText.split(path).directory, try readLink(FilePath(path)))
        }
        throw KernelError(call: "lstat", subject: path, errno: 40)
    }

    /// A file's directory must be there before anything is asked of the engine.
    private func checkOutput(_ path: String) throws(Failure) {
        let directory = PathText.split(path).directory
        if directory != ".", !exists(FilePath(directory)) {
            throw Failure("invalid output path: directory \"\(directory)\" does not exist")
        }
        guard let there = try? Linux.status(FilePath(path)) else { return }  // nothing there yet
        guard [.file, .directory].contains(there.kind) else {
            throw Failure("invalid output path: \"\(path)\" must be a directory or a regular file")
        }
    }

    // MARK: Into a container

    func into(_ container: String, _ asked: String, from source: String) throws(Failure) {
        var target = CopyEnd(path: asked, exists: false)
        var there = try status(asked, in: container)
        if let link = there, link.isLink {
            target.path = PathText.joined(PathText.split(asked).directory, link.linkTarget)
            there = try status(target.path, in: container)
        }
        if let there, there.isSpecial {
            throw Failure("destination \"\(container):\(asked)\" must be a directory or a regular file")
        }
        if let there { (target.exists, target.isDirectory) = (true, there.isDirectory) }
        guard source != "-" else {
            guard target.isDirectory else { throw Failure("destination \"\(container):\(asked)\" must be a directory") }
            return try send(to: container, target.path) { connection in try readAll(into: connection) }
        }
        let end = try localSource(absolute(source)), plan = try CopyEnd.plan(from: end, to: target)
        let progress = CopyProgress("Copying to container - ", isQuiet: isQuiet), own = PathText.split(end.path)
        let title = plan.renaming?.new ?? (end.otherName.isEmpty ? own.base : end.otherName)
        try send(to: container, plan.directory) { connection in try pack(own, as: title, to: connection, progress) }
        progress.finish("Successfully copied \(Words.size(progress.bytes)) to \(container):\(target.path)")
    }

    private func localSource(_ path: String) throws(Failure) -> CopyEnd {
        do throws(KernelError) {
            let isLink = try Linux.status(FilePath(PathText.clean(path)), followLinks: false).kind == .symbolicLink
            var end = CopyEnd(path: path)
            if isLink, followsLink || PathText.assertsDirectory(path) {
                let target = try self.end(ofLink: PathText.clean(path))
                if PathText.base(PathText.clean(path)) != PathText.base(target), !PathText.isCurrent(path) {
                    end.otherName = PathText.base(PathText.clean(path))
                }
                end.path = target + (PathText.isCurrent(path) ? "/." : path.hasSuffix("/") ? "/" : "")
            }
            end.isDirectory = try Linux.status(FilePath(end.path), followLinks: false).kind == .directory
            return end
        } catch { throw Failure("lstat \(path): \(error.reason.lowercased())") }
    }

    private func pack(
        _ source: (directory: String, base: String), as title: String, to connection: Connection, _ progress: CopyProgress
    ) throws {
        let tree = try LocalTree(packing: [".", "/"].contains(source.base) ? nil : source.base, of: source.directory, as: title == "/" ? "" : title)
        while let part = try tree.next() {
            try connection.writeChunk(part)
            progress.add(part.count)
        }
        try tree.finish()
        try connection.writeChunk([])
    }

    private func readAll(into connection: Connection) throws {
        while true {
            let part = try read(.standardInput, upTo: 262_144)
            try connection.writeChunk(part)
            if part.isEmpty { return }
        }
    }

    /// Sends a tar. An engine that stops reading has an answer for us, which is worth more than the broken pipe.
    private func send(to container: String, _ directory: String, _ write: (Connection) throws -> Void) throws(Failure) {
        var query = [(name: "path", value: directory), (name: "noOverwriteDirNonDir", value: "true")]
        if givesToUser { query.append(("copyUIDGID", "true")) }
        let engine = try session.engine()
        var failure: (any Error)?
        do throws(ClientError) {
            let connection = try engine.begin(Request("PUT", ["containers", container, "archive"], query: query, body: .chunked))
            do { try write(connection) } catch is ClientError {} catch { failure = error }
            if failure == nil { _ = try engine.finish(connection) }
        } catch { throw Failure(error) }
        if let failure { throw failure as? Failure ?? Failure("\(failure)") }
    }

    // MARK: Asking

    private func status(_ path: String, in container: String) throws(Failure) -> PathStatus? {
        let engine = try session.engine()
        do throws(ClientError) {
            return PathStatus(try engine.call(Request("HEAD", ["containers", container, "archive"], query: [("path", path)])).head)
        } catch {
            guard let status = error.status, status < 500 else { throw Failure(error) }
            return nil
        }
    }

    private func open(_ request: Request) throws(Failure) -> (stream: Connection, status: PathStatus?) {
        let engine = try session.engine()
        do throws(ClientError) {
            let (head, stream) = try engine.openWithHead(request)
            return (stream, PathStatus(head))
        } catch { throw Failure(error) }
    }

    /// A path of this machine in full; what it says by its end is kept.
    private func absolute(_ path: String) -> String {
        let here = (try? readLink("/proc/self/cwd")) ?? "/"  // a directory that is gone: nothing is found there
        let full = PathText.clean(path.hasPrefix("/") ? path : "\(here)/\(path)")
        if PathText.isCurrent(path) { return full == "/" ? "/." : full + "/." }
        return path.hasSuffix("/") && full != "/" ? full + "/" : full
    }
}
