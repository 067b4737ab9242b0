// libnftables from Swift: transactions, refusals in its own words, and which network namespace a context belongs to. Chapter 09.
import Foundation
import Linux
import Nftables
import Testing

private let isInSandbox = ProcessInfo.processInfo.environment["SLIPWAY_SANDBOX"] == "1"

@Suite("A context of the packet filter", .serialized, .enabled(if: isInSandbox, "UNVERIFIED HERE: rules are made in the sandbox only (Tests/Sandbox/run)"))
struct NftablesTests {
    @Test("carries out all commands of a call or none, and names the one that was refused")
    func transaction() throws {
        let filter = try Nftables()
        let error = #expect(throws: NftablesError.self) {
            try filter.run(
                """
                add table ip one
                add chain ip one c { type filter hook forward priority 0; }
                add rule ip one c accept
                add rule ip one c jump nowhere
                add rule ip one c drop
                """)
        }
        #expect(error == .refused(command: "add rule ip one c jump nowhere", words: "Could not process rule: No such file or directory"))
        #expect(error?.isAbsent == true)
        let tables = try filter.list("list tables", json: false)
        #expect(tables == "")
    }

    @Test("names the line that is wrong inside a block, too")
    func block() throws {
        let filter = try Nftables()
        let error = #expect(throws: NftablesError.self) {
            try filter.run("table ip one {\n    chain c {\n        type filter hook forward priority 0;\n        accept\n        acept\n    }\n}\n")
        }
        guard case .refused(let command, let words) = error else { Issue.record("\(String(describing: error))"); return }
        #expect(command.hasSuffix("acept") && words.hasPrefix("syntax error"))
    }

    @Test("says what is there, as text and as JSON, and goes on after a refusal")
    func listing() throws {
        let filter = try Nftables()
        #expect(throws: NftablesError.self) { try filter.run("delete table ip nowhere") }
        try filter.run("add table ip one")
        defer { try? filter.run("delete table ip one") }  // the sandbox goes anyway
        let text = try filter.list("list tables", json: false), json = try filter.list("list tables")
        #expect(text == "table ip one\n")
        #expect(json.hasPrefix("{\"nftables\": [{\"metainfo\":") && json.contains("\"name\": \"one\""))
        #expect(throws: NftablesError.refused(command: "add element ip one m { 1.2.3.4 }", words: "No such file or directory")) {
            try filter.run("add element ip one m { 1.2.3.4 }")
        }
    }

    @Test("belongs to the network namespace of the thread that makes it, and stays there whatever that thread does")
    func namespace() throws {
        let home = try Nftables()
        let done = DispatchSemaphore(value: 0)
        nonisolated(unsafe) var found: Result<(inside: String, home: String), any Error>?
        Thread.detachNewThread {  // a thread of its own: it ends in another namespace
            found = Result {
                let own = try open("/proc/thread-self/ns/net", [.readOnly])
                try unshare(.network)
                let inside = try Nftables()
                try inside.run("add table ip within")
                try home.run("add table ip outside")
                try own.borrow { (own) throws(KernelError) in try setNamespace(own, .network) }
                return (try inside.list("list tables", json: false), try home.list("list tables", json: false))
            }
            done.signal()
        }
        done.wait()
        let (inside, outside) = try #require(found).get()
        try home.run("delete table ip outside")
        #expect(inside == "table ip within\n" && outside == "table ip outside\n")
    }

    @Test("says which of the kernel's modules a rule needs that is not there")
    func module() throws {
        let filter = try Nftables()
        let rule = "add rule ip one c queue num 3"
        do throws(NftablesError) {
            try filter.run("add table ip one\nadd chain ip one c { type filter hook forward priority 0; }\n\(rule)\ndelete table ip one")
            print("UNVERIFIED HERE: this kernel has nft_queue, so that its absence cannot be seen")
        } catch {
            #expect(error == .missing(module: "nft_queue", command: rule, words: "Could not process rule: No such file or directory"))
            #expect("\(error)".hasSuffix("this kernel lacks nft_queue (try: modprobe nft_queue, or a kernel built with CONFIG_NFT_QUEUE)"))
        }
    }
}

@Suite("A message of the library's")
struct NftablesMessageTests {
    @Test(
        "names the module for what its carets mark",
        arguments: [
            ("fib daddr type local accept", "fib daddr type", "nft_fib"), ("masquerade", "masquerade", "nft_masq"),
            ("dnat to 172.17.0.2", "dnat to", "nft_nat"), ("ct state established accept", "ct state", "nft_ct")
        ])
    func modules(rule: String, marked: String, module: String) {
        let command = "add rule ip x c \(rule)"
        let carets = String(repeating: " ", count: 16) + String(repeating: "^", count: marked.count)
        let message = "/proc/self/fd/9:2:17-30: Error: Could not process rule: No such file or directory\n\(command)\n\(carets)\n"
        let error = NftablesError(message, commands: "add table ip x\n\(command)\n")
        #expect(error == .missing(module: module, command: command, words: "Could not process rule: No such file or directory"))
    }

    @Test("is no tale of modules where a chain is absent, or something is there already")
    func others() {
        let absent = NftablesError(
            "Error: Could not process rule: No such file or directory\nadd rule ip x nowhere accept\n              ^^^^^^^\n", commands: "")
        #expect(absent.isAbsent)
        let twice = NftablesError("Error: Could not process rule: File exists\nadd rule ip x c fib daddr type local\n                ^^^^\n", commands: "")
        #expect(twice == .refused(command: "add rule ip x c fib daddr type local", words: "Could not process rule: File exists") && !twice.isAbsent)
        #expect("\(twice)" == "nft: add rule ip x c fib daddr type local: Could not process rule: File exists")
    }

    @Test("without nf_tables at all says so")
    func nothing() {
        let error = NftablesError("netlink: Error: cache initialization failed: Invalid argument\n", commands: "list tables")
        #expect(error == .missing(module: "nf_tables", command: "list tables", words: "cache initialization failed: Invalid argument"))
    }

    @Test("of an unknown form is passed on")
    func unknown() {
        #expect(NftablesError("what?\n", commands: "list tables") == .refused(command: "list tables", words: "what?"))
    }
}
