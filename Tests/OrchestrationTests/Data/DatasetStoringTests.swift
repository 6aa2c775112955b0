import Orchestration
import Store
import TestSupport
import Testing
import Training

@Suite(.scratchDatabaseForEach) struct DatasetStoringTests {
  private static func database() throws -> Database {
    let database = try Database(Scratch.database)
    try database.migrate()
    return database
  }

  private static func series(_ values: [Float]) -> Dataset {
    Dataset(name: "airline", inputs: .values([values], channels: ["y"]), targets: .none)
  }

  @Test func `a dataset under the name of one that is known is not the fetched one`() throws {
    let database = try Self.database()
    let entry = try #require(CatalogueEntry.named("airline"))
    #expect(try database.fetched(entry) == nil)
    _ = try database.put(Self.series([1, 2]))
    _ = try database.put(
      Self.series([1, 3]), importedWith: ImportOptions(format: .csv, values: ["y"]))
    #expect(try database.fetched(entry) == nil)
    let fetched = try database.put(Self.series([1, 4]), importedWith: entry.importOptions)
    #expect(try database.fetched(entry) == fetched)
    // Whatever came later.
    _ = try database.put(Self.series([1, 5]))
    #expect(try database.fetched(entry) == fetched)
  }

  @Test func `pictures are known by their labels`() throws {
    let database = try Self.database()
    let entry = try #require(CatalogueEntry.named("fashion-mnist"))
    guard case .images(let labels) = entry.content else {
      Issue.record("pictures expected")
      return
    }
    func stored(_ labels: [String]) throws -> StoredDataset {
      try database.put(
        Dataset(
          name: entry.name, inputs: .values(labels.map { _ in [Float(1)] }, channels: ["a"]),
          labels: labels))
    }
    _ = try stored(["a", "b"])
    #expect(try database.fetched(entry) == nil)
    let fetched = try stored(labels)
    #expect(try database.fetched(entry) == fetched)
  }

  @Test func `a file is read as that of the import, which had so many values a row`() throws {
    let database = try Self.database()
    let options = ImportOptions(format: .csv, label: "1", values: ["*"], channels: 2)
    let even = try Dataset(
      importing: Array("up,1,2,3,4\ndown,5,6,7,8\n".utf8), file: "f", name: "even",
      options: options)
    var expected = options
    expected.rowValues = 4
    #expect(try database.put(even, importedWith: options).importOptions == expected)
    let uneven = Dataset(
      name: "uneven", inputs: .values([[1, 2], [3]], channels: ["a"]), labels: ["x", "y"])
    #expect(try database.put(uneven, importedWith: options).importOptions == options)
  }
}
