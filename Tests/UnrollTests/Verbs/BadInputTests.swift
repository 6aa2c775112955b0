import Postgres
import Store
import TestSupport
import Testing

/// What a user does wrong: one clear line, exit code 2, and nothing half done.
@Suite(.scratchDatabaseForEach) struct BadInputTests {
  /// A good sweep file, to be spoilt.
  static let sweep = """
    dataset: {name: mine, split: {test: 0.2, validation: 0.2}}
    model:
      cell: lstm
      hidden: 4
    training: {epochs: 1, rate: 0.01}
    trials: 2
    """

  /// Six hams and six spams, none the same.
  static let messages = (1...6).map { "ham\tsee you at \($0)\nspam\twin prize \($0)\n" }.joined()

  private func program() throws -> Program {
    let program = try Program()
    try program.good("migrate")
    try program.write("mine.tsv", Self.messages)
    try program.good(
      "dataset", "import", "mine.tsv", "--name", "mine", "--format", "tsv", "--label", "1",
      "--text", "2")
    return program
  }

  private func count(_ table: String) throws -> Int {
    try Connection(Scratch.database).query(Query("select count(*) from unroll.\(table)")).one()[0]
  }

  static let specs: [(String, String, String)] = [
    ("hidden: 4", "hidden: [4", "sweep.yaml:5:9: not YAML: did not find expected ',' or ']'"),
    (
      "hidden: 4", "hidden: four",
      "sweep.yaml:4:11: model.hidden: found four, allowed: an integer from 1 to 65536"
    ),
    (
      "hidden: 4", "hiden: 4",
      "sweep.yaml:4:3: model.hiden: unknown key; did you mean \"hidden\"?"
    ),
    (
      "hidden: 4", "hidden: 0",
      "sweep.yaml:4:11: model.hidden: found 0, allowed: an integer from 1 to 65536"
    ),
    (
      "rate: 0.01", "rate: -0.01",
      "sweep.yaml:5:29: training.rate: found -0.01, allowed: a number above 0"
    ),
    (
      "name: mine", "name: yours",
      "sweep.yaml:1:17: dataset.name: no dataset \"yours\"; there are: mine"
    ),
    (
      "name: mine", "name: sms-spam",
      "sweep.yaml:1:17: dataset.name: no dataset \"sms-spam\"; there are: mine; get it with: "
        + "unroll dataset fetch sms-spam"
    ),
    (
      "trials: 2", "objective: {metric: rmse}\ntrials: 2",
      "sweep.yaml:6:21: objective.metric: found "
    ),
  ]

  @Test(arguments: specs)
  func `a sweep file that is wrong is told at its place`(
    good: String, bad: String, line: String
  ) throws {
    let program = try program()
    try program.write("sweep.yaml", Self.sweep.replacing(good, with: bad))
    let run = try program.run("enqueue", "sweep.yaml")
    #expect(run.code == 2)
    #expect(run.output == "")
    #expect(run.lines.count == 1)
    #expect(try #require(run.lines.first).hasPrefix(line))
    #expect(try count("sweeps") == 0)
  }

