import Recurrent
import Testing
import Training

@Suite struct WordVectorTests {
  private static func entries(_ text: String) throws -> [WordVectorReader.Entry] {
    var rest = Array(text.utf8)[...]
    var reader = WordVectorReader(file: "f") {
      defer { rest = rest.dropFirst(7) }
      return Array(rest.prefix(7))
    }
    var entries: [WordVectorReader.Entry] = []
    while let entry = try reader.next() { entries.append(entry) }
    return entries
  }

  @Test func `a line is a word and its numbers`() throws {
    let found = try Self.entries("the 1 -2.5 3e-1\nÄh 0 0 1\n. . . 4 5 6\n")
    #expect(found.map(\.word) == ["the", "Äh", ". . ."])
    #expect(found.map(\.values) == [[1, -2.5, 0.3], [0, 0, 1], [4, 5, 6]])
    #expect(try Self.entries("1 3\nthe 1 2 3\n").map(\.word) == ["the"])
  }

  @Test(arguments: [
    ("the 1 2\nof 1\n", "f:2: found 1 numbers; allowed: a word and 2 numbers"),
    ("the 1 2\n\nof 1 x\n", "f:3: number 2: found 'x'; allowed: a finite number"),
    ("the 1 nan\n", "f:1: number 2: found 'nan'; allowed: a finite number"),
    ("", "f: found no word; allowed: at least one"),
    ("2 3\n", "f: found no word; allowed: at least one"),
    (
      "2 3\nthe 1 2 3\n",
      "f: found 1 words; allowed: 2, as the first line says: the file may be cut off"
    ),
    ("the\n", "f:1: found 0 numbers; allowed: a word and its numbers"),
  ])
  func `a bad line is told`(text: String, message: String) {
    let error = #expect(throws: ImportError.self) { try Self.entries(text) }
    #expect(error?.description == message)
  }

  @Test func `words of the vocabulary begin with their vectors, the others as without`() throws {
    let data = try PreparedData(PreparationTests.messages(60), DataPlan(), seed: 1)
    var plan = Plan(
      model: ModelSettings(cell: .rnn, hidden: 4, embedding: 3),
      training: TrainingPlan(epochs: 1, rate: 0.01), seed: 1)
    plan.training.keepInitial = true
    func initial(_ vectors: [String: [Float]]) throws -> [Float] {
      guard case .finished(let outcome) = try Session(plan, data, vectors: vectors).run(),
        let bytes = outcome.artifacts.first(where: { $0.name == Artifact.Name.initial })?.bytes
      else { return [] }
      return try SafeTensors(decoding: bytes)["embedding.weight"]?.elements ?? []
    }
    let tokens = try #require(data.vocabulary).tokens
    let (word, place) = (tokens[3], 3)
    let drawn = try initial([:])
    let begun = try initial([word: [1, 2, 3], "no such word": [9, 9, 9]])
    #expect(Array(begun[place * 3..<place * 3 + 3]) == [1, 2, 3])
    #expect(begun[..<(place * 3)] == drawn[..<(place * 3)])
    #expect(begun[(place * 3 + 3)...] == drawn[(place * 3 + 3)...])
    let error = #expect(throws: PlanError.self) { try initial([word: [1, 2]]) }
    #expect(error?.description == "model.embedding: found 3; allowed: 2, the width of the vectors")
  }
}
