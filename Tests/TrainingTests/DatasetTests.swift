import Testing
import Training

@Suite struct DatasetTests {
  static let datasets: [Dataset] = [
    Dataset(name: "t", inputs: .texts(["hi 🙂", "", "né"]), labels: ["b", "a", "b"]),
    Dataset(
      name: "s", inputs: .texts(["x", "y"]), labels: ["0", "1"], splits: [.test, .train]),
    Dataset(
      name: "y", inputs: .symbols([[0, 1, 2], [2]], alphabet: 3),
      targets: .steps([[-1, 0, 1], [1]], classes: 2), splits: [.validation, .train]),
    Dataset(
      name: "v",
      inputs: .values([[1, -2, 3.5, 0], [-0.0, .leastNonzeroMagnitude]], channels: ["a", "b"]),
      targets: .numbers([1, 2, 3, 4], width: 2)),
    Dataset(name: "l", inputs: .values([[1, 2, 3]], channels: ["a"]), targets: .none),
    Dataset(
      name: "n", inputs: .values([[1, 2, 3], [4]], channels: ["a"]), targets: .none,
      names: ["Paris", "Zürich"]),
  ]

  @Test(arguments: datasets)
  func `the canonical encoding is read back whole`(dataset: Dataset) throws {
    let bytes = dataset.encoded()
    let copy = try Dataset(decoding: bytes, name: dataset.name)
    #expect(copy == dataset)
    #expect(copy.encoded() == bytes)
  }

  @Test func `the version is that of the content and never changes`() {
    var dataset = Self.datasets[0]
    // A stored version of 2026: if this changes, every dataset in every database is orphaned.
    #expect(
      dataset.sha256 == "6b211b028063e55c69c5f134837de4fd902af0316fd3e0916f52ca3b1a0fd5ce")
    let version = dataset.sha256
    dataset.name = "another"
    #expect(dataset.sha256 == version)
    #expect(Set(Self.datasets.map(\.sha256)).count == Self.datasets.count)
  }

  @Test(arguments: datasets)
  func `bytes that are cut off or prolonged are refused`(dataset: Dataset) {
    let bytes = dataset.encoded()
    for count in 0..<bytes.count {
      #expect(throws: DatasetDecodingError.self) {
        try Dataset(decoding: bytes.prefix(count), name: "d")
      }
    }
    let error = #expect(throws: DatasetDecodingError.self) {
      try Dataset(decoding: bytes + [0], name: "d")
    }
    #expect(error?.code == .wrongLength)
  }

  @Test func `other bytes and newer versions are refused`() {
    var bytes = Self.datasets[0].encoded()
    bytes[8] = 9
    let newer = #expect(throws: DatasetDecodingError.self) {
      try Dataset(decoding: bytes, name: "d")
    }
    #expect(newer?.code == .unsupportedVersion)
    #expect(newer?.detail == "format version 9, this program reads 1")
    bytes[0] = 0
    let error = #expect(throws: DatasetDecodingError.self) {
      try Dataset(decoding: bytes, name: "d")
    }
    #expect(error?.code == .notADataset)
  }

  @Test func `names that are not one an example are refused`() throws {
    let bytes = Self.datasets[5].encoded()
    let (two, one) = (Array(#""Paris","Zürich""#.utf8), Array(#""Paris,..Zürich""#.utf8))
    let place = try #require(bytes.indices.first { bytes[$0...].starts(with: two) })
    let error = #expect(throws: DatasetDecodingError.self) {
      try Dataset(
        decoding: bytes[..<place] + one + bytes[(place + two.count)...], name: "d")
    }
    #expect(error?.detail == "its names are not one an example")
  }

  @Test func `damaged bytes never trap`() {
    for dataset in Self.datasets {
      let bytes = dataset.encoded()
      for index in bytes.indices {
        for flip in [0x01, 0x80, 0xFF] as [UInt8] {
          var damaged = bytes
          damaged[index] ^= flip
          // Read as another dataset or refused: both are right, a trap is not.
          if let read = try? Dataset(decoding: damaged, name: "d") {
            #expect(read.encoded().count > 0)
          }
        }
      }
    }
  }

  @Test func `the summary counts labels, splits, lengths and duplicates`() {
    let summary = Dataset(
      name: "d", inputs: .texts(["a", "bb", "a", "cccc", "a"]), labels: ["x", "y", "y", "y", "x"],
      splits: [.train, .train, .train, .test, .train]
    ).summary
    #expect(summary.rows == 5)
    #expect(summary.labels.map(\.name) == ["y", "x"])
    #expect(summary.labels.map(\.count) == [3, 2])
    #expect(summary.splits.map(\.name) == ["train", "test"])
    #expect(summary.splits.map(\.count) == [4, 1])
    #expect(summary.lengths?.minimum == 1)
    #expect(summary.lengths?.median == 1)
    #expect(summary.lengths?.maximum == 4)
    #expect(summary.duplicates == 2)
    #expect(summary.task == .classify)
  }

  @Test func `repeats are told of texts and of numbers`() {
    let values: [[Float]] = [[1, 2], [1], [2], [1, 2], [0], [-0.0], [.nan], [.nan], []]
    func repeats(_ inputs: Dataset.Inputs) -> Int {
      Dataset(name: "d", inputs: inputs, targets: .none).summary.duplicates
    }
    #expect(repeats(.values(values, channels: ["a"])) == 2)
    #expect(repeats(.bytes([[1, 2], [1, 3], [1, 2], [1, 2]], channels: ["a"])) == 2)
    #expect(repeats(.symbols([[0, 1], [0], [0, 1]], alphabet: 2)) == 1)
    // However its letters are written.
    #expect(repeats(.texts(["\u{E9}", "e\u{301}", "e"])) == 1)
    #expect(repeats(.texts(["a"])) == 0)
  }
}
