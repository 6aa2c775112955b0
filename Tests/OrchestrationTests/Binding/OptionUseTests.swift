import Orchestration
import Search
import Testing
import Training

/// Settings that a sweep states and that no trial of it can use.
@Suite struct OptionUseTests {
  private func check(_ model: String, _ training: String, _ more: String) throws {
    let spec = try SweepSpec.parse(
      "dataset: d\nmodel: {hidden: 4, \(model)}\ntraining: {epochs: 2, \(training)}\n\(more)\ntrials: 9\n",
      file: "a.yaml", schema: .sweep)
    _ = try CheckedSweep(
      spec, on: Generator.temporalOrder.dataset(count: 100, length: 20, seed: 1))
  }

  @Test(arguments: ["4", "{choice: [4, 8]}"])
  func `an embedding of numbers is refused`(embedding: String) throws {
    let spec = try SweepSpec.parse(
      "dataset: d\nmodel: {embedding: \(embedding)}\ntrials: 1\n", file: "a.yaml", schema: .sweep)
    let error = #expect(throws: SpecError.self) {
      try CheckedSweep(spec, on: Generator.adding.dataset(count: 100, length: 20, seed: 1))
    }
    #expect("\(String(describing: error))".contains("the data are numbers"))
  }

  static let senseless: [(String, String, String, String)] = [
    (
      "cell: gru, peepholes: true", "", "",
      "a.yaml:2:42: model.peepholes: found true, allowed: only where model.cell can be lstm; here it is gru"
    ),
    ("cell: rnn, chrono: 10", "", "", "model.chrono: found 10"),
    ("cell: rnn, forget_bias: 3", "", "", "model.forget_bias: found 3"),
    (
      "cell: lstm, chrono: 10, forget_bias: 3", "", "",
      "model.forget_bias: found 3, allowed: only where model.chrono can be null; here it is 10"
    ),
    (
      "chrono: {int: [5, 9]}, forget_bias: 3", "", "",
      "model.forget_bias: found 3, allowed: only where model.chrono can be null; here it is int 5…9"
    ),
    ("cell: lstm, reset: before", "", "", "model.reset: found before"),
    ("cell: {choice: [lstm, gru]}, nonlinearity: relu", "", "", "here it is {lstm, gru}"),
    ("cell: irnn, initializer: orthogonal", "", "", "model.initializer: found orthogonal"),
    ("cell: irnn, nonlinearity: relu", "", "", "model.nonlinearity: found relu"),
    ("variational: true", "", "", "only where model.dropout can be above 0"),
    ("residual: true", "", "", "only where model.layers can be above 1"),
    ("", "optimizer: adam, momentum: 0.9", "", "training.momentum: found 0.9"),
    ("", "optimizer: adam, nesterov: true", "", "training.nesterov: found true"),
    ("", "optimizer: sgd, nesterov: true", "", "only where training.momentum can be above 0"),
    ("", "optimizer: sgd, beta1: 0.5", "", "training.beta1: found 0.5"),
    ("", "schedule: {kind: one_cycle, warm_up: 2}", "", "training.schedule.warm_up: found 2"),
    ("", "schedule: {kind: constant, factor: 0.5}", "", "training.schedule.factor: found 0.5"),
    ("", "schedule: {kind: cosine, every: 3}", "", "training.schedule.every: found 3"),
    ("", "quantile: 0.9", "", "training.quantile: found 0.9"),
    (
      "", "", "probe: {lags: 8}",
      "a.yaml:4:15: probe.lags: found 8, allowed: only where probe.every"
    ),
    (
      "", "", "probe: {every: epoch, vanishing: 10, exploding: 1}",
      "probe.vanishing: found 10, allowed: less than 1, that of probe.exploding"
    ),
    (
      "", "schedule: {kind: cosine, warm_up: 7}", "",
      "training.schedule.warm_up: found 7, allowed: at most 6, the steps of the whole training"
    ),
    ("forget_bias: 1e300", "", "", "model.forget_bias: found 1e"),
  ]

  @Test(arguments: senseless)
  func `a setting that no trial can use is refused at its place`(
    model: String, training: String, more: String, message: String
  ) {
    #expect {
      try check(model, training, more)
    } throws: {
      "\($0)".contains(message)
    }
  }

  @Test(arguments: [
    ("cell: {choice: [rnn, lstm]}, forget_bias: 3, nonlinearity: relu", "", ""),
    ("cell: rnn, nonlinearity: relu, initializer: identity", "", ""),
    ("cell: {choice: [rnn, gru]}, chrono: {choice: [null, 10]}", "", ""),
    ("chrono: {choice: [null, 10]}, forget_bias: 0", "", ""),
    // What says the default is as if it were not there.
    ("chrono: 10, forget_bias: 1", "", ""),
    (
      "cell: {choice: [lstm, gru]}, chrono: {int: [5, 9], when: {cell: gru}}, forget_bias: 3", "",
      ""
    ),
    (
      "layers: {int: [1, 2]}, residual: true, dropout: {uniform: [0, 0.5]}, variational: true", "",
      ""
    ),
    (
      "",
      "optimizer: {choice: [adam, sgd]}, momentum: {uniform: [0, 0.9], when: {optimizer: sgd}}, "
        + "nesterov: true", ""
    ),
    ("", "schedule: {kind: {choice: [constant, step]}, every: 2, factor: 0.5}", ""),
    // Ten steps are too many for one of the sizes alone.
    ("", "batch: {choice: [8, 80]}, schedule: {kind: constant, warm_up: 10}", ""),
    ("", "schedule: {kind: constant, warm_up: 6}", "probe: {every: epoch, vanishing: 0.1}"),
  ])
  func `a setting that some trials can use is fine`(
    model: String, training: String, more: String
  ) throws {
    try check(model, training, more)
  }

  @Test func `a share of a part that the dataset gives is refused`() throws {
    func check(_ split: String, _ splits: (Int) -> Split) throws {
      let dataset = Dataset(
        name: "d", inputs: .texts((0..<40).map { "text \($0)" }),
        labels: (0..<40).map { $0 % 2 == 0 ? "x" : "y" }, splits: (0..<40).map(splits))
      _ = try CheckedSweep(
        SweepSpec.parse(
          "dataset: {name: d, split: {\(split)}}\nmodel: {hidden: 4}\ntrials: 1\n",
          file: "a.yaml", schema: .sweep),
        on: dataset)
    }
    let two: (Int) -> Split = { $0 < 30 ? .train : .test }
    let three: (Int) -> Split = { $0 < 20 ? .train : $0 < 30 ? .validation : .test }
    // Where only a test is given, the validation part is drawn; what nobody wrote is never refused.
    try check("validation: 0.2", two)
    try check("test: 0.1", two)
    try check("test: 0.1, validation: 0.1", three)
    try check("source: fractions, test: 0.3, validation: 0.2", three)
    try check("test: 0") { $0 < 30 ? .train : .validation }
    for (split, splits, part) in [
      ("test: 0.2", two, "test"), ("test: 0.2", three, "test"),
      ("validation: 0.2", three, "validation"),
    ] {
      #expect {
        try check(split, splits)
      } throws: {
        "\($0)".contains(
          "dataset.split.\(part): found a share, where the dataset says what is the \(part), "
            + "allowed: nothing, or split.source: fractions")
      }
    }
  }

  @Test func `an end to keep is refused where nothing is cut off`() throws {
    let text = Dataset(
      name: "t", inputs: .texts([String(repeating: "to be or not to be ", count: 40)]),
      targets: .none)
    func check(_ keep: String) throws {
      _ = try CheckedSweep(
        SweepSpec.parse(
          "dataset: {name: t, max_length: 16, keep: \(keep)}\ntrials: 1\n", file: "a.yaml",
          schema: .sweep),
        on: text)
    }
    // The last steps are what a prediction sees of a text.
    try check("end")
    #expect {
      try check("start")
    } throws: {
      "\($0)".contains("a.yaml:1:42: dataset.keep: found start, for the task language, allowed: ")
    }
  }

  @Test func `truncation that cuts nothing is refused`() throws {
    let dataset = try Generator.copy.dataset(count: 60, length: 7, seed: 2)
    func check(_ training: String) throws {
      _ = try CheckedSweep(
        SweepSpec.parse(
          "dataset: d\nmodel: {hidden: 4}\ntraining: {\(training)}\ntrials: 9\n", file: "a.yaml",
          schema: .sweep),
        on: dataset)
    }
    try check("truncate: 5")
    try check("truncate: {choice: [5, 5000]}")
    #expect {
      try check("truncate: 5000")
    } throws: {
      "\($0)".contains("a.yaml:3:22: training.truncate: found 5000, allowed: less than ")
    }
  }
}