  @Test func `the file that was spoilt is good`() throws {
    let program = try program()
    try program.write("sweep.yaml", Self.sweep)
    #expect(
      try program.good("enqueue", "sweep.yaml").hasPrefix("sweep 1 enqueued: 2 trials on mine"))
    #expect(try count("sweeps") == 1)
  }

  @Test func `a label that only the test split has is refused`() throws {
    let program = try program()
    try program.write(
      "split.tsv",
      "text\tlabel\tpart\na b\tham\ttrain\nc d\tspam\ttrain\ne f\tham\tvalidation\ng h\teggs\ttest\n"
    )
    try program.good(
      "dataset", "import", "split.tsv", "--name", "split", "--format", "tsv", "--label", "label",
      "--text", "text", "--split", "part")
    try program.write(
      "sweep.yaml", "dataset: split\nmodel: {hidden: 4}\ntraining: {epochs: 1}\ntrials: 1\n")
    let run = try program.run("enqueue", "sweep.yaml")
    #expect(run.code == 2)
    #expect(run.lines.count == 1)
    #expect(run.errors.hasPrefix("sweep.yaml:1:"))
    #expect(run.errors.contains("eggs"))
    #expect(try count("sweeps") == 0)
  }

  @Test func `a sweep to learn from that is not there is refused`() throws {
    let program = try program()
    try program.write(
      "sweep.yaml",
      "dataset: split\nmodel: {hidden: 4}\ntraining: {epochs: 1}\ntrials: 1\n"
        + "search: {sampler: tpe, warm_start: nobody}\n")
    let run = try program.run("enqueue", "sweep.yaml")
    #expect(run.code == 2)
    #expect(run.lines.count == 1)
    #expect(run.errors.hasPrefix("sweep.yaml:5:36: search.warm_start: no sweep \"nobody\""))
    #expect(try count("sweeps") == 0)
  }

  static let files: [(String, [UInt8], [String], String)] = [
    ("empty.tsv", [], ["--label", "1", "--text", "2"], "empty.tsv"),
    (
      "head.tsv", Array("label\ttext\n".utf8), ["--label", "label", "--text", "text"], "head.tsv"
    ),
    (
      "columns.tsv", Array("label\ttext\nham\thi\n".utf8), ["--label", "kind", "--text", "text"],
      "columns.tsv:1:"
    ),
    ("short.tsv", Array("ham\thi\nspam\n".utf8), ["--label", "1", "--text", "2"], "short.tsv:2:"),
    (
      "latin.tsv", Array("ham\thi\nspam\tcaf".utf8) + [0xE9, 0x0A],
      ["--label", "1", "--text", "2"], "latin.tsv:2:"
    ),
    ("none.tsv", [], [], "none.tsv"),
  ]

  @Test(arguments: files)
  func `a file that is wrong is not imported`(
    name: String, bytes: [UInt8], columns: [String], place: String
  ) throws {
    let program = try program()
    if !columns.isEmpty { try program.write(name, bytes) }
    let run = try program.run(
      ["dataset", "import", name, "--name", "bad", "--format", "tsv"]
        + (columns.isEmpty ? ["--text", "1"] : columns))
    #expect(run.code == 2)
    #expect(run.output == "")
    #expect(run.lines.count == 1)
    #expect(run.errors.hasPrefix(place))
    #expect(run.errors.contains("found") && run.errors.contains("allowed"))
    #expect(try count("datasets") == 1)
  }

  @Test func `a database that cannot be reached`() throws {
    let program = try Program(database: "postgresql://nobody@127.0.0.1:1/none")
    for arguments in [["sweeps"], ["enqueue", "x.yaml"], ["worker"], ["scheduler"], ["up"]] {
      try program.write("x.yaml", Self.sweep)
      let run = try program.run(arguments)
      #expect(run.code == 2)
      #expect(run.lines.count == 1)
      #expect(run.errors.hasPrefix("unroll: "))
      #expect(run.errors.contains("127.0.0.1"))
    }
  }

  @Test func `a database of a newer version is left alone`() throws {
    let program = try program()
    try Connection(Scratch.database).execute(
      "insert into unroll_internal.migration (version, name, sha256)"
        + " values (1000, 'future', repeat('0', 64))")
    for arguments in [["sweeps"], ["migrate"], ["worker"], ["scheduler"], ["up"]] {
      let run = try program.run(arguments)
      #expect(run.code == 2)
      #expect(run.lines.count == 1)
      #expect(run.errors.contains("newer"))
    }
  }

  @Test func `a database that was not migrated says how`() throws {
    let run = try Program().run("sweeps")
    #expect(run.code == 2)
    #expect(run.errors == "unroll: the database is empty; run: unroll migrate\n")
  }

  @Test(arguments: [
    ["show", "7"], ["leaderboard", "nothing"], ["trial", "7"], ["cancel", "latest"],
    ["retry", "--trial", "7"], ["artifact", "list", "7"], ["artifact", "get", "7", "x"],
    ["predict", "--trial", "7", "hi"], ["dataset", "show", "nothing"],
    ["dataset", "remove", "nothing"], ["dataset", "fetch", "nothing"], ["sql", "selec 1"],
    ["enqueue", "nothing.yaml"], ["dataset", "generate", "adding", "--length", "0"],
  ])
  func `what is not there is said in one line`(arguments: [String]) throws {
    let program = try program()
    let run = try program.run(arguments)
    #expect(run.code == 2)
    #expect(run.output == "")
    #expect(run.lines.count == 1)
    #expect(!run.errors.contains("Error("))
  }

  @Test(arguments: [
    ["nonsense"], ["cancel"], ["worker", "--slots", "0"], ["up", "--workers", "x"],
    ["dataset", "import", "f"], ["leaderboard"], ["sql"], ["sql", "select 1", "select 2"],
    ["sql", "--jsn", "select 1"], ["sweeps", "--limit", "0"], ["leaderboard", "1", "--limit=-1"],
    ["workers", "--limit", "0"], ["vectors", "import", "f", "--name", "v", "--limit", "0"],
  ])
  func `a wrong command line is told with its usage`(arguments: [String]) throws {
    let run = try Program().run(arguments)
    #expect(run.code == 2)
    #expect(run.errors.contains("Error: "))
    #expect(run.errors.contains("--help"))
  }
}
