import FoundationEssentials
import Glibc
import Orchestration
import Postgres
import TestSupport
import Testing

/// The verbs as a user meets them.
@Suite(.scratchDatabaseForEach) struct VerbTests {
  @Test func `cells are timed in the fields of their peer`() throws {
    struct Row: Decodable {
      let shape, cell, precision, kernels: String
      let batch, steps, input, hidden: Int
      let ms, gflops, peak: Double
    }
    let program = try Program()
    let printed = try program.good(
      "bench", "cells", "--json", "--only", " tiny ", "--precision", "bf16", "--seconds", "0.05",
      "--threads", "2")
    let rows = try printed.split(separator: "\n").map {
      try JSONDecoder().decode(Row.self, from: Data($0.utf8))
    }
    #expect(rows.map(\.cell) == ["rnn", "lstm", "gru"])
    for row in rows {
      #expect(row.shape == "tiny" && row.batch == 16 && row.steps == 50)
      #expect(row.precision == "bf16")
      #expect(row.input == 2 && row.hidden == 32 && row.ms > 0)
      // No step is faster than the core's multiply-adds, unless it has tiles.
      #expect(row.gflops > 0 && !row.kernels.isEmpty)
      #expect(row.gflops < 1.2 * row.peak || row.kernels == "amx")
    }
    let refused = try program.run("bench", "cells", "--only", "huge")
    #expect(refused.code == 2 && refused.errors.contains("no shape is named 'huge'"))
  }

  @Test func `gradients are shown and drawn`() throws {
    let program = try Program()
    try program.good("migrate")
    try program.good("dataset", "generate", "adding", "--length", "12", "--count", "200")
    let up = try program.start("up", "--slots", "2")
    try program.write(
      "sweep.yaml",
      """
      dataset: adding-12
      model: {cell: {choice: [rnn, lstm]}, hidden: 6}
      training: {epochs: 2, batch: 20}
      probe: epoch
      search: grid
      """)
    try program.good("enqueue", "sweep.yaml", "--watch")
    let shown = try program.good("gradients", "1", "2", "--svg", "flow.svg")
    #expect(shown.contains("per step") && shown.contains("written to flow.svg"))
    #expect(["vanishing", "healthy", "exploding"].contains { shown.contains($0) })
    let drawn = program.read("flow.svg")
    #expect(drawn.hasPrefix("<svg ") && drawn.contains("Gates of 2") && !drawn.contains("nan"))
    let gates = try program.good("gradients", "2", "--epoch", "1")
    #expect(gates.contains("f, what is kept") && gates.contains("lag"))
    let none = try program.run("gradients", "1", "--layer", "3")
    #expect(none.code == 2 && none.errors.contains("no measurement of layer 3"))
    up.send(SIGTERM)
    #expect(up.wait() == .exited(0))
  }

