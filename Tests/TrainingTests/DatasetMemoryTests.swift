import FoundationEssentials
import Glibc
import Testing
import Training

@Suite struct DatasetMemoryTests {
  @Test func `texts of a file are read where they lie`() throws {
    let texts = ["win a prize", "", "né 🙂"]
    let encoded = Data(Dataset(name: "d", inputs: .texts(texts), targets: .none).encoded())
    guard case .texts(let read) = try Dataset(decoding: encoded, name: "d").inputs else {
      Issue.record("texts expected")
      return
    }
    #expect(Array(read) == texts && read == Texts(texts))
    #expect(read.indices.map { read.scalarCount($0) } == [11, 0, 4])
    encoded.withUnsafeBytes { file in
      for text in read.indices {
        let isInside = read.withBytes(text) { bytes in
          bytes.isEmpty || (file.baseAddress! <= bytes.baseAddress! && bytes.count < file.count)
        }
        #expect(isInside)
      }
    }
  }

  @Test func `a text that is cut inside a character is refused`() {
    let bytes = Data("é".utf8)
    #expect(Texts(validating: bytes, lengths: [2])?.count == 1)
    #expect(Texts(validating: bytes, lengths: [1, 1]) == nil)
  }

  @Test(arguments: [(256, 1), (257, 2), (65_536, 2), (65_537, 4)])
  func `indices take as few bytes as they need`(limit: Int, width: Int) {
    let writer = CompactIndices.Writer(below: limit, capacity: 4)
    writer.append(contentsOf: [0, Int32(limit - 1), 7])
    let indices = CompactIndices(writer)
    #expect(Array(indices) == [0, Int32(limit - 1), 7])
    #expect(indices[range: 1..<3] == [Int32(limit - 1), 7])
    #expect(Array(indices.following) == [Int32(limit - 1), 7, -1])
    #expect(indices.byteCount == 3 * width)
  }

  @Test func `the end of a text is counted as a model sees it`() throws {
    let dataset = Dataset(
      name: "d", inputs: .texts(["a a b b", "b c", "c a b b b"]), labels: ["x", "y", "x"],
      splits: [.train, .train, .test])
    let plan = DataPlan(
      maximumLength: 2, keep: .end, minimumCount: 1, split: .init(source: .file, validation: 0))
    let data = try PreparedData(dataset, plan, seed: 1)
    #expect(data.vocabulary?.tokens == ["<pad>", "<unk>", "b", "c"])
    #expect(data.train.tokens(0) == [2, 2] && data.train.tokens(1) == [2, 3])
    #expect(data.test.tokens(0) == [2, 2])
  }

  /// The memory of this process that no file backs, in megabytes.
  private static func anonymousMemory() -> Int { memory("RssAnon") >> 10 }

