import FoundationEssentials
import Glibc
import Orchestration
import TestSupport
import Testing

/// What a model is asked, and how.
@Suite(.scratchDatabaseForEach) struct PredictVerbTests {
  /// An answer as it is printed and as it is written.
  private struct Answer: Decodable {
    let input: String
    let label: String?
    let prediction: String?
  }

  @Test func `a file of texts is read alike wherever the answers go`() throws {
    let program = try Program()
    try program.good("migrate")
    let rows = (0..<120).map { number in
      number % 3 == 0 ? "spam\twin a prize \(number)\n" : "ham\tsee you at \(number)\n"
    }
    try program.importMessages(rows)
    try program.write(
      "sweep.yaml",
      """
      dataset: messages
      model: {hidden: 8, embedding: 8}
      training: {epochs: 8, rate: 0.02, batch: 8}
      trials: 1
      """)
    let up = try program.start("up", "--slots", "1")
    try program.good("enqueue", "sweep.yaml", "--watch")

    // A mark, ends of lines as Windows has them, and what some take for ends of lines.
    let texts = ["win a prize 3", "see you\u{2028}at\u{0C}4"]
    try program.write("lines.txt", "\u{FEFF}" + texts.joined(separator: "\r\n") + "\r\n\r\n")
    let ask = ["predict", "--trial", "1", "--file"]
    let printed = try JSONDecoder().decode(
      [Answer].self, from: Data(program.run(ask + ["lines.txt", "--json"]).output.utf8))
    #expect(try program.run(ask + ["lines.txt", "-o", "lines.jsonl"]).code == 0)
    let written = try program.read("lines.jsonl").split(separator: "\n").map {
      try JSONDecoder().decode(Answer.self, from: Data($0.utf8))
    }
    #expect(printed.map(\.input) == texts && written.map(\.input) == texts)
    #expect(printed.map(\.label) == written.map(\.prediction))

    try program.write("in.csv", "text\nwin a prize 3\n")
    let json = try program.run(ask + ["in.csv", "--json"])
    #expect(json.output.hasPrefix(#"{"input": "win a prize 3", "prediction": "spam", "#))
    try program.write("semi.csv", "text;label\nwin a prize 3;spam\n")
    try program.write("empty.jsonl", "{}\n")
    for (arguments, message) in [
      (["lines.txt", "--column", "2"], "unroll: --column: found lines.txt, which has no columns"),
      (["lines.txt", "--values", "2"], "unroll: lines.txt: found options of columns, allowed: "),
      (["in.csv", "--values", "1"], "unroll: in.csv: found options of columns, allowed: "),
      (
        ["semi.csv"], "semi.csv:1: column 'text': found no column of that name; allowed: text;label"
      ),
      (["empty.jsonl"], "empty.jsonl:1: field 'text': found an object without fields; allowed: a "),
    ] {
      let run = try program.run(ask + arguments)
      #expect(run.code == 2 && run.lines.count == 1, "\(arguments)")
      #expect(run.errors.hasPrefix(message), "\(run.errors)")
    }
    for name in ["in.csv", "./in.csv", "\(program.folder)/in.csv"] {
      let run = try program.run(ask + [name, "-o", "in.csv"])
      #expect(run.code == 2 && run.errors.contains("found the file that is read"), "\(name)")
    }
    #expect(program.read("in.csv") == "text\nwin a prize 3\n")

    try program.good("promote", "1", "--as", "spam")
    try program.good("promote", "1", "--as", "spam")
    let listed = try program.good("models", "spam@1")
    #expect(listed.contains("spam@1") && !listed.contains("spam@2"))
    let object = try program.good("models", "spam@1", "--json")
    #expect(object.contains("\"version\": 1") && !object.contains("\"version\": 2"))
    let other = try program.run("models", "spam@9")
    #expect(other.code == 2 && other.lines == ["unroll: found 'spam@9', allowed: spam@2, spam@1"])
    up.send(SIGTERM)
    #expect(up.wait() == .exited(0))
  }

