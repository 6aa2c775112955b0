import Testing

@testable import Training

/// Files that no dataset can be made of.
@Suite struct ImportFaultTests {
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

  struct Fault: Sendable, CustomTestStringConvertible {
    let content: String
    let options: ImportOptions
    let code: ImportError.Code
    let message: String
    var testDescription: String { message }
  }

  static let faults: [Fault] = [
    Fault(
      content: "", options: ImportTests.labelled, code: .empty,
      message: "f: found an empty file; allowed: at least one row"),
    Fault(
      content: "text,label\n", options: ImportOptions(format: .csv, text: "text"), code: .empty,
      message: "f: found no example; allowed: at least one row beside the header"),
    Fault(
      content: "\n\n", options: ImportTests.labelled, code: .empty,
      message: "f: found no row; allowed: at least one row"),
    Fault(
      content: "ham\tok\nham\n", options: ImportTests.labelled, code: .badRow,
      message: "f:2: found 1 fields; allowed: 2 between tabulators, as in line 1"),
    Fault(
      content: "ham\tok\nham\ta\tb\n", options: ImportTests.labelled, code: .badRow,
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
      content: "ham\tok\nham\t \n", options: ImportTests.labelled, code: .emptyText,
      message: "f:2: column 2: found an empty text; "
        + "allowed: a text with at least one character that is not space"),
    Fault(
      content: "ham\tok\n \tok\n", options: ImportTests.labelled, code: .badValue,
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
      content: ImportTests.series + "1:1\n", options: ImportOptions(format: .ts, label: "1"),
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
      content: ImportTests.series + "1,?:1,2:1\n", options: ImportOptions(format: .ts),
      code: .badValue,
      message: "f:6: channel 1: found a missing value, '?'; allowed: a finite number"),
    Fault(
      content: ImportTests.series + "1,2:1,2:3\n", options: ImportOptions(format: .ts),
      code: .badValue,
      message: "f:6: class label: found '3'; allowed: 1, 2"),
    Fault(
      content: ImportTests.series + "1,2:1:1\n", options: ImportOptions(format: .ts), code: .badRow,
      message: "f:6: channel 2: found 1 values; allowed: 2, as in channel 1"),
    Fault(
      content: ImportTests.series + "1,2:1\n1:2:2\n", options: ImportOptions(format: .ts),
      code: .badRow,
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
    let error = #expect(throws: ImportError.self) {
      try ImportTests.read(fault.content, fault.options)
    }
    #expect(error?.code == fault.code)
    #expect(error?.description == fault.message)
  }

  @Test func `the line that is not UTF-8 is named`() {
    let bytes = Array("ham\tok\nham\t".utf8) + [0xE9] + Array("\n".utf8)
    let error = #expect(throws: ImportError.self) {
      try Dataset(importing: bytes, file: "f", name: "d", options: ImportTests.labelled)
    }
    #expect(error?.code == .notUTF8)
    #expect(error?.line == 2)
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
        importing: { throw Broken() }, file: "f", name: "d", options: ImportTests.labelled)
    }
  }
}
