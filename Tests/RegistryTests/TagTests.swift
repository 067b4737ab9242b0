import HTTP
import OCI
import Registry
import Testing

@Suite("A list of tags", .timeLimit(.minutes(1)))
struct TagTests {
    @Test("comes in as many answers as the registry likes, without what can be no tag")
    func pages() async throws {
        try await withRegistry({ request, _ in
            guard request.path == "/v2/me/app/tags/list" else { return nil }
            switch request.query["last"] {
            case nil: return .json(#"{"name":"me/app","tags":["1","../2"]}"#, ["Link": "</v2/me/app/tags/list?n=2&last=1>; rel=\"next\""])
            case "1": return .json(#"{"name":"me/app","tags":["3"]}"#, ["Link": "<http://elsewhere.example/v2/me/app/tags/list>; rel=\"next\""])
            default: return .json(#"{"name":"me/app","tags":null}"#)
            }
        }) { registry in
            let tags = try await RegistryClient(quick()).repository(registry.name("me/app"), nil).tags()
            #expect(tags == ["1", "3"])
        }
    }

    @Test("that does not end, or is none, is refused; of an unknown repository Docker's words are told")
    func refused() async throws {
        func words(_ response: @escaping @Sendable (Request) -> Response) async throws -> String {
            try await withRegistry({ request, _ in request.path == "/v2/" ? nil : response(request) }) { registry in
                let repository = RegistryClient(quick()).repository(try registry.name("x"), nil)
                return await failure(of: { () async throws(RegistryError) in _ = try await repository.tags() }).replacing(registry.domain, with: "HOST")
            }
        }
        let many = "[" + (0..<900).map { "\"t\($0)\"" }.joined(separator: ",") + "]"
        let endless = try await words { request in
            .json("{\"tags\":\(many)}", ["Link": "</v2/x/tags/list?last=\((Int(request.query["last"] ?? "") ?? 0) + 1)>; rel=\"next\""])
        }
        #expect(endless == "HOST/x: more than 10000 tags")
        let garbage = try await words { _ in .json("<html>") }
        #expect(garbage.hasPrefix("tags of HOST/x: no list of tags"))
        let unknown = try await words { _ in .refusal(404, "NAME_UNKNOWN", "repository name not known to registry") }
        #expect(unknown == "repository HOST/x not found: name unknown: repository name not known to registry")
    }
}