  @Test func `the way from a file to an answer`() throws {
    let program = try Program()
    try program.good("migrate")
    let rows = (0..<200).map { "\($0 % 3 == 0 ? "spam\twin a prize" : "ham\tsee you at") \($0)\n" }
    try program.write("messages.tsv", rows.joined())
    let imported = try program.good(
      "dataset", "import", "messages.tsv", "--name", "messages", "--format", "tsv", "--label", "1",
      "--text", "2")
    #expect(imported.contains("200 examples"))
    #expect(try program.good("dataset", "show", "messages").contains("ham 133, spam 67"))
    #expect(try program.good("dataset", "list").contains("messages"))

    let up = try program.start("up", "--slots", "2")
    try program.write(
      "sweep.yaml",
      """
      name: way
      dataset: messages
      model: {cell: {choice: [rnn, lstm, gru]}, hidden: 8, embedding: 8}
      training: {epochs: 4, rate: 0.02, batch: 8}
      search: grid
      """)
    let watched = try program.good("enqueue", "sweep.yaml", "--watch")
    #expect(watched.contains("3/3 done"))
    #expect(watched.contains("naive-bayes") && watched.contains("majority"))
    #expect(try program.good("sweeps").contains("finished"))
    #expect(try program.good("show", "way").contains("maximize validation accuracy"))
    #expect(try program.good("leaderboard", "latest").contains("validation accuracy"))
    for method in ["ped-anova", "fanova"] {
      #expect(try program.good("importance", "way", "--method", method).contains("model.cell"))
    }
    let front = try program.good("pareto", "way", "--metrics", "accuracy, loss")
    #expect(front.contains("validation loss") && front.contains("no other of 3"))
    #expect(try program.good("pareto", "way").contains("training_seconds"))
    #expect(try program.run("pareto", "way", "--metrics", "accuracy,speed").code == 2)
    #expect(try program.good("workers").contains("alive"))

    // As the files of sql/queries begin.
    let best = try program.good(
      "sql", "--values",
      "-- Which is the best?\nselect trial_id from unroll.leaderboard order by rank, trial_id limit 1"
    )
    .trimming()
    let trial = try program.good("trial", best)
    #expect(trial.contains("●") && trial.contains("model.safetensors") && trial.contains("why"))
    #expect(try program.good("predict", "--trial", best, "win a prize 7").hasPrefix("spam "))
    try program.write("texts.txt", "win a prize 7\nsee you at 8\n")
    let predicted = try program.good("predict", "--trial", best, "--file", "texts.txt", "--json")
    let answers = try JSONDecoder().decode([Answer].self, from: Data(predicted.utf8))
    #expect(answers.map(\.label) == ["spam", "ham"])
    #expect(answers.allSatisfy { abs($0.probabilities.map(\.probability).reduce(0, +) - 1) < 1e-6 })

    #expect(try program.good("artifact", "list", best).contains("labels.json"))
    try program.good("artifact", "get", best, "labels.json")
    let again = try program.run("artifact", "get", best, "labels.json")
    #expect(again.code == 2 && again.errors.contains("--force"))
    #expect(
      try program.good("artifact", "get", best, "labels.json", "-o", "-") == #"["ham","spam"]"#)

    // What a sweep refers to stays.
    let removal = try program.run("dataset", "remove", "messages")
    #expect(removal.code == 2 && removal.lines.count == 1)
    #expect(try program.good("doctor", "--json").contains("scheduler"))
    up.send(SIGTERM)
    #expect(up.wait() == .exited(0))
  }

  struct Answer: Decodable {
    struct Candidate: Decodable { let probability: Double }
    let label: String
    let probabilities: [Candidate]
  }

  @Test func `a version that was here already is told from the newest`() throws {
    let program = try Program()
    try program.good("migrate")
    func imported(_ text: String, _ options: String...) throws -> Program.Run {
      try program.write("words.tsv", text)
      return try program.run(
        ["dataset", "import", "words.tsv", "--name", "words", "--format", "tsv", "--label", "1"]
          + ["--text", "2"] + options)
    }
    let (one, two) = ("a\tone\nb\ttwo\n", "a\tone\nb\tthree\n")
    let first = try imported(one)
    let second = try imported(two)
    #expect(first.code == 0 && first.output.split(separator: "\n").count == 1)
    #expect(second.output.split(separator: "\n").count == 1 && second.output != first.output)
    let newest = try #require(second.output.split(separator: ":").first)
    let note =
      "this version was here already: sweeps take the newer \(newest), unless they name a version\n"
    #expect(try imported(one).output == first.output + note)
    let json = try imported(one, "--json")
    #expect(json.code == 0 && json.errors == note && !json.output.contains("already"))
    #expect(try imported(two).output == second.output)
  }