  /// What the system says of the memory of this process, in kilobytes.
  private static func memory(_ what: String) -> Int {
    // What was freed goes back to the system; Glibc's Swift names do not have this function.
    if let trim = dlsym(nil, "malloc_trim") {
      _ = unsafeBitCast(trim, to: (@convention(c) (Int) -> CInt).self)(0)
    }
    let status =
      (try? String(contentsOf: URL(filePath: "/proc/self/status"), encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("\(what):") } ?? ""
    return line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0
  }

  /// What something makes, and the megabytes that it had in memory meanwhile and no longer has.
  private static func passing<Result>(
    _ body: () throws -> Result
  ) rethrows -> (result: Result, megabytes: Int) {
    _ = memory("VmRSS")
    // From here on the system counts the peak anew.
    let peaks = open("/proc/self/clear_refs", O_WRONLY)
    precondition(write(peaks, "5", 1) == 1, "the peak cannot be set back")
    close(peaks)
    let result = try body()
    let left = memory("VmRSS")
    return (result, (memory("VmHWM") - left) >> 10)
  }

  /// A dataset in a file that is mapped into memory, as a worker has it.
  private static func mapped(_ dataset: Dataset) throws -> Data {
    let path = "\(FileManager.default.temporaryDirectory.path)/mapped-\(getpid())"
    defer { unlink(path) }
    try Data(dataset.encoded()).write(to: URL(filePath: path))
    return try Data(contentsOf: URL(filePath: path), options: .alwaysMapped)
  }

  @Test func `no long text or series is copied on the way`() async {
    await #expect(processExitsWith: .success) {
      let count = 1_500_000
      let file = try DatasetMemoryTests.mapped(
        Dataset(
          name: "d",
          inputs: .values(
            [[Float]](repeating: (0..<count).map { Float($0 % 997) }, count: 2), channels: ["a"]),
          targets: .none,
          times: NumberSequences(
            [[Int64]](repeating: (0..<count).map { Int64(60 * $0) }, count: 2))))
      precondition(file.count > 36_000_000, "a small file")
      let (series, decoding) = try DatasetMemoryTests.passing {
        try Dataset(decoding: file, name: "d")
      }
      precondition(decoding < 6, "\(decoding) MB to decode it")
      let (summary, counting) = DatasetMemoryTests.passing { series.summary }
      precondition(summary.duplicates == 1, "\(summary.duplicates) repeats")
      precondition(counting < 6, "\(counting) MB to count what repeats")
      let (zeros, mapping) = DatasetMemoryTests.passing { series.withZeros() }
      precondition(zeros == series, "other values")
      precondition(mapping < 6, "\(mapping) MB to put zeros into gaps")

      let novel = try DatasetMemoryTests.mapped(
        Dataset(
          name: "d", inputs: .texts([String(repeating: "to be or not, ", count: 1_000_000)]),
          targets: .none))
      let text = try Dataset(decoding: novel, name: "d")
      let (facts, reading) = DatasetMemoryTests.passing { text.summary }
      precondition(facts.lengths?.maximum == 14_000_000, "\(String(describing: facts.lengths))")
      precondition(reading < 6, "\(reading) MB to count what repeats of a text")
    }
  }

