// A network namespace of these tests' own: other suites' engines have bridges, rules and routes in the sandbox's.
import Foundation
import Glibc

enum Room {
    private static let name = "tools-\(getpid())"
    private static let made: String = {
        _ = try? run(["sh", "-c", "ip netns add \(name) && ip -n \(name) link set lo up"])  // without it the first command says what is wrong
        return "/run/netns/\(name)"
    }()
    /// Leads to it.
    static var path: String { made }
    /// Only the network is another one: what is mounted there is seen here.
    static func words(_ words: [String]) -> [String] { ["nsenter", "--net=\(path)"] + words }
}

@discardableResult
func inRoom(_ words: [String], seconds: Double = 60) throws -> Outcome { try run(Room.words(words), seconds: seconds) }

func beginInRoom(_ words: [String]) throws -> Running { try begin(Room.words(words)) }
