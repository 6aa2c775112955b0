import FoundationEssentials
import Glibc
import Orchestration
import Postgres
import TestSupport
import Testing

/// What a user does with what was trained.
@Suite(.scratchDatabaseForEach) struct ModelVerbTests {
  @Test func `from a sweep to a model with a name, and to its mistakes`() throws {
    let program = try Program()
    try program.good("migrate")
    let rows = (0..<200).map { number in
      let isSpam = number % 3 == 0
      // Some labels are wrong: there must be mistakes.
      let text = isSpam != (number % 5 == 0) ? "win a prize" : "see you at"
      return "\(isSpam ? "spam" : "ham")\t\(text) \(number)\n"
    }
    try program.importMessages(rows)
    try program.write(
      "sweep.yaml",
      """
      name: way
      dataset: messages
      model: {cell: {choice: [rnn, lstm, gru]}, hidden: 8, embedding: 8}
      training: {epochs: 4, rate: 0.02, batch: 8}
      search: grid
      predictions: 1
      """)
    let up = try program.start("up", "--slots", "2")
    try program.good("enqueue", "sweep.yaml", "--watch")
    let ranked = try program.good(
      "sql", "--values", "select trial_id from unroll.leaderboard order by rank, number"
    ).split(separator: "\n").map(String.init)

    let mistakes = try program.good("mistakes", ranked[0], "-n", "3")
    #expect(mistakes.contains("probability") && mistakes.contains("ham"))
    #expect(["win a prize", "see you at"].contains { mistakes.contains($0) })
    let none = try program.run("mistakes", ranked[2])
    #expect(none.code == 2 && none.errors.contains("unroll predictions \(ranked[2])"))
    #expect(try program.good("predictions", ranked[2]).contains("40 predictions"))
    try program.good("mistakes", ranked[2], "--split", "validation", "--json")
    let trial = try program.good("trial", ranked[0])
    #expect(trial.contains("class by class") && trial.contains("support"))

    let promoted = try program.good("promote", ranked[0], "--as", "spam", "--comment", "first")
    #expect(promoted == "spam@1: trial \(ranked[0])\n")
    #expect(
      try program.good("promote", "--best", "3", "latest", "--as", "spam").hasPrefix(
        "spam@2: the mean"))
    let listed = try program.good("models")
    #expect(listed.contains("spam@2 *") && listed.contains("first"))
    #expect(listed.hasSuffix("* is what the name alone stands for.\n"))
    #expect(try program.good("predict", "--model", "spam@1", "win a prize 7").hasPrefix("spam "))
    #expect(try program.good("predict", "--model", "spam", "see you at 8").hasPrefix("ham "))
    #expect(
      try program.good("predict", "--sweep", "way", "--best", "2", "see you at 8").hasPrefix("ham ")
    )
    let compared = try program.good("ensemble", "way", "--best", "3")
    #expect(compared.contains("mean of 3") && compared.contains("accuracy"))
    for arguments in [["ensemble", "way"], ["predict", "see you at 8", "--sweep", "way"]] {
      let all = try program.run(arguments + ["--best", "9"])
      #expect(all.code == 0)
      #expect(
        all.lines == [
          "unroll: 3 trials of sweep 1 succeeded, fewer than the 9 asked for: all of them are taken"
        ])
    }
    try program.good("models", "withdraw", "spam@2")
    #expect(try program.good("models", "--json").contains("\"withdrawn_by\""))
    let missing = try program.run("predict", "--model", "spam@2", "x")
    #expect(missing.code == 2 && missing.lines.count == 1 && missing.errors.contains("spam@1"))

    try program.write("in.csv", "id,text\n1,win a prize 3\n2,\"see you, at 4\"\n")
    let done = try program.good(
      "predict", "--model", "spam", "--file", "in.csv", "-o", "out.csv", "--threads", "2")
    #expect(done.hasPrefix("out.csv: 2 rows in "))
    let out = program.read("out.csv").split(separator: "\n")
    #expect(
      out[0] == "id,text,prediction,probability" && out[1].hasPrefix("1,win a prize 3,spam,0."))
    #expect(out[2].hasPrefix("2,\"see you, at 4\",ham,0."))
    #expect(
      try program.good("predict", "--model", "spam", "--file", "in.csv") == program.read("out.csv"))
    // The same file, packed.
    let packed =
      "H4sIAAAAAAAC/8tM0SlJrSjhMtQpz8xTSFQoKMqsSlUw5jLSUSpOTVWozC/VUUgsUTBR4gIA+lLX4SoAAAA="
    try program.write("in.csv.gz", [UInt8](#require(Data(base64Encoded: packed))))
    try program.good("predict", "--model", "spam", "--file", "in.csv.gz", "-o", "packed.csv")
    #expect(program.read("packed.csv") == program.read("out.csv"))
    try program.write("in.jsonl", "{\"input\":\"win a prize 3\"}\n")
    let object = try program.good("predict", "--model", "spam", "--file", "in.jsonl")
    #expect(object.hasPrefix("{\"input\":\"win a prize 3\", \"prediction\": \"spam\", "))
    try program.write("bad.csv", "id,text\n1,a\n2\n")
    let bad = try program.run(
      "predict", "--model", "spam", "--file", "bad.csv", "-o", "bad.out.csv")
    #expect(bad.code == 2)
    #expect(bad.lines == ["bad.csv:3: found 1 fields; allowed: 2 fields, as in the header"])
    #expect(program.read("bad.out.csv").isEmpty)
    for arguments in [
      ["predict", "x"], ["predict", "--trial", "1", "--model", "spam", "x"],
      ["predict", "--trial", "1", "--best", "2", "x"], ["promote", "way", "--as", "x"],
      ["predict", "--trial", "1", "--file", "in.csv", "-o", "out.txt"],
      ["predict", "--trial", "1", "--file", "in.csv", "-o", "out.csv.gz"],
      ["promote", ranked[0], "--as", "7"], ["predict", "--trial", "99", "x"],
      ["predict", "--trial", "1", "--file", "no.csv", "-o", "out.csv"],
      ["generate", "--trial", ranked[0]], ["models", "withdraw", "spam"],
    ] {
      #expect(try program.run(arguments).code == 2, "\(arguments)")
    }
    up.send(SIGTERM)
    #expect(up.wait() == .exited(0))
  }

  @Test func `a forecaster goes on with a file that is like the one it learned from`() throws {
    let program = try Program()
    try program.good("migrate")
    func rows(_ days: Range<Int>, _ missing: Int) -> String {
      "when,load\n"
        + days.map { day in
          let date = "2010-0\(1 + day / 28)-\(day % 28 < 9 ? "0" : "")\(1 + day % 28)"
          return "\(date),\(day == missing ? "" : "\(day % 7)")\n"
        }.joined()
    }
    try program.write("power.csv", rows(0..<112, 50))
    let imported = try program.good(
      "dataset", "import", "power.csv", "--name", "power", "--format", "csv", "--values", "load",
      "--time", "when", "--missing", "keep")
    // Months of 28 days: there is a gap after the first.
    #expect(imported.contains("power.csv:30: 2010-02-01 after 2010-01-28, but steps are of 1 day"))
    try program.write(
      "sweep.yaml",
      """
      dataset: {name: power, window: 7, horizon: 2, calendar: [weekday]}
      model: {hidden: 4}
      training: {epochs: 1, batch: 8}
      trials: 1
      """)
    let up = try program.start("up", "--slots", "1")
    #expect(try program.good("enqueue", "sweep.yaml", "--watch").contains("windows count steps"))
    try program.write("later.csv", rows(0..<14, 12))
    let answers = try program.good("predict", "--trial", "1", "--file", "later.csv")
    let lines = answers.split(separator: "\n")
    #expect(lines.count == 3 && lines[0] == "time,step,prediction")
    #expect(lines[1].hasPrefix("2010-01-15,1,") && lines[2].hasPrefix("2010-01-16,2,"))
    // Its forecasts are drawn over the times of the data.
    try program.good("plot", "forecast", "1", "-o", "forecast.svg")
    #expect(program.read("forecast.svg").contains(">2010-0"))
    try program.write("other.tsv", "day\tload\n2010-01-01\t1\n")
    let other = try program.run("predict", "--trial", "1", "--file", "other.tsv")
    #expect(other.code == 2 && other.errors.contains("other.tsv:1: column 'when'"))
    let short = try program.run(
      "predict", "--trial", "1", "--file", "other.tsv", "--time", "day")
    #expect(short.code == 2 && short.errors.contains("found 1 steps, allowed: at least 7"))
    let row = try program.run("predict", "--trial", "1", "1 2 3 4 5 6 7")
    #expect(row.code == 2 && row.errors.contains("a csv or tsv file of a series with times"))
    up.send(SIGTERM)
    #expect(up.wait() == .exited(0))
  }

  @Test func `a language model writes`() throws {
    let program = try Program()
    try program.good("migrate")
    try program.write("text.txt", String(repeating: "abc de\n", count: 300))
    try program.good("dataset", "import", "text.txt", "--name", "letters", "--format", "text")
    try program.write(
      "sweep.yaml",
      """
      dataset: {name: letters, max_length: 16}
      model: {cell: gru, hidden: 12, embedding: 4}
      training: {epochs: 6, rate: {choice: [0.02, 0.03]}, batch: 8}
      objective: {metric: bits_per_character}
      search: grid
      """)
    let up = try program.start("up", "--slots", "1")
    try program.good("enqueue", "sweep.yaml", "--watch")
    #expect(try program.good("trial", "1").contains("perplexity"))
    let text = try program.good(
      "generate", "--trial", "1", "--prompt", "abc", "--length", "7", "--temperature", "0")
    #expect(text == "abc de\nabc\n")
    let seeded = [
      "generate", "--trial", "1", "--length", "40", "--temperature", "2", "--seed", "5",
    ]
    #expect(try program.run(seeded).output == program.run(seeded).output)
    let next = try program.good("predict", "--trial", "1", "abc de")
    #expect(next.hasPrefix(#""\n"  ("\n" "#) && next.hasSuffix("← abc de\n"))
    #expect(next.count { $0.isNewline } == 1)
    let unknown = try program.run("generate", "--trial", "1", "--prompt", "aX", "--length", "1")
    #expect(unknown.code == 0 && unknown.errors.contains("does not know 1 of"))
    #expect(try program.good("predictions", "1").contains("predictions of trial 1"))
    for (arguments, line) in [
      (["mistakes", "1"], "trial 1 is a language model"),
      (["mistakes", "1", "--json"], "trial 1 is a language model"),
      (["promote", "--best", "2", "latest", "--as", "lm"], "texts have no mean"),
    ] {
      let run = try program.run(arguments)
      #expect(run.code == 2 && run.lines.count == 1 && run.errors.contains(line), "\(run.errors)")
    }
    up.send(SIGTERM)
    #expect(up.wait() == .exited(0))
  }
}
