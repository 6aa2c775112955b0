import Search
import Testing

@Suite struct SpecReadingTests {
  static let yaml = """
    name: cells
    dataset: {name: sms-spam, min_count: 2, split: {test: 0.25}}
    model:
      cell: {choice: [lstm, gru]}
      hidden: {step: [16, 64, 16]}
      dropout: 0.5
    training:
      rate: {log_uniform: [1e-4, 1e-2]}
      clip_norm: {choice: [~, 1, 5]}
      schedule: cosine
      notes: {why: "a \\"test\\"", "on": [1, 2.0, yes]}
    search: random
    objective: accuracy
    trials: 20
    seed: 7
    limits: {max_parallel: 4}
    """
  static let json = """
    {"trials": 20, "seed": 7, "limits": {"max_parallel": 4}, "objective": {"metric": "accuracy"},
     "search": {"sampler": "random"},
     "training": {"notes": {"on": [1, 2.0, true], "why": "a \\"test\\""},
       "schedule": {"kind": "cosine"}, "clip_norm": {"choice": [null, 1.0, 5.0]},
       "rate": {"log_uniform": [0.0001, 0.01]}},
     "model": {"dropout": 0.5, "hidden": {"step": [16, 64, 16]}, "cell": {"choice": ["lstm", "gru"]}},
     "dataset": {"split": {"test": 0.25}, "min_count": 2, "name": "sms-spam"}, "name": "cells"}
    """

  @Test func `YAML and JSON say the same in any order of keys`() throws {
    let first = try Example.parse(Self.yaml)
    let second = try Example.parse(Self.json)
    #expect(first == second)
    #expect(first.space == second.space)
    #expect(first.fixed == second.fixed)
  }

