// Who else has a say: a packet passes only if every table lets it, so no rule of ours can undo what another one drops. dockerd and most firewalls
// set the policy of forwarding to drop, and containers of another engine then reach nothing outside. We touch no table but our own; we can only
// find the chain and name it in a warning. libnftables-json(5); chapter 09.
//
// Seen are nftables, and iptables where it is iptables-nft. The older iptables-legacy keeps its rules elsewhere, where this does not look.
private import FoundationEssentials
public import Nftables

/// A chain of somebody else's that drops what it is not told to let pass.
public struct ForwardingBlocker: Sendable, Equatable, CustomStringConvertible {
    /// `ip` or `inet`.
    public let family: String
    public let table: String
    public let chain: String
    /// `policy drop`, or the verdict of its last rule: `last rule: reject`.
    public let why: String

    /// `table ip filter, chain FORWARD (policy drop)`
    public var description: String { "table \(family) \(table), chain \(chain) (\(why))" }
}

extension Firewall {
    /// The first chain of another's that drops forwarded packets which no rule of its own accepts; nil where there is none. It may accept ours all
    /// the same, by a rule that somebody wrote for them: this is for a warning, not for a refusal.
    public func forwardingBlocker() throws(NftablesError) -> ForwardingBlocker? {
        ForwardingBlocker.find(in: try filter.list("list ruleset"), except: state.table)
    }
}

extension ForwardingBlocker {
    /// Looks through what `nft -j list ruleset` prints.
    static func find(in json: String, except own: String) -> ForwardingBlocker? {
        let listing: Listing
        do { listing = try JSONDecoder().decode(Listing.self, from: Data(json.utf8)) } catch {
            return nil  // another version's form: no warning is better than a wrong one
        }
        let chains = listing.nftables.compactMap(\.chain).filter { $0.hook == "forward" && ["ip", "inet"].contains($0.family) && $0.table != own }
        let rules = listing.nftables.compactMap(\.rule)
        for chain in chains {
            let verdict = rules.filter { $0.family == chain.family && $0.table == chain.table && $0.chain == chain.name }.lazy.compactMap(\.verdict).first
            if let verdict, verdict != "accept" { return chain.blocker("last rule: \(verdict)") }
            if verdict == nil, chain.policy == "drop" { return chain.blocker("policy drop") }
        }
        return nil
    }
}

/// What we read of the listing: an array of objects with one key each.
private struct Listing: Decodable {
    var nftables: [Item]

    struct Item: Decodable {
        var chain: Chain?
        var rule: Rule?
    }

    struct Chain: Decodable {
        var family: String, table: String, name: String, hook: String?, policy: String?

        func blocker(_ why: String) -> ForwardingBlocker { ForwardingBlocker(family: family, table: table, chain: name, why: why) }
    }

    struct Rule: Decodable {
        var family: String, table: String, chain: String, expr: [Statement]

        /// What happens to every packet that comes to this rule; nil where the rule asks for something first, or decides nothing.
        var verdict: String? {
            guard let last = expr.last?.name, ["accept", "drop", "reject"].contains(last) else { return nil }
            return expr.dropLast().allSatisfy { ["counter", "log"].contains($0.name) } ? last : nil
        }
    }

    /// A part of a rule, such as `{"counter": {…}}`, by its only key.
    struct Statement: Decodable {
        var name: String

        init(from decoder: any Decoder) throws {
            name = try decoder.container(keyedBy: Key.self).allKeys.first?.stringValue ?? ""
        }
    }

    struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}
