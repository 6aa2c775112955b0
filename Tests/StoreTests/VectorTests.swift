import Postgres
import Store
import TestSupport
import Testing

@Suite struct VectorTests {
  @Test(.scratchDatabase) func `only the words that are asked for are read`() throws {
    let database = try Fixture().database
    var entries: [(word: String, values: [Float])] = [
      ("the", [1, 2]), ("of", [3, 4]), ("the", [5, 6]), ("Ä\\\t", [7, 8]),
    ]
    let stored = try database.putVectors(named: "glove") {
      entries.isEmpty ? nil : entries.removeFirst()
    }
    #expect(stored.words == 3 && stored.width == 2)
    let found = try database.vectors(named: "glove", of: ["Ä\\\t", "the", "no"])
    #expect(found.width == 2 && found.vectors == ["the": [1, 2], "Ä\\\t": [7, 8]])
    #expect(try database.vectors() == [stored])
    #expect(
      try storeError { _ = try database.putVectors(named: "glove") { nil } }.code == .conflict)
    #expect(try storeError { _ = try database.vectors(named: "x", of: []) }.code == .notFound)
    try database.removeVectors(stored)
    #expect(try database.vectors().isEmpty)
  }

  @Test(.scratchDatabase) func `what fails half way leaves nothing`() throws {
    let database = try Fixture().database
    var count = 0
    #expect(throws: MissingError.self) {
      _ = try database.putVectors(named: "glove") {
        count += 1
        if count == 3 { throw MissingError() }
        return ("word \(count)", [1])
      }
    }
    #expect(try database.vectors().isEmpty)
    #expect(try storeError { _ = try database.putVectors(named: "a/b") { nil } }.code == .invalid)
    #expect(try storeError { _ = try database.putVectors(named: "a") { nil } }.code == .invalid)
  }
}
