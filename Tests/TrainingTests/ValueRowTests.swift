import Testing
import Training

@Suite struct ValueRowTests {
  /// What the rows of a text hold, read a few at a time.
  private static func read(
    _ text: String, _ options: ImportOptions
  ) throws -> (rows: ValueRows, examples: [ValueRows.Example]) {
    var rest = Array(text.utf8)[...]
    let form: RecordReader.Form =
      options.format == .ts ? .lines : options.format == .tsv ? .tsv : .csv
    var reader = RecordReader(form, file: "f") {
      defer { rest = rest.dropFirst(7) }
      return Array(rest.prefix(7))
    }
    let rows = try ValueRows(&reader, file: "f", options: options, reserved: ["prediction"])
    var examples: [ValueRows.Example] = []
    while case let records = try reader.next(count: 2), !records.isEmpty {
      examples += try rows.examples(records.filter(rows.isExample))
    }
    return (rows, examples)
  }

  /// Gives a text, then nothing.
  private static func once(_ text: String) -> () -> [UInt8] {
    var rest = Array(text.utf8)
    return {
      defer { rest = [] }
      return rest
    }
  }

  private static func options(
    _ values: [String], label: String? = "class", channels: Int = 1,
    missing: ImportOptions.Missing = .refuse
  ) -> ImportOptions {
    var options = ImportOptions(format: .csv, label: label, values: values, channels: channels)
    options.missing = missing
    return options
  }

  private static let table = "id,a,b,c,class\n0,1,2.5,-3,up\n1,4,5,6,down\n2,7,8,9,up\n"

  @Test func `rows hold what an import makes of them, with or without a label`() throws {
    let options = Self.options(["2-4"])
    let dataset = try Dataset(
      importing: Array(Self.table.utf8), file: "f", name: "d", options: options)
    let (rows, examples) = try Self.read(Self.table, options)
    #expect(rows.isTable && rows.header?.line == 1 && rows.answerName == nil)
    #expect(dataset.inputs == .values(examples.map(\.values), channels: ["channel 1"]))
    let short = Self.table.split(separator: "\n").map { line in
      line.prefix(upTo: line.lastIndex(of: ",") ?? line.endIndex) + "\n"
    }.joined()
    #expect(try Self.read(short, options).examples == examples)
    // What is left are the values, whether a label is among the columns or not.
    for text in ["a,b,class\n1,2,up\n", "a,b\n1,2\n"] {
      #expect(try Self.read(text, Self.options(["*"])).examples.map(\.values) == [[1, 2]])
    }
  }