  @Test func `a large dataset of texts takes little memory that no file backs`() async {
    await #expect(processExitsWith: .success) {
      let path = "\(FileManager.default.temporaryDirectory.path)/texts-\(getpid())"
      defer { unlink(path) }
      do {
        let words = (0..<5000).map { "word\($0)" }
        let texts = (0..<60_000).map { (row: Int) -> String in
          let chosen = (0..<80).map { (place: Int) -> String in
            let number: Int = 31 * row + 7 * place * place
            return words[number % 5000]
          }
          return chosen.joined(separator: " ")
        }
        let dataset = Dataset(
          name: "d", inputs: .texts(texts), labels: texts.indices.map { "label \($0 % 2)" })
        try Data(dataset.encoded()).write(to: URL(filePath: path))
      }
      let before = DatasetMemoryTests.anonymousMemory()
      let file = try Data(contentsOf: URL(filePath: path), options: .alwaysMapped)
      precondition(file.count > 40_000_000, "a small file")
      let dataset = try Dataset(decoding: file, name: "d")
      let decoded = DatasetMemoryTests.anonymousMemory() - before
      precondition(decoded < 8, "\(decoded) MB for a mapped file")
      let data = try PreparedData(dataset, DataPlan(), seed: 1)
      let prepared = DatasetMemoryTests.anonymousMemory() - before
      // 60,000 texts cut to 64 words of two bytes each are 8 MB.
      precondition(prepared < 24, "\(prepared) MB for \(data.train.count) sequences")
    }
  }

  @Test func `a large dataset of numbers takes little memory that no file backs`() async {
    await #expect(processExitsWith: .success) {
      let path = "\(FileManager.default.temporaryDirectory.path)/values-\(getpid())"
      defer { unlink(path) }
      do {
        let values = (0..<20_000).map { (row: Int) -> [Float] in
          (0..<800).map { (place: Int) -> Float in Float((31 * row + 7 * place * place) % 997) }
        }
        let dataset = Dataset(
          name: "d", inputs: .values(values, channels: ["a", "b"]),
          targets: .numbers(values.map { $0[0] }, width: 1))
        try Data(dataset.encoded()).write(to: URL(filePath: path))
      }
      let before = DatasetMemoryTests.anonymousMemory()
      let file = try Data(contentsOf: URL(filePath: path), options: .alwaysMapped)
      precondition(file.count > 60_000_000, "a small file")
      let dataset = try Dataset(decoding: file, name: "d")
      let data = try PreparedData(dataset, DataPlan(), seed: 1)
      let prepared = DatasetMemoryTests.anonymousMemory() - before
      precondition(prepared < 16, "\(prepared) MB for \(data.train.count) sequences")
      // They are scaled when they are read.
      let means = data.encoding.inputScale?.means ?? []
      let deviations = data.encoding.inputScale?.deviations ?? []
      let row = data.train.rows[3]
      let raw = Float((31 * row + 7 * 9) % 997)
      precondition(
        Array(data.train.values(3))[3] == Float((Double(raw) - means[1]) / deviations[1]))
    }
  }

  @Test func `a large dataset of symbols takes little memory that no file backs`() async {
    await #expect(processExitsWith: .success) {
      let path = "\(FileManager.default.temporaryDirectory.path)/symbols-\(getpid())"
      defer { unlink(path) }
      do {
        let dataset = try Generator.copy.dataset(count: 40_000, length: 100, seed: 1)
        try Data(dataset.encoded()).write(to: URL(filePath: path))
      }
      let before = DatasetMemoryTests.anonymousMemory()
      let file = try Data(contentsOf: URL(filePath: path), options: .alwaysMapped)
      precondition(file.count > 38_000_000, "a small file")
      let data = try PreparedData(Dataset(decoding: file, name: "d"), DataPlan(), seed: 1)
      let prepared = DatasetMemoryTests.anonymousMemory() - before
      precondition(prepared < 16, "\(prepared) MB for \(data.train.count) sequences")
      let (tokens, classes) = (data.train.tokens(7), data.train.stepClasses(7))
      precondition(Array(tokens[..<10]) == Array(classes[110...]), "\(tokens), \(classes)")
    }
  }

  @Test func `a long series takes little memory that no file backs`() async {
    await #expect(processExitsWith: .success) {
      let path = "\(FileManager.default.temporaryDirectory.path)/series-\(getpid())"
      defer { unlink(path) }
      let count = 1_500_000
      do {
        let values = (0..<4 * count).map { (place: Int) -> Float in
          place % 9973 == 1 ? .nan : Float(place % 997 + 1)
        }
        let dataset = Dataset(
          name: "d", inputs: .values([values], channels: ["a", "b", "c", "d"]), targets: .none,
          times: NumberSequences([(0..<count).map { Int64(3600 * $0) }]))
        try Data(dataset.encoded()).write(to: URL(filePath: path))
      }
      let before = DatasetMemoryTests.anonymousMemory()
      let file = try Data(contentsOf: URL(filePath: path), options: .alwaysMapped)
      precondition(file.count > 36_000_000 - 1, "a small file")
      let dataset = try Dataset(decoding: file, name: "d")
      var plan = DataPlan(window: 24, horizon: 3, target: "b")
      (plan.difference, plan.logarithm, plan.calendar) = (.first, .log, [.hour])
      let data = try PreparedData(dataset, plan, seed: 1)
      let prepared = DatasetMemoryTests.anonymousMemory() - before
      precondition(prepared < 16, "\(prepared) MB for \(data.train.count) windows")
      // A step far from the start is as its neighbours say.
      let step = 1_000_003
      let levels = (0..<2).map { (back: Int) -> Double in
        log(Double((4 * (step - back) + 1) % 997 + 1))
      }
      guard let scale = data.encoding.inputScale,
        let sequence = data.train.starts.firstIndex(of: step - 23)
      else { preconditionFailure("no window that ends with the step") }
      let seen = Array(data.train.values(sequence))[23 * data.encoding.inputWidth + 1]
      let wanted = (levels[0] - levels[1] - scale.means[1]) / scale.deviations[1]
      precondition(abs(Double(seen) - wanted) < 1e-5, "\(seen), not \(wanted)")
    }
  }

  @Test func `numbers of a file are read where they lie`() throws {
    let values: [[Float]] = [[1, .nan, -2.5, 4], [], [0.25, 8]]
    // Text before them leaves them at an odd address.
    for channels in [["x", "y"], ["longer", "names"]] {
      let dataset = Dataset(
        name: "d", inputs: .values(values, channels: channels), targets: .none)
      let encoded = dataset.encoded()
      let decoded = try Dataset(decoding: Data(encoded), name: "d")
      #expect(decoded == dataset && decoded.encoded() == encoded)
      guard case .values(let read, _) = decoded.inputs else { return }
      #expect(read.count == 3 && read.length(0) == 4)
      #expect(read[2] == [0.25, 8] && read[1] == [] && read[0][1].isNaN)
    }
  }
}
