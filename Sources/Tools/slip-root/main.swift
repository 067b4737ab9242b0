// slip-root: runs a command in a root of its own, on the modules of chapters 01 and 02. Arguments and printing only.
import ArgumentParser

Root.main()
