import FoundationEssentials
import Orchestration
import Testing
import Training

@Suite struct FilePredictionTests {
  /// A small model of texts, and one of numbers.
  private static func model(
    _ dataset: Dataset, _ dataPlan: DataPlan = DataPlan()
  ) throws -> [String: [UInt8]] {
    let data = try PreparedData(dataset, dataPlan, seed: 1)
    let plan = Plan(
      data: dataPlan, model: ModelSettings(hidden: 6, embedding: 5),
      training: TrainingPlan(epochs: 15, batch: 8, rate: 0.02), seed: 1)
    guard case .finished(let outcome) = try Session(plan, data).run() else {
      preconditionFailure("nothing stops this run")
    }
    return Dictionary(uniqueKeysWithValues: outcome.artifacts.map { ($0.name, $0.bytes) })
  }

  private static func messages() -> Dataset {
    let texts = (0..<120).map { $0 % 3 == 0 ? "win a prize \($0)" : "see you at \($0)" }
    return Dataset(
      name: "d", inputs: .texts(texts), labels: (0..<120).map { $0 % 3 == 0 ? "spam" : "ham" })
  }

  private static func answer(
    _ artifacts: [[String: [UInt8]]], _ text: String, _ input: RecordReader.Form,
    _ output: RecordReader.Form, values: ImportOptions? = nil, threads: Int = 2
  ) throws -> (String, Int) {
    var rest = Array(text.utf8)[...]
    var written: [UInt8] = []
    let prediction = try FilePrediction(
      artifacts, from: input, to: output, column: nil, values: values, file: "f",
      threads: threads)
    let summary = try prediction.run(
      read: {
        defer { rest = rest.dropFirst(1000) }
        return Array(rest.prefix(1000))
      }, write: { written += $0 })
    return (String(decoding: written, as: UTF8.self), summary.rows)
  }

  @Test func `the answers come in the order of the rows, whatever the threads`() throws {
    let artifacts = try Self.model(Self.messages())
    // More than two portions, lengths mixed.
    let texts = (0..<20_000).map { number in
      (number % 5 == 0 ? "win a prize " : "see you ")
        + String(repeating: "at \(number % 7) ", count: number % 6)
    }
    let file = "id,text\n" + texts.enumerated().map { "\($0),\"\($1)\"\n" }.joined()
    let (one, rows) = try Self.answer([artifacts], file, .csv, .csv, threads: 1)
    #expect(rows == 20_000)
    #expect(try Self.answer([artifacts], file, .csv, .csv, threads: 3).0 == one)
    let lines = one.split(separator: "\n")
    #expect(lines.count == 20_001 && lines[0] == "id,text,prediction,probability")
    let expected = try Predictor(artifacts).predict(texts: texts)
    for number in stride(from: 0, to: 20_000, by: 97) {
      let fields = lines[number + 1].split(separator: ",")
      #expect(fields[0] == "\(number)" && fields[1] == "\"\(texts[number])\"")
      #expect(fields[2] == expected[number].label ?? "")
      let probability = expected[number].probabilities?.map(\.probability).max() ?? .nan
      #expect(abs((Double(fields[3]) ?? .nan) - probability) < 1e-5)
    }
  }

