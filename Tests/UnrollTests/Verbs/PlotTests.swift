import FoundationEssentials
import Glibc
import Orchestration
import TestSupport
import Testing

/// `unroll plot` on a sweep that was trained.
@Suite(.scratchDatabaseForEach) struct PlotTests {
  private static let kinds = [
    "curves", "parallel", "slice", "contour", "importance", "rank", "timeline", "pareto",
    "forecast", "confusion", "gradients",
  ]

  private func program() throws -> Program {
    let program = try Program()
    try program.good("migrate")
    let rows = (0..<120).map { "\($0 % 3 == 0 ? "spam\twin a prize" : "ham\tsee you at") \($0)\n" }
    try program.importMessages(rows)
    try program.write(
      "sweep.yaml",
      """
      name: drawn & <quartered>
      dataset: messages
      model: {cell: {choice: [rnn, lstm]}, hidden: {int: [4, 9]}, embedding: 4}
      training:
        optimizer: {choice: [adam, sgd]}
        momentum: {uniform: [0, 0.9], when: {optimizer: sgd}}
        rate: {log_uniform: [1e-3, 1e-1]}
        epochs: 3
        batch: 16
      probe: epoch
      search: random
      trials: 8
      """)
    return program
  }

  @Test func `each kind is drawn of what was trained`() throws {
    let program = try program()
    let up = try program.start("up", "--slots", "2")
    try program.good("enqueue", "sweep.yaml", "--watch")
    let said: [String: [String]] = [
      "curves": ["validation accuracy", "naive-bayes", "epoch"],
      "parallel": ["rate", "hidden", "momentum", "lstm", "more is better"],
      "slice": ["trials had no momentum", "(logarithmic)"],
      "contour": ["smoothed over the trials"], "rank": ["Ranked by validation accuracy"],
      "importance": ["training.rate", "PED-ANOVA"],
      "timeline": ["succeeded 8", "8 attempts in "],
      "pareto": [
        "validation accuracy against training, seconds", "training, seconds (less is better)",
        "validation accuracy (more is better)",
      ],
      "confusion": ["actual", "predicted", "accuracy"],
      "gradients": ["What reaches back through time", "The gradient of the loss"],
    ]
    for kind in Self.kinds where kind != "forecast" {
      let printed = try program.good("plot", kind, "latest", "-o", "\(kind).svg")
      #expect(printed == "written to \(kind).svg\n")
      let drawn = program.read("\(kind).svg")
      #expect(drawn.hasPrefix("<svg ") && drawn.hasSuffix("</svg>\n"), "\(kind)")
      #expect(drawn.contains("prefers-color-scheme"))
      for text in said[kind, default: []] { #expect(drawn.contains(text), "\(kind): \(text)") }
      if kind != "gradients" { #expect(drawn.contains("drawn &amp; &lt;quartered&gt;"), "\(kind)") }
    }

    let dark = try program.good(
      "plot", "slice", "1", "--theme", "dark", "--params", "rate", "-o", "-")
    #expect(dark.contains("#16181b") && !dark.contains("#ffffff;"))
    #expect(!dark.contains("prefers-color-scheme") && !dark.contains("hidden"))
    try program.good("plot", "rank", "1", "--params", "rate,model.hidden", "-o", "rank.svg")
    try program.good("plot", "curves", "--trial", "2", "--trial", "3", "-o", "two.svg")
    #expect(program.read("two.svg").contains("Trials 2, 3"))
    try program.good("plot", "pareto", "1", "--metrics", "accuracy,loss,f1", "-o", "front.svg")
    try program.good("plot", "curves", "1", "--metrics", "accuracy, loss", "-o", "both.svg")
    for title in [">validation accuracy<", ">validation loss<"] {
      #expect(program.read("both.svg").contains(title))
    }

    try program.good("plot", "confusion", "3", "-o", "three.png")
    let png = FileManager.default.contents(atPath: "\(program.folder)/three.png") ?? Data()
    #expect(png.starts(with: [0x89, 0x50, 0x4E, 0x47]) && png.count > 5000)

    for (kind, texts) in [
      ("curves", ["8 trials, in the order of validation accuracy", "●", "epoch 3", "naive-bayes"]),
      ("importance", ["training.rate", "█"]),
      ("timeline", ["│█", "█ succeeded 8"]), ("confusion", ["ham", "recall"]),
    ] {
      let shown = try program.good("plot", kind, "latest")
      for text in texts { #expect(shown.contains(text), "\(kind): \(text)") }
      #expect(shown.split(separator: "\n").allSatisfy { $0.count <= 100 }, "\(kind)")
    }
    #expect(try program.good("plot", "curves", "--trial", "1").contains("● train"))
    let one = try program.good("plot", "curves", "--trial", "1", "--split", "validation")
    #expect(one.contains("● validation") && !one.contains("train  "))

    // What another rule stops is named as the leaderboard names it.
    let replayed = try program.good("replay", "1", "--stop", "halving").split(separator: "\n")
    let head = try #require(replayed.firstIndex { $0.hasPrefix("trial  number  stopped at") })
    #expect(head + 1 < replayed.endIndex)
    for line in replayed[(head + 1)...] {
      let cells = line.split(separator: " ").prefix(2).compactMap { Int($0) }
      #expect(cells.count == 2 && cells[0] == cells[1] + 1, "\(line)")
    }
    #expect(try program.good("replay", "1", "--stop", "halving", "--json").contains("_trial_id"))

    for (arguments, line) in [
      (["slice", "1", "--params", "rat", "-o", "a.svg"], "no setting rat; there are:"),
      (
        ["rank", "1", "--params", "rate", "-o", "a.svg"],
        "needs two settings, found only rate; those that vary in sweep 1 are cell, hidden, momentum, "
      ),
      (["curves", "1", "--metrics", "rmse"], "no curves of validation rmse; there are: "),
      (["confusion", "1", "--split", "nights"], "no confusion matrix of nights; there are: "),
      (["pareto", "1", "--metrics", "accuracy", "-o", "a.svg"], "two or more"),
      (["slice", "1", "-o", "nowhere/a.svg"], "-o: nowhere/a.svg: No such file or directory"),
    ] {
      try expectRefusal(program, arguments, line)
    }

    // Without the program that makes PNG, it is said what to install.
    try FileManager.default.createDirectory(
      atPath: "\(program.folder)/bin", withIntermediateDirectories: false)
    try FileManager.default.createSymbolicLink(
      atPath: "\(program.folder)/bin/sh", withDestinationPath: "/bin/sh")
    let poor = try program.start(
      ["plot", "slice", "1", "-o", "poor.png"], environment: ["PATH": "\(program.folder)/bin"])
    #expect(poor.wait() == .exited(2))
    #expect(program.log.contains("apt-get install librsvg2-bin"))
    #expect(program.read("poor.png") == "")
    up.send(SIGTERM)
    #expect(up.wait() == .exited(0))
  }

  @Test func `forecasts stand against the truth`() throws {
    let program = try Program()
    try program.good("migrate")
    try program.good("dataset", "generate", "adding", "--length", "8", "--count", "60")
    let up = try program.start("up", "--slots", "2")
    try program.write(
      "sweep.yaml",
      "dataset: adding-8\nmodel: {hidden: 4}\ntraining: {epochs: 1}\ntrials: 1\npredictions: 1\n")
    try program.good("enqueue", "sweep.yaml", "--watch")
    try program.good("plot", "forecast", "1", "-o", "forecast.svg")
    let drawn = program.read("forecast.svg")
    // Each example is one by itself.
    for text in [
      ">truth<", ">prediction<", ">example<", "Mean absolute error over",
      "predictions of the test split",
    ] {
      #expect(drawn.contains(text), "\(text)")
    }
    #expect(!drawn.contains(">forecast<"))
    try expectRefusal(
      program, ["forecast", "1", "--step", "9", "-o", "a.svg"], "forecast 9 steps ahead")
    try expectRefusal(program, ["forecast", "1", "--step", "0", "-o", "a.svg"], "at least 1")
    up.send(SIGTERM)
    #expect(up.wait() == .exited(0))
  }

  @Test func `a series is drawn without gaps, beside what plain methods expect`() throws {
    let program = try Program()
    try program.good("migrate")
    try program.write(
      "series.csv",
      "passengers\n" + (0..<120).map { "\(50 + 3 * ($0 % 7) + $0 % 2)\n" }.joined())
    try program.good(
      "dataset", "import", "series.csv", "--name", "series", "--format", "csv", "--values",
      "passengers")
    let up = try program.start("up", "--slots", "2")
    try program.write(
      "sweep.yaml",
      """
      dataset: {name: series, window: 7, horizon: 4, season: 7, split: {test: 30, validation: 20}}
      model: {hidden: 4}
      training: {epochs: 1, quantiles: [0.1, 0.5, 0.9]}
      objective: {metric: mape, goal: minimize}
      trials: 1
      predictions: 1
      """)
    let watched = try program.good("enqueue", "sweep.yaml", "--watch")
    #expect(watched.contains("validation mape (%)") && watched.contains("test mape (%)"))
    #expect(try program.good("trial", "1").contains("smape (%)"))
    try program.good("plot", "forecast", "1", "-o", "forecast.svg")
    let drawn = program.read("forecast.svg")
    for text in [
      ">passengers<", ">1 step ahead<", ">seasonal naive<", ">between the outer quantiles<",
    ] {
      #expect(drawn.contains(text), "\(text)")
    }
    try program.good("plot", "forecast", "1", "--series", "1", "-o", "first.svg")
    #expect(program.read("first.svg") == drawn)
    try expectRefusal(
      program, ["forecast", "1", "--series", "2", "-o", "a.svg"], "--series: found 2, allowed: 1")
    // All 50 steps of validation and test in one line, though forecasts of one step end three earlier.
    let ways = drawn.split(separator: "\n").filter { $0.contains("class=\"mark\"") }
    #expect(ways.contains { way in way.count { $0 == "L" } == 49 && way.count { $0 == "M" } == 1 })
    up.send(SIGTERM)
    #expect(up.wait() == .exited(0))
  }

  @Test func `series have the names of their file, in pictures, tables and SQL`() throws {
    let program = try Program()
    try program.good("migrate")
    let rows = (0..<40).flatMap { day in
      ["north", "42"].map { store in
        "\(store),2024-0\(1 + day / 20)-\(10 + day % 20),\(store == "42" ? 30 + day % 5 : 9 - day % 3)\n"
      }
    }
    try program.write("sales.csv", "store,day,sold\n" + rows.joined())
    try program.good(
      "dataset", "import", "sales.csv", "--name", "sales", "--format", "csv", "--values", "sold",
      "--time", "day", "--series", "store")
    #expect(try program.good("dataset", "show", "sales").contains("series     north, 42\n"))
    let up = try program.start("up", "--slots", "1")
    try program.write(
      "sweep.yaml",
      """
      dataset: {name: sales, window: 5, horizon: 1, split: {test: 8, validation: 8}}
      model: {hidden: 4}
      training: {epochs: 1}
      trials: 1
      predictions: 1
      """)
    try program.good("enqueue", "sweep.yaml", "--watch")
    #expect(
      try program.good(
        "sql", "--values",
        """
        select series, example, count(*), min(time)::date from unroll.predictions where split = 'test'
        group by 1, 2 order by 2
        """) == "north\t1\t8\t2024-02-22\n42\t2\t8\t2024-02-22\n")
    let mistakes = try program.good("mistakes", "1", "-n", "16").split(separator: "\n")
    #expect(
      mistakes[0].split(separator: " ") == [
        "example", "series", "position", "time", "truth", "prediction", "residual",
      ])
    #expect(mistakes.contains { $0.contains("north") && $0.contains(" 2024-02-22 ") })
    let told = try program.good("mistakes", "1", "-n", "1", "--json")
    #expect(told.contains(#""time": "2024-02-"#))
    // A name goes before a number; who knows no name has the number.
    for series in ["42", "2"] {
      try program.good("plot", "forecast", "1", "--series", series, "-o", "a.svg")
      #expect(program.read("a.svg").contains("series &#39;42&#39;, one of 2"), "\(series)")
    }
    try expectRefusal(
      program, ["forecast", "1", "--series", "south", "-o", "a.svg"],
      "--series: found south, allowed: north, 42")
    up.send(SIGTERM)
    #expect(up.wait() == .exited(0))
  }

  @Test func `trials under way and cancelled ones have names and what they reached`() throws {
    let program = try program()
    try program.write(
      "long.yaml",
      """
      name: long
      dataset: messages
      model: {cell: gru, hidden: {choice: [4, 5]}, embedding: 4}
      training: {epochs: 100000, batch: 16}
      search: grid
      """)
    let up = try program.start("up", "--slots", "1")
    try program.good("enqueue", "long.yaml")
    func count(_ rows: String) throws -> Int? {
      let told = try program.good("sql", "--values", "select count(*) from unroll.\(rows)")
      return Int(told.prefix { $0 != "\n" })
    }
    try program.wait("no curve of the first trial") {
      try count("curves where metric = 'accuracy' and split = 'validation'") ?? 0 > 2
    }
    for state in ["running", "cancelled"] {
      let shown = try program.good("plot", "curves", "long")
      #expect(shown.contains("1 trial: its number, what validation accuracy it reached, settings."))
      #expect(shown.contains("● 1: ") && shown.contains(", \(state), hidden 4"), "\(shown)")
      #expect(shown.contains("naive-bayes ") && !shown.contains("no finite values"), "\(shown)")
      try program.good("plot", "curves", "long", "-o", "curves.svg")
      #expect(!program.read("curves.svg").contains("other trials"))
      guard state == "running" else { continue }
      try program.good("cancel", "long")
      try program.wait("the trials are not cancelled") {
        try count("trials where state = 'cancelled'") == 2
      }
    }
    up.send(SIGTERM)
    #expect(up.wait() == .exited(0))
  }

  @Test func `one trial is nothing to compare, and has no order`() throws {
    let program = try program()
    try program.write(
      "one.yaml",
      """
      name: one
      dataset: messages
      model: {embedding: 4, hidden: 4}
      training: {rate: {log_uniform: [1e-3, 1e-1]}, epochs: 2}
      search: random
      trials: 1
      """)
    let up = try program.start("up", "--slots", "1")
    try program.good("enqueue", "one.yaml", "--watch")
    for (kind, needed) in [
      ("slice", "a setting that varies"), ("parallel", "a setting that varies"),
      ("contour", "two settings that vary"), ("rank", "two settings that vary"),
    ] {
      try expectRefusal(
        program, [kind, "one", "-o", "a.svg"],
        "needs \(needed), and one trial with a result, as sweep 1 (one, finished) has, is not enough"
      )
    }
    let nothing = "of one trial that succeeded nothing can be compared; it takes two at least"
    try expectRefusal(program, ["importance", "one"], nothing)
    for method in ["ped-anova", "fanova"] {
      let told = try program.good("importance", "one", "--method", method)
      #expect(told.contains(nothing) && told.count { $0 == "\n" } == 1, "\(told)")
    }
    let curves = try program.good("plot", "curves", "one")
    #expect(curves.contains("1 trial: its number") && !curves.contains("in the order of"))
    up.send(SIGTERM)
    #expect(up.wait() == .exited(0))
  }

  @Test func `where only some trials count, it is said how many`() throws {
    let program = try program()
    let up = try program.start("up", "--slots", "2")
    try program.write(
      "stopped.yaml", program.read("sweep.yaml") + "\nstop: {rule: halving, eta: 3}\n")
    try program.good("enqueue", "stopped.yaml", "--watch")
    for kind in ["pareto", "importance"] {
      try program.good("plot", kind, "latest", "-o", "few.svg")
      #expect(program.read("few.svg").contains("trials that succeeded (of 8)"), "\(kind)")
      #expect(try program.good(kind, "latest").contains("trials that succeeded (of 8)"), "\(kind)")
    }
    up.send(SIGTERM)
    #expect(up.wait() == .exited(0))
  }

  @Test func `what cannot be drawn is told in a line`() throws {
    let program = try program()
    try program.good("enqueue", "sweep.yaml")
    for kind in Self.kinds {
      try expectRefusal(program, [kind, "latest", "-o", "a.svg"], "sweep 1")
    }
    for (arguments, line) in [
      (
        ["curve", "1", "-o", "a.svg"],
        "confusion, gradients; did you mean \"curves\"?"
      ),
      (["colour", "1"], "there are: curves, parallel,"),
      (["slice", "1"], "slice needs a file: -o FILE.svg or -o FILE.png"),
      (["curves", "1", "-o", "a.pdf"], "-o: a.pdf: the name must end in .svg or .png"),
      (["curves", "1", "--theme", "pink"], "--theme: found pink, allowed: light or dark"),
      (["curves", "7"], "no sweep 7"), (["curves"], "say which sweep"),
      (["curves", "1", "--trial", "1"], "not both"), (["confusion", "9"], "no trial 9"),
      (["timeline", "--trial", "1"], "timeline takes a sweep"),
      (["slice", "1", "--step", "2"], "--step: found beside slice, allowed: with forecast"),
      (
        ["importance", "1", "--metrics", "loss"],
        "--metrics: found beside importance, allowed: with curves, pareto"
      ),
    ] {
      try expectRefusal(program, arguments, line)
    }
    #expect(program.read("a.svg") == "")
  }

  private func expectRefusal(_ program: Program, _ arguments: [String], _ line: String) throws {
    let run = try program.run(["plot"] + arguments)
    #expect(run.code == 2, "\(arguments)")
    #expect(run.output == "" && run.lines.count == 1, "\(arguments): \(run.errors)")
    #expect(run.errors.contains(line), "\(arguments): \(run.errors)")
  }
}
