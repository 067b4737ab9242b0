// Names of containers: which are allowed, and the ones that the engine makes up (`brave_lovelace`): an adjective and a scientist, as moby's
// pkg/namesgenerator does. Chapter 12.

/// Whether a container may bear this name: at least two characters, the first a letter or digit. A leading slash is not part of it.
public func isValidContainerName(_ name: String) -> Bool {
    func isWord(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
    }
    guard name.utf8.count >= 2, let first = name.utf8.first, isWord(first) else { return false }
    return name.utf8.dropFirst().allSatisfy { isWord($0) || [UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-")].contains($0) }
}

/// Makes up a name.
/// - Parameter attempt: how many names were taken already; from the second on a digit is appended
public func randomName<Generator: RandomNumberGenerator>(attempt: Int, using generator: inout Generator) -> String {
    let adjective = adjectives.randomElement(using: &generator) ?? "plain", surname = surnames.randomElement(using: &generator) ?? "turing"
    return "\(adjective)_\(surname)" + (attempt > 0 ? "\(Int.random(in: 0...9, using: &generator))" : "")
}

/// 64 hex digits from the system's random numbers, not all of them decimal in the first twelve: those are hostnames, and must not be numbers.
public func randomIdentifier() -> String {
    while true {
        var generator = SystemRandomNumberGenerator()
        let words = (0..<4).map { _ in generator.next() }
        let text = words.map { word in
            let hex = String(word, radix: 16)
            return String(repeating: "0", count: 16 - hex.count) + hex
        }.joined()
        if text.prefix(12).contains(where: \.isLetter) { return text }
    }
}

private let adjectives = words(
    """
    admiring adoring agitated amazing awesome beautiful bold brave busy charming clever compassionate competent confident cool crazy dazzling
    determined distracted dreamy eager ecstatic elastic elated elegant eloquent epic exciting fervent festive flamboyant focused friendly frosty
    funny gallant gifted goofy gracious great happy hardcore heuristic hopeful hungry infallible inspiring intelligent interesting jolly jovial keen
    kind laughing loving lucid magical modest musing mystifying naughty nervous nice nifty nostalgic objective optimistic peaceful pedantic pensive
    practical priceless quirky quizzical recursing relaxed reverent romantic serene sharp silly sleepy stoic strange stupefied suspicious sweet
    tender thirsty trusting unruffled upbeat vibrant vigilant vigorous wizardly wonderful youthful zealous zen
    """)

private let surnames = words(
    """
    agnesi albattani allen almeida archimedes ardinghelli aryabhata babbage banach bardeen bartik bassi bell bhabha blackwell bohr boole borg bose
    brahmagupta brattain brown carson cerf chandrasekhar chatelet clarke colden cori cray curie darwin davinci dijkstra dubinsky easley edison einstein
    elion engelbart euclid euler faraday fermat fermi feynman franklin galileo galois gates gauss germain goldberg goldstine goodall hamilton hawking
    heisenberg hermann heyrovsky hodgkin hofstadter hopper hypatia jackson jang jennings jepsen joliot jones kalam kare keller kepler khorana kilby
    kirch knuth kowalevski lalande lamarr lamport leakey leavitt lewin lichterman liskov lovelace lumiere mahavira mayer mccarthy mcclintock mclean
    mcnulty meitner mendel mendeleev minsky mirzakhani morse murdock newton nightingale nobel noether northcutt noyce pare pasteur payne perlman pike
    poincare poitras ptolemy raman ramanujan ride ritchie roentgen rosalind saha sammet shannon shaw shockley sinoussi snyder spence stallman swanson
    swartz swirles tesla thompson torvalds turing varahamihira villani visvesvaraya volhard wescoff wiles williams wilson wing wozniak wright yalow yonath
    """)

private func words(_ text: String) -> [String] { text.split(whereSeparator: \.isWhitespace).map(String.init) }
