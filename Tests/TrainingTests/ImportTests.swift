import Testing

@testable import Training

@Suite struct ImportTests {
  static func read(
    _ content: String, _ options: ImportOptions
  ) throws -> Dataset {
    try Dataset(importing: Array(content.utf8), file: "f", name: "d", options: options)
  }

  static let labelled = ImportOptions(format: .tsv, text: "2", label: "1")

  @Test func `tsv without header takes fields as they are`() throws {
    let dataset = try Self.read("ham\tsay \"hi\", ok\r\nspam\twin\n\nham\tbye", Self.labelled)
    #expect(dataset.inputs == .texts(["say \"hi\", ok", "win", "bye"]))
    #expect(dataset.targets == .labels([0, 1, 0], names: ["ham", "spam"]))
    #expect(dataset.splits == nil)
  }

  @Test func `columns are found by the names of a header`() throws {
    let dataset = try Self.read(
      "split\tlabel\ttext\ndev\tb\tone\ntest\ta\ttwo\ntrain\ta\tthree\n",
      ImportOptions(format: .tsv, text: "text", label: "label", split: "split"))
    #expect(dataset.inputs == .texts(["one", "two", "three"]))
    #expect(dataset.targets == .labels([1, 0, 0], names: ["a", "b"]))
    #expect(dataset.splits == [.validation, .test, .train])
  }

  @Test func `csv fields may be quoted and hold commas, quotation marks and line ends`() throws {
    let dataset = try Self.read(
      "\u{FEFF}text,label\r\n\"a, \"\"b\"\"\nc\",x\r\nplain,\"y\"\r\n",
      ImportOptions(format: .csv, text: "text", label: "label"))
    #expect(dataset.inputs == .texts(["a, \"b\"\nc", "plain"]))
    #expect(dataset.targets == .labels([0, 1], names: ["x", "y"]))
  }

  @Test func `an empty last field of a csv file without a final line end is a field`() throws {
    let dataset = try Self.read("a,b,\nc,d,", ImportOptions(format: .csv, text: "1", label: "2"))
    #expect(dataset.inputs == .texts(["a", "c"]))
  }

  @Test func `rows of values without a target are one long series`() throws {
    let dataset = try Self.read(
      "date,HUFL,OT\n1,0.5,2\n2,-1,3e1\n", ImportOptions(format: .csv, values: ["OT", "HUFL"]))
    #expect(dataset.inputs == .values([[2, 0.5, 30, -1]], channels: ["OT", "HUFL"]))
    #expect(dataset.targets == .none)
  }

