import Testing

@testable import Training

@Suite struct ImportTests {
  static func read(
    _ content: String, _ options: ImportOptions
  ) throws -> Dataset {
    try Dataset(importing: Array(content.utf8), file: "f", name: "d", options: options)
  }

  /// A series with times.
  static var timed: ImportOptions {
    var options = ImportOptions(format: .csv, values: ["v"])
    options.time = ["t"]
    return options
  }

  /// A series with names in the column `w`.
  static func categories(values: [String]) -> ImportOptions {
    var options = ImportOptions(format: .csv, values: values)
    options.categories = ["w"]
    return options
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

  struct Fault: Sendable, CustomTestStringConvertible {
    let content: String
    let options: ImportOptions
    let code: ImportError.Code
    let message: String
    var testDescription: String { message }
  }

  static let faults: [Fault] = [
    Fault(
      content: "", options: labelled, code: .empty,
      message: "f: found an empty file; allowed: at least one row"),
    Fault(
      content: "text,label\n", options: ImportOptions(format: .csv, text: "text"), code: .empty,
      message: "f: found no example; allowed: at least one row beside the header"),
    Fault(
      content: "\n\n", options: labelled, code: .empty,
      message: "f: found no row; allowed: at least one row"),
    Fault(
      content: "ham\tok\nham\n", options: labelled, code: .badRow,
      message: "f:2: found 1 fields; allowed: 2 between tabulators, as in line 1"),
    Fault(
      content: "ham\tok\nham\ta\tb\n", options: labelled, code: .badRow,
      message: "f:2: found 3 fields; allowed: 2 between tabulators, as in line 1"),
    Fault(
      content: "label,text\nham,hello\nspam,Dear Sir, you won\n",
      options: ImportOptions(format: .csv, text: "text", label: "label"), code: .badRow,
      message: "f:3: found 3 fields; allowed: 2 between commas, as in line 1 "
        + "(a field with commas stands between quotation marks)"),
    Fault(
      content: "v,w\n1,2\n3\n", options: ImportOptions(format: .csv, values: ["v"]), code: .badRow,
      message: "f:3: found 1 fields; allowed: 2 between commas, as in line 1"),
    Fault(
      content: "text,label,text\na,b,c\n",
      options: ImportOptions(format: .csv, text: "text", label: "label"), code: .badHeader,
      message: "f:1: column 'text': found columns 1 and 3 of that name; "
        + "allowed: one column of that name, or its number"),
    Fault(
      content: "ham\tok\nham\t \n", options: labelled, code: .emptyText,
      message: "f:2: column 2: found an empty text; "
        + "allowed: a text with at least one character that is not space"),
    Fault(
      content: "ham\tok\n \tok\n", options: labelled, code: .badValue,
      message: "f:2: column 1: found an empty label; allowed: a name"),
    Fault(
      content: "id,mesage,label\n1,a,b\n",
      options: ImportOptions(format: .csv, text: "message", label: "label"), code: .missingColumn,
      message: "f:1: column 'message': found no column of that name; allowed: mesage, id, label"),
    Fault(
      content: "a,b\n", options: ImportOptions(format: .csv, text: "3"), code: .missingColumn,
      message: "f:1: column 3: found 2 columns; allowed: 1 to 2"),
    Fault(
      content: "a,b\n", options: ImportOptions(format: .csv, text: "x", header: false),
      code: .missingColumn,
      message: "f: column 'x': found a file without a header; "
        + "allowed: 1 to 2, or the option for a header"),
    Fault(
      content: "x,y\n1,2\n3,four\n", options: ImportOptions(format: .csv, values: ["x", "y"]),
      code: .badValue, message: "f:3: y: found 'four'; allowed: a finite number"),
    Fault(
      content: "x\n1\nnan\n", options: ImportOptions(format: .csv, values: ["x"]),
      code: .badValue,
      message: "f:3: x: found a missing value, 'nan'; allowed: a finite number"),
    Fault(
      content: "a,b\n\"open,c\n", options: ImportOptions(format: .csv, text: "1"), code: .badRow,
      message: "f:2: field 1: found a quotation mark that is never closed; "
        + "allowed: a closing quotation mark; one inside a field is doubled"),
    Fault(
      content: "\"a\"b,c\n", options: ImportOptions(format: .csv, text: "1"), code: .badRow,
      message: "f:1: field 1: found text after a closing quotation mark; "
        + "allowed: a comma or the line's end; a quotation mark inside a field is doubled"),
    Fault(
      content: "a\tb\tholdout\n",
      options: ImportOptions(format: .tsv, text: "2", label: "1", split: "3"), code: .badSplit,
      message: "f:1: column 3: found 'holdout'; "
        + "allowed: train, validation (dev, val, valid) or test"),
    Fault(
      content: "a,b\n", options: ImportOptions(format: .csv), code: .badOptions,
      message: "f: found neither a text column nor value columns; "
        + "allowed: a text column, or value columns, by name or by number from 1"),
    Fault(
      content: "1,2,a\n",
      options: ImportOptions(format: .csv, label: "3", values: ["1-2"], channels: 3),
      code: .badOptions,
      message: "f: channels: found 3; allowed: a divisor of the number of value columns, 2"),
    Fault(
      content: "x,y\n1,2\n", options: ImportOptions(format: .csv, values: ["y", "x-z", "y"]),
      code: .missingColumn,
      message: "f:1: column 'x-z': found no column of that name; allowed: x, y"),
    Fault(
      content: "x,y\n1,2\n", options: ImportOptions(format: .csv, values: ["y", "*", "2"]),
      code: .badOptions, message: "f: values: found 'y' twice; allowed: each column once"),
    Fault(
      content: "x,y\n1,2\n", options: ImportOptions(format: .csv, values: ["2-1"], header: true),
      code: .badOptions,
      message: "f: values: found '2-1'; allowed: a range from its lower end, 1-2"),
    Fault(
      content: "{\"a\":\"\\ud800\"}\n", options: ImportOptions(format: .jsonl, text: "a"),
      code: .badValue,
      message: "f:1: field 'a': found a string that is no Unicode, or a number that is too large; "
        + "allowed: a string"),
    Fault(
      content: "{\"a\":{\"b\":1}}\n", options: ImportOptions(format: .jsonl, text: "a"),
      code: .badValue, message: "f:1: field 'a': found an object; allowed: a string"),
    Fault(
      content: "a,b\n", options: ImportOptions(format: .csv, text: "1", channels: 2),
      code: .badOptions,
      message: "f: channels: found an option that a table of texts does not have; "
        + "allowed: text, label, number, split, header, values, categories"),
    Fault(
      content: series + "1:1\n", options: ImportOptions(format: .ts, label: "1"),
      code: .badOptions,
      message: "f: label: found an option that "
        + "a .ts file, which says all else itself, does not have; "
        + "allowed: missing, bytes"),
    Fault(
      content: "a long text\n", options: ImportOptions(format: .text, header: true),
      code: .badOptions,
      message: "f: header: found an option that a file of text does not have; allowed: none"),
    Fault(
      content: "{\"a\":1}\nnope\n", options: ImportOptions(format: .jsonl, text: "a"),
      code: .badValue, message: "f:1: field 'a': found the number 1.0; allowed: a string"),
    Fault(
      content: "{\"a\":\"b\"}\nnope\n", options: ImportOptions(format: .jsonl, text: "a"),
      code: .badRow, message: "f:2: found 'nope'; allowed: a JSON object"),
    Fault(
      content: "{\"txt\":\"b\"}\n", options: ImportOptions(format: .jsonl, text: "text"),
      code: .missingColumn,
      message: "f:1: field 'text': found no field of that name; allowed: txt"),
    Fault(
      content: "{\"x\":[[1,2],[3]]}\n", options: ImportOptions(format: .jsonl, values: ["x"]),
      code: .badValue,
      message: "f:1: field 'x': found 1 number at step 2; "
        + "allowed: an array of numbers, or of arrays of numbers that are equally long"),
    Fault(
      content: series + "1,?:1,2:1\n", options: ImportOptions(format: .ts), code: .badValue,
      message: "f:6: channel 1: found a missing value, '?'; allowed: a finite number"),
    Fault(
      content: series + "1,2:1,2:3\n", options: ImportOptions(format: .ts), code: .badValue,
      message: "f:6: class label: found '3'; allowed: 1, 2"),
    Fault(
      content: series + "1,2:1:1\n", options: ImportOptions(format: .ts), code: .badRow,
      message: "f:6: channel 2: found 1 values; allowed: 2, as in channel 1"),
    Fault(
      content: series + "1,2:1\n1:2:2\n", options: ImportOptions(format: .ts), code: .badRow,
      message: "f:7: found 2 channels; allowed: 1, separated by colons, and then the label"),
    Fault(
      content: "@univariate true\n", options: ImportOptions(format: .ts), code: .badHeader,
      message: "f: found no @data line; allowed: an @data line"),
    Fault(
      content: "@timeStamps true\n@data\n", options: ImportOptions(format: .ts), code: .badHeader,
      message: "f:1: found values with time stamps; "
        + "allowed: @timeStamps false: values at equal distances"),
    Fault(
      content: "@banana\n@data\n1:2\n", options: ImportOptions(format: .ts), code: .badHeader,
      message: "f:1: found '@banana'; allowed: @problemName, @timeStamps, @missing, @univariate, "
        + "@dimensions, @equalLength, @seriesLength, @classLabel, @targetLabel, @data"),
    Fault(
      content: "@dimensions -3\n@data\n1:2\n", options: ImportOptions(format: .ts),
      code: .badHeader,
      message: "f:1: @dimensions: found '-3'; allowed: an integer from 1 to 1000000"),
    Fault(
      content: "@dimensions 99999999999999999999\n@data\n1:2\n",
      options: ImportOptions(format: .ts), code: .badHeader,
      message: "f:1: @dimensions: found '99999999999999999999'; "
        + "allowed: an integer from 1 to 1000000"),
    Fault(
      content: "@missing\n@data\n1\n", options: ImportOptions(format: .ts), code: .badHeader,
      message: "f:1: @missing: found nothing; allowed: true or false"),
    Fault(
      content: "@univariate true\n@dimensions 2\n@data\n1:2\n",
      options: ImportOptions(format: .ts), code: .badHeader,
      message: "f:2: found @univariate true and @dimensions 2; "
        + "allowed: @dimensions 1, or @univariate false"),
    Fault(
      content: "@univariate true\n@classLabel true a\n@data\n1:2:a\n",
      options: ImportOptions(format: .ts), code: .badRow,
      message: "f:4: found 2 channels; allowed: 1, separated by colons, and then the label"),
    Fault(
      content: "@equalLength true\n@classLabel true a\n@data\n1,2:a\n\n1,2,3:a\n",
      options: ImportOptions(format: .ts), code: .badRow,
      message: "f:6: found 3 steps; allowed: 2, since the header says @equalLength true"),
    Fault(
      content: "@equalLength true\n@seriesLength 3\n@classLabel true a\n@data\n1,2:a\n",
      options: ImportOptions(format: .ts), code: .badRow,
      message: "f:5: found 2 steps; allowed: 3, since the header says @equalLength true"),
    Fault(
      content: "t,v\n2010-01-03,1\n2010-01-02 12:30,2\n", options: timed, code: .badTime,
      message: "f:3: column 't': found 2010-01-02 12:30 after 2010-01-03 in the row before; "
        + "allowed: later times from row to row (and, with several series, the option series)"),
    Fault(
      content: "t,v\n2010-01-02T03:00:00+02:00,1\n", options: timed, code: .badTime,
      message: "f:2: column 't': found '2010-01-02T03:00:00+02:00'; "
        + "allowed: a date such as 2010, 2010-01, 2010-01-31 or 2010-01-31 23:00, "
        + "without a time zone: times are those of one clock"),
    Fault(
      content: "{\"v\":[1,2],\"s\":\"test\"}\n",
      options: ImportOptions(format: .jsonl, values: ["v"], split: "s"), code: .badOptions,
      message: "f: field 's': found a split field for series; "
        + "allowed: fractions in the plan: a series is split by position in time"),
    Fault(
      content: "t,x,y,x\n1,2,3,4\n",
      options: ImportOptions(format: .csv, values: ["2-4"], header: true), code: .badHeader,
      message: "f:1: column 'x': found columns 2 and 4 of that name; "
        + "allowed: channels of different names: rename a column, or leave it out"),
    Fault(
      content: "w,v,w=a\na,1,2\n", options: categories(values: ["v", "w=a"]), code: .badHeader,
      message: "f: channel 'w=a': found two channels of that name; "
        + "allowed: channels of different names: rename a column"),
    Fault(
      content: "1,2,3\n", options: ImportOptions(format: .csv, values: ["1-3"], number: "3"),
      code: .badOptions,
      message: "f: values: found 'column 3', which holds the label, number or split; "
        + "allowed: other columns: a model would see its answer"),
    Fault(
      content: "a,b\n1,2\n", options: ImportOptions(format: .csv, label: "b", values: ["a", "b"]),
      code: .badOptions,
      message: "f: values: found 'b', which holds the label, number or split; "
        + "allowed: other columns: a model would see its answer"),
    Fault(
      content: "a,b\n1,2\n", options: ImportOptions(format: .csv, text: "a", label: "a"),
      code: .badOptions,
      message: "f: text: found 'a', which holds the label, number or split; "
        + "allowed: other columns: a model would see its answer"),
    Fault(
      content: " \n", options: ImportOptions(format: .text), code: .empty,
      message: "f: found nothing but space; allowed: a text"),
  ]

  @Test(arguments: faults)
  func `a file that cannot be read is refused in one clear line`(fault: Fault) {
    let error = #expect(throws: ImportError.self) { try Self.read(fault.content, fault.options) }
    #expect(error?.code == fault.code)
    #expect(error?.description == fault.message)
  }

  @Test func `the line that is not UTF-8 is named`() {
    let bytes = Array("ham\tok\nham\t".utf8) + [0xE9] + Array("\n".utf8)
    let error = #expect(throws: ImportError.self) {
      try Dataset(importing: bytes, file: "f", name: "d", options: Self.labelled)
    }
    #expect(error?.code == .notUTF8)
    #expect(error?.line == 2)
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

  @Test func `a text or a series that is longer than one of a dataset can be is refused`() throws {
    func text(most: Int) throws -> Int {
      var reader = TextFileReader(SourceFile(file: "f"), most: most)
      var texts = TextColumn()
      try reader.read(ByteSource(Array("To be,\nor not".utf8)), into: &texts)
      return texts.count
    }
    #expect(try text(most: 13) == 1)
    let long = #expect(throws: ImportError.self) { try text(most: 12) }
    #expect(
      long?.description == "f:1: found a text of more than 12 bytes; "
        + "allowed: at most so many (a table or jsonl holds several texts)")
    func series(most: Int) throws -> Int {
      let source = SourceFile(file: "f")
      var rows = TableRows(.csv, ByteSource(Array("a,1\nb,2\na,3\n".utf8)), source)
      let reader = SeriesRows(
        source: source, missing: .refuse, values: [TableReader.Column(index: 1, name: "v")],
        categories: [], times: [], series: TableReader.Column(index: 0, name: "s"), most: most)
      var examples = Examples()
      let first = try rows.next()
      try reader.read(first, &rows, into: &examples)
      return examples.count
    }
    #expect(try series(most: 2) == 2)
    let steps = #expect(throws: ImportError.self) { try series(most: 1) }
    #expect(
      steps?.description == "f:3: s: found a series of more than 1 steps; "
        + "allowed: at most so many (the option series tells several apart)")
    #expect(steps?.code == .tooLong && long?.code == .tooLong)
  }

  @Test func `what cannot be read is told by who reads`() {
    struct Broken: Error {}
    #expect(throws: Broken.self) {
      try Dataset(
        importing: { throw Broken() }, file: "f", name: "d", options: Self.labelled)
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
