// Where slipway-tree lies: tools of one build lie in one folder, and `make install` puts what a program starts into libexec. Chapter 07.

import Linux

extension TreeHelper {
    /// The helper beside this program, or in `../libexec/slipway` from there.
    /// - Throws: `.died` with a sentence where it is in neither place.
    public static func besideThisProgram() throws(TreesError) -> TreeHelper {
        let folder = try kernel { () throws(KernelError) in FilePath(try readLink("/proc/self/exe")).removingLastComponent() }
        let places = [folder.appending("slipway-tree"), folder.removingLastComponent().appending("libexec/slipway/slipway-tree")]
        guard let found = places.first(where: { exists($0) }) else { throw .died("is neither in \(folder) nor in ../libexec/slipway") }
        return TreeHelper(executable: found)
    }
}
