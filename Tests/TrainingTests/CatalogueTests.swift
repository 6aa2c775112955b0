import Recurrent
import Testing
import Training

@Suite struct CatalogueTests {
  /// Eight times "first, second", each beside a letter, packed with Python's gzip.
  static let packedTable: [UInt8] = bytes(
    "1f8b08000000000002034bcb2c2a2ee1ace02a4e4dcecf4be1ace44a1b18010045919e9688000000"
      + "")

  /// Two images of 2 × 3 and their labels.
  static let images: [UInt8] =
    [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3] + (0..<12).map { 20 * $0 }
  static let labels: [UInt8] = [0, 0, 8, 1, 0, 0, 0, 2, 1, 0]

  static func bytes(_ hexadecimal: String) -> [UInt8] {
    let digits = Array(hexadecimal.utf8)
    return stride(from: 0, to: digits.count, by: 2).compactMap {
      UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
    }
  }

  @Test func `entries have names and digests of their own`() {
    let names = CatalogueEntry.all.map(\.name)
    #expect(Set(names).count == names.count && names.count >= 10)
    for entry in CatalogueEntry.all {
      #expect(entry.files.allSatisfy { $0.sha256.count == 64 })
      #expect(CatalogueEntry.named(entry.name) == entry)
      if case .images = entry.content { #expect(entry.files.count % 2 == 0) }
    }
    let files = CatalogueEntry.all.flatMap { $0.files.map(\.sha256) }
    #expect(Set(files).count == files.count)
  }

  @Test func `a file with another digest is refused`() throws {
    let entry = try #require(CatalogueEntry.named("fashion-mnist"))
    let error = #expect(throws: ImportError.self) {
      try entry.dataset(fromFiles: [Self.images, Self.labels, Self.images, Self.labels])
    }
    #expect(error?.code == .badArchive)
    #expect(error?.file == entry.files[0].path)
    #expect(throws: ImportError.self) { try entry.dataset(fromWheel: ArchiveTests.archive) }
  }

