// The lab's packet filter: two steps, each a chain or two in a table of the lab's own. nft(8) tells what the words mean; chapter 09 draws where
// in a packet's way the hooks lie.
import Explain
import Linux
import Netlink

/// The port of this machine that the lab publishes, and where it leads.
let publishedPort = (outside: 8099, inside: 8080)

let translationStep = LabStep(
    name: "address translation",
    because: "nobody outside knows a way back to the hosts' addresses; so packets leave with this machine's, and answers are put right",
    hint: { _ in "nft list table ip \(Laboratory.table)" }, isDone: { laboratory in try laboratory.hasChain("leaving") },
    act: { laboratory in
        try laboratory.addRules(
            """
            add chain ip \(Laboratory.table) leaving { type nat hook postrouting priority srcnat; policy accept; }
            flush chain ip \(Laboratory.table) leaving
            add rule ip \(Laboratory.table) leaving ip saddr \(laboratory.subnet) oifname != "\(Laboratory.bridge)" counter masquerade
            """)
    },
    undo: { laboratory in try laboratory.removeChain("leaving") })

let portStep = LabStep(
    name: "a published port",
    because: "what arrives for this machine's port \(publishedPort.outside) gets bob's address instead; the second chain is for this machine's own programs",
    hint: {
        """
        slip-net exec bob busybox nc -l -p \(publishedPort.inside) -e echo hello & busybox nc \($0.gateway) \(publishedPort.outside)
        """
    },
    isDone: { laboratory in try laboratory.hasChain("arriving") && laboratory.hasChain("own") && laboratory.hasChain("loopback") },
    act: { laboratory in
        let table = Laboratory.table, target = "\(laboratory.address(of: "bob")):\(publishedPort.inside)"
        let rule = "fib daddr type local tcp dport \(publishedPort.outside) counter dnat to \(target)"
        try laboratory.addRules(
            """
            add chain ip \(table) arriving { type nat hook prerouting priority dstnat; policy accept; }
            add chain ip \(table) own { type nat hook output priority -100; policy accept; }
            add chain ip \(table) loopback { type nat hook postrouting priority srcnat; policy accept; }
            flush chain ip \(table) arriving
            flush chain ip \(table) own
            flush chain ip \(table) loopback
            add rule ip \(table) arriving \(rule)
            add rule ip \(table) own \(rule)
            add rule ip \(table) loopback ip saddr 127.0.0.0/8 oifname "\(Laboratory.bridge)" counter masquerade
            add rule ip \(table) loopback ip saddr \(laboratory.subnet) oifname "\(Laboratory.bridge)" ct status dnat counter masquerade
            """)
    },
    undo: { laboratory in for chain in ["arriving", "own", "loopback"] { try laboratory.removeChain(chain) } })