  @Test func `rows of values with a label are an example each`() throws {
    let options = ImportOptions(format: .csv, label: "5", values: ["1-4"], channels: 2)
    let dataset = try Self.read("1,2,3,4,a\n5,6,7,8,b\n", options)
    #expect(
      dataset.inputs
        == .values([[1, 2, 3, 4], [5, 6, 7, 8]], channels: ["channel 1", "channel 2"]))
    #expect(dataset.targets == .labels([0, 1], names: ["a", "b"]))
  }

  @Test func `a star takes the columns that are not named otherwise`() throws {
    let dataset = try Self.read(
      "x,y,z\n1,2,3\n", ImportOptions(format: .csv, values: ["*"], number: "y"))
    #expect(dataset.inputs == .values([[1, 3]], channels: ["channel 1"]))
    #expect(dataset.targets == .numbers([2], width: 1))
  }

  @Test func `jsonl holds texts, labels, numbers and arrays`() throws {
    let texts = try Self.read(
      "{\"t\":\"é\\u00e9\",\"l\":1}\n\n{\"t\":\"b\",\"l\":true}\n",
      ImportOptions(format: .jsonl, text: "t", label: "l"))
    #expect(texts.inputs == .texts(["éé", "b"]))
    #expect(texts.targets == .labels([0, 1], names: ["1", "true"]))
    let values = try Self.read(
      "{\"x\":[[1,2],[3,4]],\"y\":0.5}\n{\"x\":[[5,6]],\"y\":-2}",
      ImportOptions(format: .jsonl, values: ["x"], number: "y"))
    #expect(
      values.inputs == .values([[1, 2, 3, 4], [5, 6]], channels: ["channel 1", "channel 2"]))
    #expect(values.targets == .numbers([0.5, -2], width: 1))
  }

  static let series = "# remark\n@problemName X\n@timeStamps false\n@classLabel true 1 2\n@data\n"

  @Test func `ts files hold channels of cases that differ in length`() throws {
    let dataset = try Self.read(
      Self.series + "1,2,3:10,20,30:2\n4:40:1\n", ImportOptions(format: .ts))
    #expect(
      dataset.inputs
        == .values([[1, 10, 2, 20, 3, 30], [4, 40]], channels: ["channel 1", "channel 2"]))
    #expect(dataset.targets == .labels([1, 0], names: ["1", "2"]))
  }

  @Test func `a text file is one long text`() throws {
    let dataset = try Self.read("To be,\nor not\n", ImportOptions(format: .text))
    #expect(dataset.inputs == .texts(["To be,\nor not\n"]))
    #expect(dataset.inferredTask == .language)
  }

  /// Pieces of any size, also such as cut a letter or a field, make the same dataset.
  @Test(arguments: [1, 2, 7, 64]) func `a file may come in pieces`(size: Int) throws {
    let content = Array("\u{FEFF}label,text\r\nham,\"é, \"\"b\"\"\nc\"\r\n\nspam,d\n".utf8)
    var rest = content[...]
    let options = ImportOptions(format: .csv, text: "text", label: "label")
    let dataset = try Dataset(
      importing: {
        defer { rest = rest.dropFirst(size) }
        return Array(rest.prefix(size))
      }, file: "f", name: "d", options: options)
    #expect(dataset.inputs == .texts(["é, \"b\"\nc", "d"]))
    #expect(try dataset == Dataset(importing: content, file: "f", name: "d", options: options))
  }

  private static func text(_ content: [UInt8], pieces size: Int) throws -> Dataset {
    var rest = content[...]
    return try Dataset(
      importing: {
        defer { rest = rest.dropFirst(size) }
        return Array(rest.prefix(size))
      }, file: "f", name: "d", options: ImportOptions(format: .text))
  }

  @Test(arguments: [1, 2, 3, 5, 64]) func `a text may come in pieces`(size: Int) throws {
    let text = "To bé,\n🙂 or not ẞ\n"
    let content = Array("\u{FEFF}\(text)".utf8)
    let dataset = try Self.text(content, pieces: size)
    #expect(dataset.inputs == .texts([text]))
    #expect(try Self.text(Array(" \n\t.".utf8), pieces: size).inputs == .texts([" \n\t."]))
    let allowed = "allowed: UTF-8 (iconv -t utf8 converts others: -f latin1, or -f utf16)"
    for (bytes, message) in [
      (Array("".utf8), "f: found an empty file; allowed: at least one row"),
      ([0xEF, 0xBB, 0xBF], "f: found an empty file; allowed: at least one row"),
      (Array(" \n ".utf8), "f: found nothing but space; allowed: a text"),
      (
        Array("a\nb\né".utf8).dropLast() + [],
        "f:3: found bytes that are not UTF-8; \(allowed)"
      ),
      (
        Array("a\n\u{E9}".utf8) + [0xC3, 0x28],
        "f:2: found bytes that are not UTF-8; \(allowed)"
      ),
      ([0xEF, 0xBB], "f:1: found bytes that are not UTF-8; \(allowed)"),
    ] as [([UInt8], String)] {
      let error = #expect(throws: ImportError.self) { try Self.text(bytes, pieces: size) }
      #expect(error?.description == message)
    }
  }

  @Test(arguments: [0, 10, 1000]) func `many bytes lie in a file`(few: Int) throws {
    var bytes = GrowingBytes(few: few)
    var all: [UInt8] = []
    for number in 0..<300 {
      let piece = [UInt8](repeating: UInt8(number % 251), count: number % 7)
      try piece.withUnsafeBytes { try bytes.append($0) }
      all += piece
    }
    #expect(bytes.count == all.count)
    #expect(try bytes.finish().elementsEqual(all))
  }
}
