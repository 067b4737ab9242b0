import Linux
import Terminals
import Testing

@Suite("A pseudo-terminal")
struct PseudoTerminalTests {
    @Test("carries bytes both ways, and echoes like any terminal")
    func carries() throws {
        let pair = try PseudoTerminal()
        let end = try pair.openTerminalEnd()
        try end.borrow { (terminal) throws(KernelError) in try write(terminal, "out\n") }
        let out = try pair.master.borrow { (master) throws(KernelError) in try read(master, upTo: 100) }
        #expect(String(decoding: out, as: UTF8.self) == "out\r\n")
        try pair.master.borrow { (master) throws(KernelError) in try write(master, "in\n") }
        let input = try end.borrow { (terminal) throws(KernelError) in try read(terminal, upTo: 100) }
        #expect(String(decoding: input, as: UTF8.self) == "in\n")
        let echo = try pair.master.borrow { (master) throws(KernelError) in try read(master, upTo: 100) }
        #expect(String(decoding: echo, as: UTF8.self) == "in\r\n")
    }

    @Test("has the size that it was given, at both ends")
    func size() throws {
        let pair = try PseudoTerminal()
        let end = try pair.openTerminalEnd()
        try pair.master.borrow { (master) throws(KernelError) in try WindowSize(rows: 31, columns: 101).apply(to: master) }
        #expect(try end.borrow { (terminal) throws(KernelError) in try WindowSize(of: terminal) } == WindowSize(rows: 31, columns: 101))
    }

    @Test("ends when nobody has its terminal end any more")
    func ends() throws {
        let pair = try PseudoTerminal()
        do { _ = try pair.openTerminalEnd() }
        var buffer = [UInt8](repeating: 0, count: 10)
        let outcome = try pair.master.borrow { (master) throws(KernelError) in try readSome(master, into: &buffer) }
        #expect(outcome == .end)
    }
}

@Suite("Raw mode")
struct RawModeTests {
    @Test("lets every byte pass, and restores the settings at the end of its life")
    func restores() throws {
        let pair = try PseudoTerminal()
        let end = try pair.openTerminalEnd()
        let terminal = FileDescriptor(rawValue: end.number), master = FileDescriptor(rawValue: pair.master.number)
        do {
            let guarded = try RawMode(of: terminal)
            try write(master, [3, 13])
            #expect(try read(terminal, upTo: 10) == [3, 13], "neither a signal nor a translation")
            guarded.restore()
        }
        try write(master, "line\n")
        #expect(try String(decoding: read(master, upTo: 100), as: UTF8.self) == "line\r\n", "echoes again")
    }

    @Test("is refused where there is no terminal")
    func refused() throws {
        let pipe = try Pipe()
        #expect(throws: KernelError.self) { _ = try RawMode(of: FileDescriptor(rawValue: pipe.reading.number)).restore() }
    }
}
