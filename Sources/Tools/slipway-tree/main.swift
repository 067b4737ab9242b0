// slipway-tree: does one task on a stranger's tree, locked into that tree. Started by slipwayd, never by hand; what it does is module
// TreeWorker, what it says is module Trees.

import Linux
import TreeWorker

guard CommandLine.arguments.count == 2 else {
    print("slipway-tree is started by slipwayd to unpack a layer, confined to one directory. See chapters/07.")
    exitNow(64)
}
exitNow(work(CommandLine.arguments))