  @Test func `objects keep what they hold`() throws {
    let artifacts = try Self.model(Self.messages())
    struct Row: Decodable {
      let id: Int?, text: String?, input: String?
      let prediction: String
      let probability: Double
    }
    func rows(_ text: String) throws -> [Row] {
      try text.split(separator: "\n").map {
        try JSONDecoder().decode(Row.self, from: Data($0.utf8))
      }
    }
    let objects = "{\"id\": 7, \"text\": \"win a prize \\\"3\\\"\"}\n{\"text\":\"see you at 4\"} \n"
    let (same, _) = try Self.answer([artifacts], objects, .jsonl, .jsonl)
    let found = try rows(same)
    #expect(found.map(\.id) == [7, nil] && found.map(\.prediction) == ["spam", "ham"])
    #expect(found[0].text == "win a prize \"3\"" && found[0].probability > 0.5)

    let (other, _) = try Self.answer(
      [artifacts], "text\n\"win a prize, \"\"now\"\"\n3\"\n", .csv, .jsonl)
    #expect(try rows(other).map(\.input) == ["win a prize, \"now\"\n3"])
    let (table, _) = try Self.answer([artifacts], "win a prize, 3\nsee you at\n", .lines, .csv)
    let lines = table.split(separator: "\n")
    #expect(lines[0] == "input,prediction,probability")
    #expect(
      lines[1].hasPrefix("\"win a prize, 3\",spam,0.") && lines[2].hasPrefix("see you at,ham,"))
  }

  @Test func `fields between tabulators stay so, and no name comes twice`() throws {
    let artifacts = try Self.model(Self.messages())
    let (table, rows) = try Self.answer(
      [artifacts], "id\ttext\n1\twin a prize, \"3\"\n2\tsee you at\n", .tsv, .tsv)
    let lines = table.split(separator: "\n")
    #expect(rows == 2 && lines[0] == "id\ttext\tprediction\tprobability")
    #expect(lines[1].hasPrefix("1\twin a prize, \"3\"\tspam\t0."))
    for (text, form) in [
      ("text,prediction\na,b\n", RecordReader.Form.csv),
      ("{\"text\": \"a\", \"probability\": 1}\n", .jsonl),
    ] {
      let error = #expect(throws: ImportError.self) {
        try Self.answer([artifacts], text, form, form)
      }
      #expect(error?.description.contains("of the name that the answer gets") == true)
      #expect(throws: Never.self) {
        try Self.answer([artifacts], text, form, form == .csv ? .jsonl : .csv)
      }
    }
    let number = #expect(throws: ImportError.self) {
      try Self.answer([artifacts], "{\"text\": 3}\n", .jsonl, .jsonl)
    }
    #expect(number?.description.contains("allowed: a string: the model reads texts") == true)
  }

  @Test func `an ensemble and a model of numbers answer files too`() throws {
    let artifacts = try Self.model(Generator.adding.dataset(count: 80, length: 5, seed: 1))
    let file = "{\"text\": [[0.5, 0], [0.25, 1], [0.5, 0], [0.75, 1], [0.5, 0]]}\n"
    let (one, _) = try Self.answer([artifacts], file, .jsonl, .jsonl)
    #expect(one.hasPrefix(String(file.dropLast(2)) + ", \"prediction\": "))
    #expect(try Self.answer([artifacts, artifacts], file, .jsonl, .jsonl).0 == one)
    let error = #expect(throws: ImportError.self) {
      try Self.answer([artifacts], "{\"text\": [1, 2]}\n\n{\"text\": [1, 2, 3]}\n", .jsonl, .csv)
    }
    #expect(
      error?.description == "f:3: found 3 numbers; allowed: 2 at each of at least 1 steps")
    let word = #expect(throws: ImportError.self) {
      try Self.answer([artifacts], "1 2\n1 x\n", .lines, .csv)
    }
    #expect(word?.description == "f:2: found 'x'; allowed: a number at each step")
  }

  @Test func `values without a finite answer are refused with their line`() throws {
    let refusal =
      "found values for which the model has no finite answer; "
      + "allowed: values nearer to those that it learned from"
    // Two numbers that are infinite in the scale of training are infinity less infinity in some gate.
    let numbers = try Self.model(Generator.adding.dataset(count: 80, length: 5, seed: 1))
    for (text, form) in [
      ("0.5 1\n\n3e38 3e38\n", RecordReader.Form.lines),
      ("{\"x\": [[0.5, 1]]}\n\n{\"x\": [[3e38, 3e38]]}\n", .jsonl),
    ] {
      let error = #expect(throws: ImportError.self) {
        try Self.answer([numbers], text, form, form == .jsonl ? .jsonl : .csv)
      }
      #expect(error?.description == "f:3: \(refusal)")
    }
    let content =
      "id,a,b,c,d,class\n"
      + Self.wide.enumerated().map { "\($0),\(Self.fields($1.values)),\($1.label)\n" }.joined()
    let known = ImportOptions(format: .csv, label: "class", values: ["2-5"], channels: 2)
    let labels = try Self.model(
      Dataset(importing: Array(content.utf8), file: "f", name: "d", options: known))
    let values = try #require(
      Ensemble([labels]).rowOptions(path: "new.csv", FileColumns(), known: known))
    let error = #expect(throws: ImportError.self) {
      try Self.answer(
        [labels], content + "90,0.5,0.5,3e38,3e38,up\n", .csv, .csv, values: values)
    }
    #expect(error?.description == "f:92: \(refusal)")
  }

  @Test func `the steps of an object have as many numbers as the model reads`() throws {
    let artifacts = try Self.model(Generator.adding.dataset(count: 80, length: 5, seed: 1))
    for (row, found) in [
      ("[[0.1, 0.2, 0.3], [0.3]]", "3 numbers at step 1"), ("[[1, 2], [3]]", "1 number at step 2"),
      ("[[1, 2, 3], [4, 5, 6]]", "3 numbers at step 1"),
    ] {
      let error = #expect(throws: ImportError.self) {
        try Self.answer([artifacts], "{\"x\": \(row)}\n", .jsonl, .jsonl)
      }
      #expect(error?.description == "f:1: field 'x': found \(found); allowed: 2 at each step")
    }
  }

  @Test func `a number alone is a sequence of one symbol`() throws {
    let artifacts = try Self.model(Generator.copy.dataset(count: 40, length: 5, seed: 1))
    let (one, _) = try Self.answer([artifacts], "{\"x\":5}\n", .jsonl, .csv)
    #expect(try Self.answer([artifacts], "{\"x\":[5]}\n", .jsonl, .csv).0 == one)
  }

  @Test func `quantiles stand behind the rows too`() throws {
    let content = "load\n" + (0..<120).map { "\($0 % 7)\n" }.joined()
    let dataset = try Dataset(
      importing: Array(content.utf8), file: "f", name: "d",
      options: ImportOptions(format: .csv, values: ["load"]))
    var plan = DataPlan(window: 6, horizon: 2)
    plan.quantiles = [0.1, 0.9]
    let artifacts = try Self.model(dataset, plan)
    let (table, _) = try Self.answer([artifacts], "text\n1 2 3 4 5 6\n", .csv, .csv)
    let lines = table.split(separator: "\n").map { $0.split(separator: ",").map(String.init) }
    #expect(
      lines[0] == [
        "text", "prediction_1", "prediction_2", "quantile_0.1_1", "quantile_0.1_2",
        "quantile_0.9_1", "quantile_0.9_2",
      ])
    let expected = try Ensemble([artifacts]).predict(.values([[1, 2, 3, 4, 5, 6]]))[0]
    let (numbers, steps) = (try #require(expected.numbers), try #require(expected.quantiles))
    #expect(
      lines[1].dropFirst().map { Double($0) }
        == numbers + [steps[0][0], steps[1][0], steps[0][1], steps[1][1]])
    let (object, _) = try Self.answer([artifacts], "{\"text\": [1,2,3,4,5,6]}\n", .jsonl, .jsonl)
    #expect(object.contains("\"quantile_0.9_2\": \(steps[1][1])}"))
  }

  /// Rows of four values that are above or below zero, each behind a number and before a label.
  private static let wide: [(values: [Float], label: String)] = (0..<90).map { number in
    let sign: Float = number % 3 == 0 ? 1 : -1
    return ((1...4).map { sign * Float($0 + number % 5) / 8 }, sign > 0 ? "up" : "down")
  }

  private static func fields(_ values: [Float]) -> String {
    values.map { "\($0)" }.joined(separator: ",")
  }

  @Test func `each row of a table is an example, as it was imported`() throws {
    let content =
      "id,a,b,c,d,class\n"
      + Self.wide.enumerated().map { "\($0),\(Self.fields($1.values)),\($1.label)\n" }.joined()
    let known = ImportOptions(format: .csv, label: "class", values: ["2-5"])
    let artifacts = try Self.model(
      Dataset(importing: Array(content.utf8), file: "f", name: "d", options: known))
    let ensemble = try Ensemble([artifacts])
    let values = try #require(
      ensemble.rowOptions(path: "new.csv", FileColumns(), known: known))
    let (table, count) = try Self.answer([artifacts], content, .csv, .csv, values: values)
    let lines = table.split(separator: "\n").map(String.init)
    let rows = content.split(separator: "\n").map(String.init)
    let expected = try Predictor(artifacts).predict(values: Self.wide.map(\.values))
    #expect(count == 90 && lines[0] == "id,a,b,c,d,class,prediction,probability")
    for (place, prediction) in expected.enumerated() {
      #expect(lines[place + 1].hasPrefix("\(rows[place + 1]),\(prediction.label ?? ""),0."))
    }
    // Neither the label nor a header is needed, and what is said of the columns comes first.
    var columns = FileColumns()
    (columns.values, columns.header) = (["1-4"], false)
    let bare = try #require(ensemble.rowOptions(path: "new.csv", columns, known: known))
    let (answers, _) = try Self.answer(
      [artifacts], Self.wide.map { Self.fields($0.values) + "\n" }.joined(), .csv, .csv,
      values: bare)
    let bareLines = answers.split(separator: "\n")
    #expect(bareLines.count == 90 && bareLines[0].hasPrefix(Self.fields(Self.wide[0].values)))
    #expect(
      bareLines.map { $0.split(separator: ",").suffix(2) }
        == lines.dropFirst().map { $0.split(separator: ",").suffix(2) })
    let (objects, _) = try Self.answer([artifacts], content, .csv, .jsonl, values: values)
    let input = Self.wide[0].values.map { "\($0)" }.joined(separator: " ")
    #expect(objects.hasPrefix("{\"input\": \"\(input)\", \"prediction\": \"up\", "))
  }

  @Test func `each case of a ts file is an example`() throws {
    let head = "@problemName t\n@univariate true\n@classLabel true up down\n@data\n"
    let content =
      head + Self.wide.map { "\(Self.fields($0.values)):\($0.label)\n" }.joined(separator: "#\n")
    let known = ImportOptions(format: .ts)
    let artifacts = try Self.model(
      Dataset(importing: Array(content.utf8), file: "f", name: "d", options: known))
    let values = try #require(
      Ensemble([artifacts]).rowOptions(path: "new.ts.gz", FileColumns(), known: nil))
    let (table, count) = try Self.answer([artifacts], content, .lines, .tsv, values: values)
    let lines = table.split(separator: "\n")
    #expect(count == 90 && lines[0] == "example\tlabel\tprediction\tprobability")
    let expected = try Predictor(artifacts).predict(values: Self.wide.map(\.values))
    for (place, prediction) in expected.enumerated() {
      #expect(
        lines[place + 1].hasPrefix(
          "\(place + 1)\t\(Self.wide[place].label)\t\(prediction.label ?? "")\t0."))
    }
    let (one, _) = try Self.answer([artifacts], content, .lines, .tsv, values: values, threads: 1)
    #expect(one == table)
  }

  @Test func `only models of values read rows of values`() throws {
    let known = ImportOptions(format: .csv, label: "class", values: ["2-5"])
    let texts = try Ensemble([Self.model(Self.messages())])
    #expect(texts.rowOptions(path: "a.csv", FileColumns(), known: known) == nil)
    let values = try Ensemble([
      Self.model(Generator.adding.dataset(count: 40, length: 5, seed: 1))
    ])
    var columns = FileColumns()
    #expect(values.rowOptions(path: "a.csv", columns, known: nil) == nil)
    #expect(values.rowOptions(path: "a.txt", columns, known: known) == nil)
    #expect(values.rowOptions(path: "a.tsv", columns, known: known)?.channels == 2)
    columns.values = ["1-10"]
    #expect(values.rowOptions(path: "a.csv", columns, known: nil)?.values == ["1-10"])
    #expect(values.rowOptions(path: "a.ts", columns, known: nil) == nil)
    columns.time = ["when"]
    #expect(values.rowOptions(path: "a.csv", columns, known: known) == nil)
  }
}
