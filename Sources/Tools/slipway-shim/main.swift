// slipway-shim: supervises one container. One thread, fully static; see module Shim and chapter 11.
import Linux
import Shim

exitNow(runShim(CommandLine.arguments))