  @Test func `a classifier of values is asked with the file it learned from`() throws {
    let program = try Program()
    try program.good("migrate")
    let rows = (0..<90).map { number in
      let sign = number % 3 == 0 ? 1.0 : -1.0
      let values = (1...4).map { "\(sign * Double($0 + number % 5) / 8)" }
      return (values: values.joined(separator: ","), label: sign > 0 ? "up" : "down")
    }
    try program.write(
      "wide.csv",
      "id,a,b,c,d,class\n"
        + rows.enumerated().map { "\($0),\($1.values),\($1.label)\n" }.joined())
    try program.good(
      "dataset", "import", "wide.csv", "--name", "wide", "--format", "csv", "--values", "2-5",
      "--label", "class")
    try program.write(
      "sweep.yaml",
      """
      dataset: wide
      model: {hidden: 8}
      training: {epochs: 15, rate: 0.02, batch: 8}
      trials: 1
      """)
    let up = try program.start("up", "--slots", "1")
    try program.good("enqueue", "sweep.yaml", "--watch")

    let ask = ["predict", "--trial", "1", "--file"]
    func answers(_ arguments: [String]) throws -> [String] {
      let run = try program.run(ask + arguments)
      #expect(run.code == 0, "\(run.errors)")
      return run.output.split(separator: "\n").map(String.init)
    }
    let lines = try answers(["wide.csv"])
    #expect(lines.count == 91 && lines[0] == "id,a,b,c,d,class,prediction,probability")
    #expect(lines[1].hasPrefix("0,\(rows[0].values),up,up,0."))
    let ends = lines.dropFirst().map { $0.split(separator: ",").suffix(2).joined(separator: ",") }
    // Without the columns that a new file does not have.
    try program.write("new.csv", "a,b,c,d\n" + rows.map { $0.values + "\n" }.joined())
    let new = try answers(["new.csv", "--values", "1-4"])
    #expect(
      new == ["a,b,c,d,prediction,probability"] + zip(rows, ends).map { "\($0.values),\($1)" })
    // As a .ts file, whose labels stand beside the answers.
    try program.write(
      "wide.ts",
      "@problemName wide\n@univariate true\n@classLabel true down up\n@data\n"
        + rows.map { "\($0.values):\($0.label)\n" }.joined())
    let cases = try answers(["wide.ts"])
    #expect(
      cases == ["example,label,prediction,probability"]
        + zip(rows, ends).enumerated().map { "\($0 + 1),\($1.0.label),\($1.1)" })
    let objects = try answers(["wide.ts", "--json"])
    #expect(objects[0].hasPrefix(#"{"example": 1, "label": "up", "prediction": "up", "#))

    try program.write("gap.csv", "id,a,b,c,d\n1,1,2,3,4\n2,1,?,3,4\n")
    for (arguments, message) in [
      (["gap.csv"], "gap.csv:3: b: found a missing value, '?'; allowed: a finite number"),
      (["new.csv", "--values", "5"], "new.csv:1: column 5: found 4 columns; allowed: 1 to 4"),
      (["new.csv", "--values", "1-4", "--time", "a"], "unroll: new.csv: found options of columns"),
      (["wide.ts", "--values", "1"], "unroll: wide.ts: found options of columns"),
    ] {
      let run = try program.run(ask + arguments)
      #expect(
        run.code == 2 && run.lines.count == 1 && run.errors.hasPrefix(message), "\(run.errors)")
    }
    up.send(SIGTERM)
    #expect(up.wait() == .exited(0))
  }

  @Test func `a language model of symbols writes no text, and is told as what it is`() throws {
    let program = try Program()
    try program.good("migrate")
    try program.good(
      "dataset", "generate", "copy", "--length", "5", "--count", "60", "--name", "copy")
    try program.write(
      "sweep.yaml",
      """
      dataset: {name: copy, task: language}
      model: {hidden: 4, embedding: 4}
      training: {epochs: 1, batch: 8}
      trials: 1
      """)
    let up = try program.start("up", "--slots", "1")
    try program.good("enqueue", "sweep.yaml", "--watch")
    let run = try program.run("generate", "--trial", "1", "--length", "3")
    #expect(run.code == 2)
    #expect(
      run.lines == [
        "unroll: found a language model of symbols, allowed: one of texts (unroll predict tells the "
          + "next symbol)"
      ])
    #expect(try program.run("predict", "--trial", "1", "1 2 3").code == 0)
    up.send(SIGTERM)
    #expect(up.wait() == .exited(0))
  }
}