  @Test func `all that was said is there, with defaults`() throws {
    let spec = try Example.parse(Self.yaml)
    #expect(spec.name == "cells")
    #expect(spec.fixed["dataset.name"] == "sms-spam")
    #expect(spec.fixed["dataset.split.test"] == 0.25)
    #expect(spec.fixed["dataset.split.validation"] == 0.1)
    #expect(spec.fixed["model.dropout"] == 0.5)
    #expect(spec.fixed["training.schedule.kind"] == "cosine")
    #expect(spec.fixed["training.clip_value"] == nil)
    #expect(spec.fixed["trials"] == nil)
    #expect(spec.fixed["training.notes"] == ["why": "a \"test\"", "on": [1, 2.0, true]])
    #expect(
      spec.space
        == Space([
          Parameter("model.cell", .choice(["lstm", "gru"])),
          Parameter("model.hidden", .integers(low: 16, high: 64, step: 16)),
          Parameter("training.clip_norm", .choice([.null, 1.0, 5.0])),
          Parameter("training.rate", .logUniform(low: 1e-4, high: 1e-2)),
        ]))
    #expect(spec.sampler == .random)
    #expect(spec.objective.metric == "accuracy")
    #expect(spec.objective.goal == .maximize)
    #expect(spec.objective.split == "validation")
    #expect(spec.trials == 20)
    #expect(spec.seed == 7)
    #expect(spec.priority == 100)
    #expect(spec.queue == "default")
    #expect(spec.limits.maxParallel == 4)
    #expect(spec.limits.maxFailures == 3)
    #expect(spec.idempotencyKey == nil)
  }

  @Test func `the canonical text means the same, in whatever order its keys come back`() throws {
    let spec = try Example.parse(Self.yaml)
    let again = try Example.parse(spec.json)
    #expect(again == spec)
    #expect(again.space == spec.space)
    #expect(again.fixed == spec.fixed)
    #expect(try Example.parse(Self.reversed(try Value(json: spec.json))) == spec)
    #expect(again.isChosen("model.dropout"))
    #expect(!again.isChosen("model.layers"))
  }

  /// JSON text with the keys of each object in descending order.
  private static func reversed(_ value: Value) -> String {
    switch value {
    case .map(let values):
      let entries = values.sorted { $0.key > $1.key }
      return "{ "
        + entries.map { "\(Value.string($0.key).json) : \(reversed($0.value))" }
        .joined(separator: ", ") + "}"
    case .list(let values): return "[" + values.map(reversed).joined(separator: ", ") + "]"
    default: return value.json
    }
  }

  @Test(arguments: [
    ("1e-4", 1e-4), ("1E-4", 1e-4), ("1.0e-4", 1e-4), (".5", 0.5), ("5.", 5), ("+2", 2),
    ("1_000", 1000), ("0x10", 16), ("0o17", 15), ("0b101", 5), ("1e3", 1000),
  ]) func `numbers are read as people write them`(text: String, number: Double) throws {
    let spec = try Example.parse("dataset: a\ntraining: {weight_decay: \(text)}")
    #expect(spec.fixed["training.weight_decay"] == .number(number))
  }

  @Test(arguments: [
    "017", "1:30", "1__0", "_1", "0x", "1e", "e5", "--1", "1-2", ".inf", "nan", "1e999", ".",
    "0x1p3",
    "١", "1,5",
  ]) func `what only looks like a number is none`(text: String) {
    #expect(Example.errors("dataset: a\ntraining:\n  weight_decay: \(text)\n").count == 1)
  }

  @Test(arguments: [("yes", true), ("on", true), ("True", true), ("no", false), ("OFF", false)])
  func `true and false have the words of YAML`(word: String, value: Bool) throws {
    let spec = try Example.parse("dataset: {name: a, deduplicate: \(word)}")
    #expect(spec.fixed["dataset.deduplicate"] == .boolean(value))
  }

  @Test func `whole numbers may have an exponent where integers are asked for`() throws {
    let spec = try Example.parse("dataset: a\nmodel: {hidden: 1e3}")
    #expect(spec.fixed["model.hidden"] == 1000)
  }

  @Test func `aliases and merge keys are written out`() throws {
    let spec = try Example.parse(
      """
      dataset: airline
      model: &base {cell: gru, hidden: &size 8}
      training:
        batch: *size
        notes: {<<: *base, hidden: 9}
      """)
    #expect(spec.fixed["training.batch"] == 8)
    #expect(spec.fixed["training.notes"] == ["cell": "gru", "hidden": 9])
  }

  @Test func `null takes the value away where there need be none`() throws {
    let spec = try Example.parse("dataset: a\ntraining: {clip_norm: null}\nmodel:\n")
    #expect(spec.fixed["training.clip_norm"] == nil)
    #expect(spec.fixed["model.cell"] == "lstm")
  }

  @Test func `a section with a shorthand can be searched through it`() throws {
    let spec = try Example.parse(
      """
      dataset: a
      model: {choice: [rnn, gru]}
      training: {schedule: {choice: [constant, cosine]}}
      search: grid
      """)
    #expect(spec.space.parameters.map(\.path) == ["model.cell", "training.schedule.kind"])
    #expect(spec.trials == 4)
  }

  @Test func `other names of a key mean the same`() throws {
    let spec = try Example.parse("dataset: a\nmodel: {units: 3}\ntraining: {lr: 0.5}")
    #expect(spec == (try Example.parse("dataset: a\nmodel: {hidden: 3}\ntraining: {rate: 0.5}")))
  }

  @Test func `ranges of whole numbers over a number count in ones`() throws {
    let spec = try Example.parse("dataset: a\nsearch: grid\nmodel: {forget_bias: {int: [0, 3]}}")
    #expect(spec.space["model.forget_bias"]?.distribution == .steps(low: 0, high: 3, step: 1))
    #expect(try Example.parse(spec.json) == spec)
  }

  @Test func `a goal can be turned round`() throws {
    let spec = try Example.parse("dataset: a\nobjective: {metric: loss, goal: maximize}")
    #expect(spec.objective.goal == .maximize)
    #expect(try Example.parse("dataset: a").objective.goal == .minimize)
  }

  @Test func `nothing to search is one trial, or as many as asked for`() throws {
    #expect(try Example.parse("dataset: a").trials == 1)
    #expect(try Example.parse("dataset: a\nsearch: grid").trials == 1)
    #expect(try Example.parse("dataset: a\ntrials: 5").trials == 5)
  }

  @Test func `a trial's settings are those of the sweep and its own`() throws {
    let spec = try Example.parse(Self.yaml)
    let settings = spec.settings(
      Assignment(["model.cell": "gru", "training.clip_norm": .null, "training.rate": 0.002]))
    #expect(settings["model.cell"] == "gru")
    #expect(settings["training.clip_norm"] == nil)
    #expect(settings["training.rate"] == 0.002)
    #expect(settings["model.dropout"] == 0.5)
  }

  @Test func `texts of JSON that YAML would not take come through`() throws {
    let text =
      #"{"dataset": "a", "training": {"notes": {"a": "\ud83d\ude00 \\ud83d \u0085 "#
      + "\u{85}\u{2028}\u{FEFF}" + #"", "b": "x\/y"}}}"#
    let spec = try Example.parse(text)
    let notes: Value = [
      "a": .string("😀 \\ud83d \u{85} \u{85}\u{2028}\u{FEFF}"), "b": "x/y",
    ]
    #expect(spec.fixed["training.notes"] == notes)
    #expect(try Example.parse(spec.json) == spec)
  }
}