  @Test func `a star stands for as many columns as it did at the import`() throws {
    var options = Self.options(["*"], label: "1")
    options.rowValues = 3
    for text in ["7,1,2,3\n", "1,2,3\n"] {
      #expect(try Self.read(text, options).examples.map(\.values) == [[1, 2, 3]])
    }
    let error = #expect(throws: ImportError.self) { try Self.read("1,2\n", options) }
    #expect(
      error?.description == "f:1: found 2 columns; allowed: 3 of values, as in the file that was "
        + "imported, with or without those of label, number and split")
    // The step of the values does not hide which of the two it is.
    options.channels = 3
    #expect(try Self.read("1,2,3\n", options).examples.map(\.values) == [[1, 2, 3]])
    options = Self.options(["*"])
    options.rowValues = 2
    for text in ["class,a,b\nup,1,2\n", "a,b\n1,2\n"] {
      #expect(try Self.read(text, options).examples.map(\.values) == [[1, 2]])
    }
    #expect(throws: ImportError.self) { try Self.read("id,a,b\n7,1,2\n", options) }
  }

  @Test(arguments: [
    ImportOptions(format: .csv, label: "class", values: ["*"]),
    ImportOptions(format: .csv, label: "4", values: ["1-3"], header: true),
  ])
  func `what has names is found by them in another order`(options: ImportOptions) throws {
    let table = "a,b,c,class\n1,2.5,-3,up\n4,5,6,down\n"
    var named = options
    let dataset = try Dataset(
      importing: Self.once(table), file: "f", name: "d", options: options,
      onNamed: { named = $0 })
    #expect(named.values == ["a", "b", "c"] && named.label == "class" && named.header == true)
    let (_, examples) = try Self.read("class,b,a,c\nup,2.5,1,-3\ndown,5,4,6\n", named)
    #expect(dataset.inputs == .values(examples.map(\.values), channels: ["channel 1"]))
    // Without names there is nothing to find them by.
    var plain: ImportOptions?
    let bare = ImportOptions(format: .csv, label: "1", values: ["*"])
    _ = try Dataset(
      importing: Self.once("up,1\n"), file: "f", name: "d", options: bare,
      onNamed: { plain = $0 })
    #expect(plain == bare)
  }

  @Test func `a file without a header begins with an example`() throws {
    let (rows, examples) = try Self.read("up,1,2\ndown,3,4\n", Self.options(["2-3"], label: "1"))
    #expect(rows.header == nil && examples.map(\.values) == [[1, 2], [3, 4]])
  }

  @Test func `a value that was not measured is a gap where a model knows gaps`() throws {
    let text = "a,b\n1,\n?,2\n"
    let (_, examples) = try Self.read(text, Self.options(["a", "b"], missing: .keep))
    #expect(examples.map { $0.values.map(\.isNaN) } == [[false, true], [true, false]])
  }

  static let bad: [(String, ImportOptions, String)] = [
    ("id,a,b\n0,1,x\n", options(["2-3"]), "f:2: b: found 'x'; allowed: a finite number"),
    ("id,a,b\n0,1,\n", options(["2-3"]), "f:2: b: found a missing value, ''; allowed: a finite"),
    ("id,a,b\n0,1,2\n3,4\n", options(["2-3"]), "f:3: found 2 fields; allowed: 3 between commas"),
    ("id,a\n0,1\n", options(["a", "b"]), "f:1: column 'b': found no column of that name"),
    ("a,b,c\n1,2,3\n", options(["*"], channels: 2), "f: channels: found 2; allowed: a divisor of"),
    ("class\nup\n", options(["*"]), "f: values: found no column; allowed: at least one column"),
    ("a,prediction\n1,2\n", options(["a"]), "f:1: column 'prediction': found a column of the name"),
    ("", options(["a"]), "f: found an empty file"),
  ]

  @Test(arguments: bad)
  func `a bad row is told with its line`(
    text: String, options: ImportOptions, message: String
  ) throws {
    let error = #expect(throws: ImportError.self) { try Self.read(text, options) }
    #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "")")
  }

  private static let head = """
    # Two channels, and what is said of them.
    @problemName t
    @missing true
    @dimensions 2
    @equalLength true
    @classLabel true a b
    @data

    """
  private static let cases = head + "1,2:3,4:a\n\n# A remark.\n5,6:7,?:b\n8,9:10,11:a\n"

  private static func seriesOptions(
    channels: Int = 2, missing: ImportOptions.Missing = .keep
  ) -> ImportOptions {
    var options = ImportOptions(format: .ts, channels: channels)
    options.missing = missing
    return options
  }

  @Test func `the cases of a ts file hold what an import makes of them, and their labels`() throws {
    let text = Self.cases.replacing("?", with: "0")
    let dataset = try Dataset(
      importing: Array(text.utf8), file: "f", name: "d", options: ImportOptions(format: .ts))
    let (rows, examples) = try Self.read(text, Self.seriesOptions())
    #expect(!rows.isTable && rows.header == nil && rows.answerName == "label")
    #expect(examples.map(\.answer) == ["a", "b", "a"] && examples[0].values == [1, 3, 2, 4])
    #expect(
      dataset.inputs == .values(examples.map(\.values), channels: ["channel 1", "channel 2"]))
    #expect(try Self.read(Self.cases, Self.seriesOptions()).examples[1].values[3].isNaN)
  }

  @Test func `a ts file may hold numbers as answers, or none`() throws {
    let head = "@problemName t\n@univariate true\n"
    let (numbers, targets) = try Self.read(
      head + "@targetLabel true\n@data\n1,2:0.5\n3:1\n", Self.seriesOptions(channels: 1))
    #expect(numbers.answerName == "target" && targets.map(\.answer) == ["0.5", "1.0"])
    let (none, examples) = try Self.read(
      head + "@classLabel false\n@data\n1,2\n3\n", Self.seriesOptions(channels: 1))
    #expect(none.answerName == nil && examples.map(\.values) == [[1, 2], [3]])
    #expect(examples.allSatisfy { $0.answer == nil })
  }

  static let badCases: [(String, ImportOptions, String)] = [
    (
      cases, seriesOptions(missing: .refuse),
      "f:11: channel 2: found a missing value; allowed: a finite number"
    ),
    // The one that is longer comes with others than the first.
    (cases + "1,2,3:4,5,6:a\n", seriesOptions(), "f:13: found 3 steps; allowed: 2, since the"),
    (cases + "1,x:4,5:a\n", seriesOptions(), "f:13: channel 1: found 'x'; allowed: a finite"),
    (cases + "1,2:3,4:c\n", seriesOptions(), "f:13: class label: found 'c'; allowed: a, b"),
    (cases, seriesOptions(channels: 3), "f:8: found 2 channels; allowed: 3, as the model reads"),
    (head, seriesOptions(), "f: found no example; allowed: at least one behind @data"),
    ("@problemName t\n1,2\n", seriesOptions(), "f:2: found '1,2'; allowed: lines that begin with"),
    ("# Nothing.\n", seriesOptions(), "f: found no @data line"),
    ("", seriesOptions(), "f: found an empty file"),
  ]

  @Test(arguments: badCases)
  func `a bad line of a ts file is told with its number`(
    text: String, options: ImportOptions, message: String
  ) throws {
    let error = #expect(throws: ImportError.self) { try Self.read(text, options) }
    #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "")")
  }
}
