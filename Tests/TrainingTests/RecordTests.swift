import Testing
import Training

@Suite struct RecordTests {
  /// All rows of a text that arrives in pieces of a size.
  private static func records(
    _ text: String, _ form: RecordReader.Form, pieces size: Int = 1 << 20
  ) throws -> [Record] {
    var rest = Array(text.utf8)[...]
    var reader = RecordReader(form, file: "f") {
      defer { rest = rest.dropFirst(size) }
      return Array(rest.prefix(size))
    }
    var records: [Record] = []
    while let record = try reader.nextRecord() { records.append(record) }
    return records
  }

  private static let table = "\u{FEFF}id,text\r\n1,\"a, \"\"b\"\"\nc\"\n\n2,plain\r\n3,last"

  @Test(arguments: [1, 2, 3, 7, 1000])
  func `rows are the same in pieces of any size`(size: Int) throws {
    let records = try Self.records(Self.table, .csv, pieces: size)
    #expect(records.map(\.line) == [1, 2, 5, 6])
    #expect(
      records.map { String(decoding: $0.bytes, as: UTF8.self) }
        == ["id,text", "1,\"a, \"\"b\"\"\nc\"", "2,plain", "3,last"])
    let column = try RecordColumn(header: records[0], named: nil, file: "f")
    #expect(
      try records.dropFirst().map { try column.text($0) } == ["a, \"b\"\nc", "plain", "last"])
    let lines = try Self.records("a\n \n\"b\n", .lines, pieces: size)
    #expect(lines.map(\.line) == [1, 3])
    #expect(lines.map(\.bytes) == [[97], [34, 98]])
  }

  @Test func `so many rows at a time`() throws {
    var isRead = false
    var reader = RecordReader(.lines, file: "f") {
      defer { isRead = true }
      return isRead ? [] : Array("a\nb\nc\nd\n".utf8)
    }
    #expect(try reader.next(count: 3).count == 3)
    #expect(try reader.next(count: 3).count == 1)
    #expect(try reader.next(count: 3).isEmpty)
  }

  static let bad: [(String, RecordReader.Form, String)] = [
    ("text\n\"a\nb\n", .csv, "f:2: field 1: found a quotation mark that is never closed"),
    ("text,x\na,b\nc\n", .csv, "f:3: found 1 fields; allowed: 2 fields, as in the header"),
    ("text,x\n\"a\"b,c\n", .csv, "f:2: field 1: found text after a closing quotation mark"),
    ("id,txt\n1,a\n", .csv, "f:1: column 'text': found no column of that name; allowed: txt, id"),
    ("{\"text\": \"a\"}\n[1]\n", .jsonl, "f:2: found '[1]'; allowed: a JSON object"),
    ("{\"text\": \"a\n", .jsonl, "f:1: found '{\"text\": \"a'; allowed: a JSON object"),
    (
      "{\"txt\": \"a\", \"id\": 1}\n", .jsonl,
      "f:1: field 'text': found no field of that name; allowed: txt, id"
    ),
    ("{\"text\": null}\n", .jsonl, "f:1: field 'text': found another value"),
    ("text\tx\na\n", .tsv, "f:2: found 1 fields; allowed: 2 fields, as in the header"),
    ("{}\n", .jsonl, "f:1: field 'text': found an object without fields; allowed: a field of that"),
    (
      "text;label\na;b\n", .csv,
      "f:1: column 'text': found no column of that name; allowed: text;label (fields stand between "
        + "commas, not semicolons"
    ),
    (
      "id,text\n1,a\n", .tsv,
      "f:1: column 'text': found no column of that name; allowed: id,text ("
    ),
    (
      "{\"text\": [[1, 2], [3]]}\n", .jsonl,
      "f:1: field 'text': found 1 number at step 2; allowed: 2 at each step"
    ),
    ("{\"text\": [[]]}\n", .jsonl, "f:1: field 'text': found 0 numbers at step 1; allowed: 1 at"),
    ("text,x,text\na,b,c\n", .csv, "f:1: column 'text': found columns 1 and 3 of that name"),
  ]

  @Test(arguments: bad)
  func `a bad row is told with its line`(
    text: String, form: RecordReader.Form, message: String
  ) throws {
    let error = #expect(throws: ImportError.self) {
      var records = try Self.records(text, form)[...]
      let column =
        form.isTable
        ? try RecordColumn(header: records.removeFirst(), of: form, named: nil, file: "f")
        : RecordColumn(form, named: nil, file: "f")
      for record in records { _ = try column.text(record) }
    }
    #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "")")
  }

  @Test func `bytes that are no text are refused`() throws {
    for form in RecordReader.Form.allCases {
      let bytes: [UInt8] = Array("{\"text\": \"".utf8) + [0xFF] + Array("\"}".utf8)
      var isRead = false
      var reader = RecordReader(form, file: "f") {
        defer { isRead = true }
        return isRead ? [] : bytes
      }
      let record = try #require(try reader.nextRecord())
      let error = #expect(throws: ImportError.self) {
        _ =
          form.isTable
          ? try RecordColumn(header: record, of: form, named: nil, file: "f").text(record)
          : try RecordColumn(form, named: nil, file: "f").text(record)
      }
      #expect(error?.code == .notUTF8)
    }
  }

  @Test func `objects hold texts, numbers and series`() throws {
    let records = try Self.records(
      """
      {"x": "a\\n\\u00fc", "text": 1}
      {"x": 2.5}
      {"x": [1, 2.5, -3]}
      {"x": [[1, 2], [3, 4]]}
      {"x": 5}
      """, .jsonl)
    let column = RecordColumn(.jsonl, named: "x", file: "f")
    #expect(
      try records.map { try column.text($0) } == ["a\nü", "2.5", "1 2.5 -3", "1 2 3 4", "5"])
  }

  @Test func `fields between tabulators hold commas and quotation marks`() throws {
    let records = try Self.records("id\ttext\n1\ta, \"b\"\n", .tsv)
    let column = try RecordColumn(header: records[0], of: .tsv, named: nil, file: "f")
    #expect(try column.text(records[1]) == "a, \"b\"")
    #expect(RecordReader.Form(path: "a/B.TSV") == .tsv)
  }

  @Test func `one column may be named as if it were more`() throws {
    for (text, name) in [("\"a;b\"\nx\n", nil), ("a;b\nx\n", "a;b")] {
      let records = try Self.records(text, .csv)
      let column = try RecordColumn(header: records[0], named: name, file: "f")
      #expect(try column.text(records[1]) == "x")
    }
  }

  @Test func `a model of texts takes strings only`() throws {
    let column = RecordColumn(.jsonl, named: nil, file: "f", for: .init(isText: true))
    let records = try Self.records("{\"text\": \"3\"}\n{\"text\": 3}\n", .jsonl)
    #expect(try column.text(records[0]) == "3")
    let error = #expect(throws: ImportError.self) { try column.text(records[1]) }
    #expect(
      error?.description == "f:2: field 'text': found '3', which is no string; "
        + "allowed: a string: the model reads texts")
  }

  @Test func `the only field of an object needs no name`() throws {
    let column = RecordColumn(.jsonl, named: nil, file: "f", for: .init(isText: true))
    let records = try Self.records(
      "{\"input\": \"a\"}\n{\"input\": 3}\n{\"input\": \"a\", \"id\": 1}\n", .jsonl)
    #expect(try column.text(records[0]) == "a")
    let kind = #expect(throws: ImportError.self) { try column.text(records[1]) }
    #expect(kind?.description.hasPrefix("f:2: field 'input': found '3', which is no") == true)
    let error = #expect(throws: ImportError.self) { try column.text(records[2]) }
    #expect(
      error?.description == "f:3: field 'text': found no field of that name; "
        + "allowed: id, input (say which with --column)")
  }

  @Test func `a row may not have what the answers are called`() throws {
    let asked = RecordColumn.Asked(reserved: ["prediction"])
    let rest = "allowed: another name, or a form of output that does not repeat the rows"
    let header = try Self.records("text,prediction\n", .csv)[0]
    let column = #expect(throws: ImportError.self) {
      try RecordColumn(header: header, named: nil, file: "f", for: asked)
    }
    #expect(
      column?.description
        == "f:1: column 'prediction': found a column of the name that the answer gets; \(rest)")
    let object = try Self.records("{\"text\": \"a\", \"prediction\": 1}\n", .jsonl)[0]
    let field = #expect(throws: ImportError.self) {
      try RecordColumn(.jsonl, named: nil, file: "f", for: asked).text(object)
    }
    #expect(
      field?.description
        == "f:1: field 'prediction': found a field of the name that the answer gets; \(rest)")
  }

  @Test func `mutated files end with a line, never with a crash`() throws {
    var state: UInt64 = 3
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    let seeds = [Self.table, "{\"text\": \"a\", \"b\": [1, {}]}\n{\"text\": \"\\u00e4\"}\n"]
    var refused = 0
    for round in 0..<2000 {
      var bytes = Array(seeds[round % 2].utf8)
      for _ in 0...random(4) {
        switch random(3) {
        case 0: bytes[random(bytes.count)] = UInt8(random(256))
        case 1: bytes.remove(at: random(bytes.count))
        default:
          bytes.insert([34, 44, 10, 13, 92, 123, 0, 255][random(8)], at: random(bytes.count))
        }
      }
      let form: RecordReader.Form = round % 2 == 0 ? .csv : .jsonl
      do {
        var rest = bytes[...]
        var reader = RecordReader(form, file: "f") {
          defer { rest = rest.dropFirst(5) }
          return Array(rest.prefix(5))
        }
        var column = RecordColumn(.jsonl, named: nil, file: "f")
        if form == .csv, let header = try reader.nextRecord() {
          column = try RecordColumn(header: header, named: nil, file: "f")
        }
        while let record = try reader.nextRecord() { _ = try column.text(record) }
      } catch let error as ImportError {
        refused += 1
        #expect(error.description.hasPrefix("f:") && !error.description.contains("\n"))
      }
    }
    #expect(refused > 200)
  }
}
