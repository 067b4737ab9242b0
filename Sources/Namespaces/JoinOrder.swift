// In which order to join namespaces that exist already. setns(2) asks for privilege in the user namespace that owns the one to be joined:
// without root, only the user namespace itself can give that, so it comes first. Joining a mount namespace changes what every path means,
// our own root and working directory included, so it comes last. Chapter 03, exercise 2.

/// The same kinds, in an order in which a process can join them.
/// - Parameter namespaces: the kinds to join, in any order, each at most once
/// - Returns: user first and mount last where they are wanted; the others between them, in the order in which they came.
public func joinOrder(_ namespaces: [Namespace]) -> [Namespace] {
    // lab: 03.2 put user first and mount last
    var order: [Namespace] = []
    if namespaces.contains(.user) {
        order.append(.user)
    }
    for namespace in namespaces where namespace != .user && namespace != .mount {
        order.append(namespace)
    }
    if namespaces.contains(.mount) {
        order.append(.mount)
    }
    return order
    // lab: end
}