  @Test func `a gzip file is unpacked as it is read`() throws {
    let options = ImportOptions(format: .tsv, text: "1", label: "2")
    let dataset = try Dataset(importing: Self.packedTable, file: "f", name: "d", options: options)
    #expect(dataset.count == 16)
    let twice = try Dataset(
      importing: Self.packedTable + Self.packedTable, file: "f", name: "d", options: options)
    #expect(twice.count == 32, "a gzip file may have several parts")
    let error = #expect(throws: ImportError.self) {
      try Dataset(
        importing: Self.packedTable.dropLast() + [], file: "f", name: "d", options: options)
    }
    #expect(
      error?.description
        == "f: found a gzip file that cannot be unpacked; allowed: a whole, undamaged file")
  }

  @Test func `images are sequences of rows, or of pixels, a byte each`() throws {
    let dataset = try Dataset(
      images: [(Self.images, "i", .train), (Self.images, "j", .test)],
      labels: [(Self.labels, "k"), (Self.labels, "l")], named: ["shoe", "bag"], name: "d")
    #expect(dataset.targets == .labels([0, 1, 0, 1], names: ["bag", "shoe"]))
    #expect(dataset.splits == [.train, .train, .test, .test])
    #expect(dataset.inputs.lengths == [2, 2, 2, 2])
    #expect(dataset.encoded().count < 400)
    #expect(try Dataset(decoding: dataset.encoded(), name: "d") == dataset)
    var plan = DataPlan(split: .init(validation: 0))
    let rows = try PreparedData(dataset, plan, seed: 0)
    #expect(rows.plan.scaling == .joint && rows.encoding.inputWidth == 3)
    // The values 0, 20, …, 220: their mean is 110, their deviation 20 √(143/12).
    let deviation = 20 * (143.0 / 12).squareRoot()
    #expect(abs((rows.encoding.inputScale?.means[1] ?? 0) - 110) < 1e-9)
    #expect(abs((rows.encoding.inputScale?.deviations[2] ?? 0) - deviation) < 1e-9)
    let pixelValues = (6..<12).map { Float((20 * Double($0) - 110) / deviation) }
    #expect(ForecastTests.near(Array(rows.test.values(1)), pixelValues))
    plan.channels = 1
    let pixels = try PreparedData(dataset, plan, seed: 0)
    #expect(pixels.test.lengths == [6, 6] && pixels.encoding.inputWidth == 1)
    #expect(Array(pixels.test.values(1)) == Array(rows.test.values(1)))
    #expect(pixels.datasetVersion == dataset.sha256)
    plan.channels = 4
    #expect(throws: PlanError.self) { try PreparedData(dataset, plan, seed: 0) }
  }

  @Test func `numbers that are no bytes are not kept as bytes`() throws {
    var options = ImportOptions(format: .csv, label: "3", values: ["1-2"])
    options.bytes = true
    func read(_ content: String) throws -> Dataset {
      try Dataset(importing: Array(content.utf8), file: "f", name: "d", options: options)
    }
    #expect(
      try read("0,255,a\n7,8,b\n").inputs
        == .bytes(ByteSequences([0, 255, 7, 8], length: 2), channels: ["channel 1"]))
    for value in ["256", "-1", "0.5"] {
      let error = #expect(throws: ImportError.self) { try read("0,255,a\n7,\(value),b\n") }
      #expect(error?.field == "example 2")
    }
  }

  @Test func `times, several series and categories are read`() throws {
    var options = ImportOptions(format: .csv, values: ["v"])
    (options.time, options.series, options.categories) = (["y", "m", "d"], "s", ["w"])
    options.missing = .keep
    func read(_ content: String) throws -> Dataset {
      try Dataset(importing: Array(content.utf8), file: "f", name: "d", options: options)
    }
    let dataset = try read(
      "y,m,d,s,v,w\n1970,1,2,p,1,NW\n1970,1,1,q,NA,SE\n2000,2,29,p,3,SE\n")
    #expect(dataset.times == [[86_400, 951_782_400], [0]])
    #expect(dataset.inputs.channels == ["w=NW", "w=SE", "v"])
    guard case .values(let values, _) = dataset.inputs else { return }
    #expect(values[0] == [1, 0, 1, 0, 1, 3])
    #expect(values[1][2].isNaN)
    let copy = try Dataset(decoding: dataset.encoded(), name: "d")
    #expect(copy.times == dataset.times && copy.encoded() == dataset.encoded())
    for (rows, message) in [
      (
        "1900,2,29,p,1,x",
        "f:2: column 'y': found 1900 2 29; allowed: year, month, day, hour, "
          + "minute and second of a date that exists"
      ),
      (
        "1970,1,2,p,1,x\n1970,1,2,p,1,x",
        "f:3: column 'y': found 1970-01-02 after 1970-01-02 in the row before; allowed: later "
          + "times from row to row (and, with several series, the option series)"
      ),
      ("1970,x,2,p,1,x", "f:2: column 'm': found 'x'; allowed: an integer"),
    ] {
      let error = #expect(throws: ImportError.self) { try read("y,m,d,s,v,w\n\(rows)\n") }
      #expect(error?.description == message)
    }
  }

  @Test(
    arguments: [
      ("1970", 0), ("1970-02", 2_678_400), ("1970-01-02 03:04", 97_440),
      ("1970/01/02", 86_400), ("1969-12-31T23:59:59Z", -1), ("2024-02-29", 1_709_164_800),
      ("2023-02-29", nil), ("1970-1-1 24:00", nil), ("70-01-01", nil), ("1970-01 03:00", nil),
      ("1970-01-01 03", 10_800), ("", nil), ("1970-01-01-01", nil),
    ] as [(String, Int64?)])
  func `dates are read as they are written`(text: String, seconds: Int64?) throws {
    var options = ImportOptions(format: .csv, values: ["v"])
    options.time = ["t"]
    let dataset = try? Dataset(
      importing: Array("t,v\n\(text),1\n".utf8), file: "f", name: "d", options: options)
    #expect(dataset?.times?[0][0] == seconds)
  }

  @Test func `ts files say whether values are missing, and these are filled in`() throws {
    let head = "@timeStamps false\n@missing true\n@classLabel true a b\n@data\n"
    let dataset = try Dataset(
      importing: Array((head + "1,?,3:4,5,NaN:a\n2,2:6,7:b\n?:8:a\n").utf8), file: "f", name: "d",
      options: ImportOptions(format: .ts))
    let data = try PreparedData(
      dataset, DataPlan(split: .init(test: 0, validation: 0), scaling: DataPlan.Scaling.none),
      seed: 0)
    #expect(data.encoding.features?.masked == [0, 1])
    #expect(Array(data.train.values(0)) == [1, 4, 0, 0, 1, 5, 1, 0, 3, 5, 0, 1])
    #expect(Array(data.train.values(2)) == [2, 8, 1, 0], "the mean of 1, 3, 2 and 2")
    let (_, outcome, artifacts) = try ArtifactTests.train(
      dataset, ModelSettings(cell: .rnn, hidden: 3),
      data: DataPlan(split: .init(test: 0, validation: 0.34)))
    #expect(outcome.metrics.allSatisfy { $0.value.isFinite })
    #expect(try Predictor(artifacts).predict(values: [[1, .nan, 2, 5]])[0].label != nil)
  }
}
