import FoundationEssentials
import Orchestration
import Testing
import Training

@Suite struct FilePredictionTests {
  /// A small model of texts, and one of numbers.
  private static func model(_ dataset: Dataset) throws -> [String: [UInt8]] {
    let data = try PreparedData(dataset, DataPlan(), seed: 1)
    let plan = Plan(
      model: ModelSettings(hidden: 6, embedding: 5),
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
    _ output: RecordReader.Form, threads: Int = 2
  ) throws -> (String, Int) {
    var rest = Array(text.utf8)[...]
    var written: [UInt8] = []
    let prediction = try FilePrediction(
      artifacts, from: input, to: output, column: nil, file: "f", threads: threads)
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
}
