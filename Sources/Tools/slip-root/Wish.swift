// What `--bind` and `--tmpfs` ask for, as a value, and how it is mounted below a root whose links are not to be trusted.
import ArgumentParser
import Linux
import Mounts
import Rootfs

struct Wish {
    let source: String, target: FilePath, type: String, options: MountOptions

    static func bind(_ text: String) throws -> Wish {
        let parts = text.split(separator: ":", maxSplits: 2).map(String.init)
        guard parts.count >= 2 else { throw ValidationError("--bind \(text): wanted SOURCE:TARGET[:OPTIONS]") }
        let words = parts.count > 2 ? parts[2].split(separator: ",").map(String.init) : []
        return Wish(source: parts[0], target: FilePath(parts[1]), type: "bind", options: .parse(["rbind"] + words))
    }

    static func tmpfs(_ text: String) -> Wish {
        let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
        let words = parts.count > 1 ? parts[1].split(separator: ",").map(String.init) : []
        return Wish(source: "tmpfs", target: FilePath(parts.first ?? "/"), type: "tmpfs", options: .parse(["nosuid", "nodev"] + words))
    }

    func mount(beneath root: FileDescriptor) throws(KernelError) {
        let isFile = type == "bind" ? try status(FilePath(source)).kind != .directory : false
        let place = isFile ? try ensureFile(beneath: root, target) : try ensureDirectory(beneath: root, target)
        try place.borrow { (descriptor) throws(KernelError) in try attach(source, onto: descriptor.procPath, type: type, options) }
    }
}
