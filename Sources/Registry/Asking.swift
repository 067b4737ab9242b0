// The conversation with a registry that protects what it has. Nobody knows beforehand which credentials it wants, or for what, so a client asks
// without any, and the registry's 401 says how to introduce oneself: by name and password (Basic), or by a token from a service that it names,
// good for one scope (Bearer). On the way stand redirects: large registries keep blobs at a storage service elsewhere, and a token that is sent
// along goes to somebody whom it was not made for. https://distribution.github.io/distribution/spec/auth/token/ · RFC 9110 §11, §15.4. chapter 08

extension Session {
    /// Asks the registry a question, as somebody whom it knows where it insists on that, and follows where it sends us.
    ///
    /// What there is to use: `exchange(question)` sends a question and gives its answer. `answer.destination()` is where that redirects us, or
    /// nil, and `question.moved(to:)` the same question there, with the same authorization. `introduction(answering:rejected:)` gets what
    /// to say as `question.authorization` to one of `answer.challenges`, or nil where there is nothing to say; `remembered` is what was said
    /// last. `registry` is the origin of the registry itself, to be compared with `question.address.origin` or `place.origin`.
    ///
    /// - Returns: the last answer; a 401 too, where introducing ourselves did not help
    /// - Throws: `RegistryError`; `malformed` after ten redirects
    func ask(_ first: Question) async throws(RegistryError) -> Answer {
        // lab: 08.1 ask, meet the challenge, ask once more, and follow redirects without credentials
        var question = first
        question.authorization = remembered
        var isIntroduced = false
        for _ in 0...10 {
            let answer = try await exchange(question)
            if let place = try answer.destination() {
                question = question.moved(to: place)
                if place.origin != registry { question.authorization = nil }
            } else if answer.status == 401, question.address.origin == registry, !isIntroduced,
                let authorization = try await introduction(answering: answer.challenges, rejected: question.authorization)
            {
                question.authorization = authorization
                isIntroduced = true
            } else {
                return answer
            }
        }
        throw .malformed("\(first.words): stopped after 10 redirects")
        // lab: end
    }
}
