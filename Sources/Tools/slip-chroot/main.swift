// slip-chroot: runs a command with another root directory, on chapter 01's module. Arguments and printing only.
import ArgumentParser

Chroot.main()
