// The house as it is drawn and as it is: House.swift says what each module imports; the rows of Package.swift and the import lines of the
// sources have to say the same, no more and no less. A drawing that is only nearly right is of no use to whoever looks for a place.
import Testing

@Suite("The house")
struct ImportTests {
    @Test("Each module imports exactly what the drawing says")
    func equality() throws {
        for row in house {
            let found = try swiftFiles(folder(of: row.name)).reduce(into: Set<String>()) { $0.formUnion($1.imports) }
            let drawn = Set(row.imports)
            #expect(found.subtracting(drawn).sorted() == [], "\(row.name) imports what House.swift does not draw")
            #expect(drawn.subtracting(found).subtracting(row.learns ? ["Lab"] : []).sorted() == [], "House.swift draws what \(row.name) does not import")
        }
    }

    @Test("Package.swift has the rows of the drawing")
    func manifest() throws {
        let rows = try declaredRows()
        #expect(Set(rows.keys).symmetricDifference(house.map(\.name)).sorted() == [])
        for row in house {
            let drawn = Set(row.imports).subtracting(platform)
            #expect(rows[row.name, default: []].symmetricDifference(drawn).sorted() == [], "row \(row.name)")
        }
    }

    @Test("Modules import lower layers only")
    func layers() {
        let layer = Dictionary(uniqueKeysWithValues: house.map { ($0.name, $0.layer) })
        for row in house {
            for imported in row.imports where layer[imported].map({ $0 >= row.layer && !(over[row.name] ?? []).contains(imported) }) ?? false {
                Issue.record("\(row.name) (layer \(row.layer)) imports \(imported), which is not below it")
            }
        }
    }

    @Test("A C library belongs to one module")
    func libraries() {
        for row in house {
            for imported in row.imports where owners[imported].map({ $0 != row.name }) ?? false {
                Issue.record("\(row.name) imports \(imported), which belongs to \(owners[imported] ?? "")")
            }
        }
    }

    @Test("Only Linux and the owners of C libraries write unsafe code, and those who are named with a reason")
    func unsafeCode() throws {
        for row in house where row.name != "Linux" && !owners.values.contains(row.name) && unsafeWithReason[row.name] == nil {
            for file in try swiftFiles(folder(of: row.name)) {
                for (number, line) in file.code where line.contains(/\bunsafe\b/) {
                    Issue.record("\(file.path):\(number): unsafe in a module that owns no C library")
                }
            }
        }
    }
}
