// The command line. One thread, synchronous: it waits for one engine, one terminal and some signals, and starts in two milliseconds.
// The commands are in module CLI. chapter 13
import CLI
import Linux

exitNow(CommandLineTool.run(Array(CommandLine.arguments.dropFirst())))
