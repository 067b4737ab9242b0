// Exercise 03.2, values in and values out: every list of two kinds, and shuffled longer ones.
import Namespaces
import Testing

@Suite("Lab 03.2: the order of joining")
struct OrderChecks {
    @Test("The user namespace comes first")
    func orderUserFirst() throws {
        for list in lists where list.contains(.user) {
            let order = joinOrder(list)
            guard order.first == .user else { throw Sign(order.contains(.user) ? "late" : "lost", words(list), words(order)) }
        }
    }

    @Test("The mount namespace comes last")
    func orderMountLast() throws {
        for list in lists where list.contains(.mount) {
            let order = joinOrder(list)
            guard order.last == .mount else {
                throw Sign(order.first == .mount ? "first" : order.contains(.mount) ? "early" : "lost", words(list), words(order))
            }
        }
    }

    @Test("Every kind is joined once, those between in the order in which they came")
    func orderRest() throws {
        for list in lists {
            let order = joinOrder(list)
            guard Set(order).count == order.count else { throw Sign("twice", words(list), words(order)) }
            guard Set(order) == Set(list) else { throw Sign("lost", words(list), words(order)) }
            let between = { (kinds: [Namespace]) in kinds.filter { $0 != .user && $0 != .mount } }
            guard between(order) == between(list) else { throw Sign("shuffled", words(list), words(order)) }
        }
        guard joinOrder([]).isEmpty else { throw Sign("invented", words(joinOrder([]))) }
    }
}

private let lists: [[Namespace]] =
    Namespace.allCases.map { [$0] } + Namespace.allCases.flatMap { one in Namespace.allCases.filter { $0 != one }.map { [one, $0] } }
    + (0..<40).map { Array(Namespace.allCases.shuffled().prefix(3 + $0 % 6)) }

private func words(_ kinds: [Namespace]) -> String { "[" + kinds.map(\.rawValue).joined(separator: ", ") + "]" }
