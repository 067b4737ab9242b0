import ArgumentParser

struct Tool: ParsableCommand {}
Tool.main()