  @Test func `every list comes as JSON`() throws {
    let program = try Program()
    try program.good("migrate")
    try program.good("dataset", "generate", "adding", "--length", "10", "--count", "20")
    try program.write("sweep.yaml", "dataset: adding-10\ntrials: 2\n")
    try program.good("enqueue", "sweep.yaml", "--json")
    for arguments in [
      ["sweeps"], ["show", "1"], ["leaderboard", "1"], ["importance", "1"],
      ["importance", "1", "--method", "fanova"], ["pareto", "1"], ["workers"], ["dataset", "list"],
      ["dataset", "show", "adding-10"], ["sql", "select 1 as one"], ["doctor"],
    ] {
      let run = try program.run(arguments + ["--json"])
      #expect(run.code == (arguments == ["doctor"] ? 1 : 0))
      let rows = try JSONDecoder().decode([[String: Anything]].self, from: Data(run.output.utf8))
      #expect(rows.isEmpty == Self.isEmpty.contains(arguments[0]))
    }
  }

  /// The lists in which a sweep without trials has nothing.
  private static let isEmpty = ["leaderboard", "importance", "pareto", "workers"]

  /// Any value.
  struct Anything: Decodable {
    init(from decoder: any Decoder) {}
  }

  @Test func `what is shown has the last errors too, and commands no terminal`() throws {
    let program = try Program()
    try program.good("migrate")
    try program.importMessages(["ham\u{1B}[2J\tsee you\n", "spam\twin a prize\n"])
    let labels = try program.good("dataset", "show", "messages")
    #expect(labels.contains(#"ham\u{1b}[2J 1, spam 1"#) && !labels.contains("\u{1B}"))
    try program.good(
      "sql", #"select unroll.enqueue('{"name": "red\u001b[31m", "dataset": "messages"}')"#)
    // As if some of the last of very many trials had failed.
    try Connection(Scratch.database).execute(
      #"""
      with made as (
        insert into unroll_internal.trial (sweep_id, number, params)
        select 1, n, '{}' from generate_series(0, 1199) n
        returning id, number)
      insert into unroll_internal.status (trial_id, sweep_id, max_failures, max_losses, error)
      select id, 1, 3, 5, case when number >= 1188 then E'broke\x1b[2J' || number end from made
      """#)
    let shown = try program.good("show", "1")
    #expect(shown.contains(#"sweep 1  red\u{1b}[31m  submitted"#) && !shown.contains("\u{1B}"))
    #expect(shown.contains(#" (queued): broke\u{1b}[2J1188"#) && shown.contains("[2J1197"))
    #expect(!shown.contains("[2J1198") && shown.contains("  … and 2 more\n"))
  }

  @Test func `the same key enqueues once`() throws {
    let program = try Program()
    try program.good("migrate")
    try program.good("dataset", "generate", "adding", "--length", "10", "--count", "20")
    try program.write("sweep.yaml", "dataset: adding-10\ntrials: 2\n")
    let first = try program.good("enqueue", "sweep.yaml", "--key", "a")
    let second = try program.good("enqueue", "sweep.yaml", "--key", "a")
    #expect(first.hasPrefix("sweep 1 ") && second.hasPrefix("sweep 1 "))
    try program.good("pause", "latest")
    #expect(try program.good("sweeps").contains("1"))
    #expect(try program.good("resume", "1").contains("not paused") == false)
    #expect(try program.good("cancel", "1") == "sweep 1 is cancelled\n")
    #expect(try program.run("retry", "1").code == 2)
  }

  @Test func `a sweep that the scheduler refuses ends the watching with 1`() throws {
    let program = try Program()
    try program.good("migrate")
    try program.good("dataset", "generate", "adding", "--length", "10", "--count", "20")
    try program.good(
      "sql", #"select unroll.enqueue('{"dataset": "adding-10", "model": {"hidden": 0}}')"#)
    let scheduler = try program.start("scheduler")
    let run = try program.run("watch", "1")
    #expect(run.code == 1)
    #expect(
      run.lines == [
        "unroll: sweep 1 was refused: model.hidden: found 0, allowed: an integer from 1 to 65536"
      ])
    scheduler.send(SIGTERM)
    #expect(scheduler.wait() == .exited(0))
  }
}

extension String {
  fileprivate func trimming() -> String {
    String(drop(while: \.isWhitespace).prefix { !$0.isWhitespace })
  }
}
