import Postgres
import Store
import TestSupport
import Testing

@Suite struct DatasetTests {
  @Test(.scratchDatabase) func `bytes come back as they were, in chunks of a mebibyte`() throws {
    let fixture = try Fixture()
    let content = (0..<(2 << 20) + 5).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
    let stored = try fixture.database.putDataset(
      NewDataset(
        name: "large", version: try fixture.sha256(content), kind: "text",
        header: JSON(text: "{}"), summary: JSON(text: #"{"é":1}"#), examples: 9), content: content)
    #expect(stored.bytes == content.count)
    #expect(try stored.summary.decode([String: Int].self) == ["é": 1])
    #expect(try fixture.count("unroll_internal.dataset_chunk") == 3)
    #expect(try fixture.database.datasetContent(id: stored.id) == content)
  }

  @Test(.scratchDatabase) func `the same content twice is one version`() throws {
    let fixture = try Fixture()
    let first = try fixture.dataset("words", "one")
    let second = try fixture.dataset("words", "one")
    #expect(first == second)
    let third = try fixture.dataset("words", "two")
    #expect(third.id != first.id)
    #expect(try fixture.database.dataset(named: "words") == third)
    let old = String(first.version.prefix(10))
    #expect(try fixture.database.dataset(named: "words", version: old) == first)
    #expect(try fixture.database.datasets().map(\.id) == [third.id, first.id])
    let error = try storeError { _ = try fixture.database.dataset(named: "word") }
    #expect(error.code == .notFound)
    #expect(error.message == #"no dataset "word"; there are: words"#)
  }

  @Test(.scratchDatabase) func `content that is not its version is not stored`() throws {
    let fixture = try Fixture()
    let error = try storeError {
      _ = try fixture.database.putDataset(
        NewDataset(
          name: "words", version: String(repeating: "0", count: 64), kind: "text",
          header: JSON(text: "{}"), summary: JSON(text: "{}"), examples: 1), content: [1, 2, 3])
    }
    #expect(error.code == .corrupt)
    #expect(try fixture.count("unroll_internal.dataset") == 0)
    #expect(try fixture.count("unroll_internal.dataset_chunk") == 0)
  }

  @Test(
    .scratchDatabase,
    arguments: [
      ("update unroll_internal.dataset_chunk set content = '\\x00'", "does not match its sha256"),
      ("delete from unroll_internal.dataset_chunk", "0 of 5 bytes are there"),
      ("update unroll_internal.dataset_chunk set number = 1", "chunk 0 is missing"),
    ])
  func `damage is found`(damage: String, message: String) throws {
    let fixture = try Fixture()
    let dataset = try fixture.dataset()
    try fixture.connection.execute(damage)
    let error = try storeError { _ = try fixture.database.datasetContent(id: dataset.id) }
    #expect(error.code == .corrupt)
    #expect(error.message.contains(message))
  }

  @Test(.scratchDatabase) func `a dataset that a sweep uses stays`() throws {
    let fixture = try Fixture()
    let unused = try fixture.dataset("unused")
    let used = try fixture.dataset()
    let sweep = try fixture.database.enqueue(fixture.spec())
    let error = try storeError { try fixture.database.removeDataset(id: used.id) }
    #expect(error.code == .inUse)
    #expect(error.message == #"dataset "words" is used by sweep \#(sweep) (sweep)"#)
    try fixture.database.removeDataset(id: unused.id)
    #expect(try fixture.database.datasets() == [used])
    #expect(try fixture.count("unroll_internal.dataset_chunk") == 1)
    let missing = try storeError { try fixture.database.removeDataset(id: unused.id) }
    #expect(missing.code == .notFound)
  }

  @Test(
    .scratchDatabase,
    arguments: ["", "we'ird", "a/b", "-a", "ñ", String(repeating: "a", count: 101)])
  func `a name that cannot be is told with what is allowed`(name: String) throws {
    let fixture = try Fixture()
    let error = try #require(throws: StoreError.self) { try fixture.dataset(name) }
    #expect(error.code == .invalid)
    #expect(error.message.hasPrefix("name of a dataset: found \"\(name.prefix(100))\", allowed: "))
  }
}
