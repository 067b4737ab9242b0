// Layers side by side in one directory, and, where that is wanted, folded into one tree afterwards.
import Archive
import Digests
import Linux
import Trees

/// What came of a layer, ready to be printed.
struct AppliedLayer {
    var file: FilePath, directory: FilePath
    var diffID: Digest, chainID: Digest
    var entries: Int, bytes: Int64
    var implied: [String] = [], linked: [String] = [], leftOut: [String] = []
}

/// Something that we refuse, in a sentence.
struct Refusal: Error, CustomStringConvertible {
    let description: String
    init(_ text: String) { description = text }
}

/// Unpacks one layer after the other, each on top of the last.
final class LayerUnpacker {
    private let place: FilePath
    private var done: [AppliedLayer] = []

    init(place: FilePath) { self.place = place }

    /// Unpacks the next layer into `place/NN` and settles it on those below.
    func unpack(_ layer: FilePath) throws -> AppliedLayer {
        let number = done.count + 1
        let directory = place.appending(number < 10 ? "0\(number)" : "\(number)")
        try makeDirectory(directory)
        let applied = try open(layer, .readOnly).borrow { (file) throws in
            do {
                return effectiveUser() == 0 ? try unpackConfined(file, layer, directory) : try unpackHere(file, layer, directory)
            } catch {
                throw Refusal("apply \(layer): \(error)")
            }
        }
        done.append(applied)
        return applied
    }

    /// Makes one tree of all. The layers' directories are moved away from where their files go.
    func foldAll() throws {
        let staging = place.appending(".slip-layer-\(currentProcess())")
        try makeDirectory(staging, mode: 0o700)
        defer { try? removeTree(staging) }  // what the first error left is told with it
        for layer in done { try rename(layer.directory, to: staging.appending(layer.directory.lastComponent.map { [$0] } ?? [])) }
        try open(place, [.readOnly, .directory]).borrow { (root) throws in
            for layer in done {
                let source = staging.appending(layer.directory.lastComponent.map { [$0] } ?? [])
                try open(source, [.readOnly, .directory]).borrow { (source) throws in try fold(source, onto: root) }
            }
        }
    }

    // MARK: Two ways

    private func unpackConfined(_ file: FileDescriptor, _ layer: FilePath, _ directory: FilePath) throws -> AppliedLayer {
        let helper = try TreeHelper.besideThisProgram()
        let unpacked = try helper.unpack(file, into: try whole(directory))
        if !done.isEmpty, !unpacked.implied.isEmpty || !unpacked.links.isEmpty { try settle(directory, unpacked, helper) }
        return AppliedLayer(
            file: layer, directory: directory, diffID: unpacked.diffID, chainID: chain(unpacked.diffID), entries: unpacked.entries, bytes: unpacked.bytes,
            implied: unpacked.implied.map { "\($0.path.isEmpty ? "." : "\($0)"): no entry of its own\(done.isEmpty ? "" : ", so as in the layers below")" },
            linked: unpacked.links.map { "\($0.name) = \($0.target) of the layers below" }, leftOut: unpacked.leftOut)
    }

    /// What the layer takes from those below. The helper mounts them for it, in a namespace of its own, and wants two empty directories.
    private func settle(_ directory: FilePath, _ unpacked: Trees.Unpacked, _ helper: TreeHelper) throws {
        let (work, point) = (place.appending(".work-\(currentProcess())"), place.appending(".place-\(currentProcess())"))
        for empty in [work, point] { try makeDirectory(empty, mode: 0o700) }
        defer { for empty in [work, point] { try? removeTree(empty) } }  // what is left there is told by the error that comes first
        let below = try done.reversed().map { (layer) throws in try whole(layer.directory) }
        _ = try helper.settle(
            layer: try whole(directory), onto: below, work: try whole(work), place: try whole(point), implied: unpacked.implied, links: unpacked.links)
    }

    private func unpackHere(_ file: FileDescriptor, _ layer: FilePath, _ directory: FilePath) throws -> AppliedLayer {
        let unpacked = try open(directory, [.readOnly, .directory]).borrow { (root) throws in try Archive.unpack(file, into: root) }
        return AppliedLayer(
            file: layer, directory: directory, diffID: unpacked.diffID, chainID: chain(unpacked.diffID), entries: unpacked.entries, bytes: unpacked.bytes,
            implied: unpacked.implied.map { "\($0): no entry of its own" },
            leftOut: unpacked.leftOut + unpacked.links.map { "\($0.name): a hard link to \($0.target) of the layers below, for which root is needed" })
    }

    /// The stack's name: the lowest layer's DiffID, then each time the hash of what was and the next DiffID. OCI image-spec, "Layer ChainID".
    private func chain(_ diffID: Digest) -> Digest {
        done.last.map { Digest(of: Array("\($0.chainID) \(diffID)".utf8)) } ?? diffID
    }
}
