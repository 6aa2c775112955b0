import Search
import Testing

/// Whatever a user can get wrong is told on one line: where, which key, what was found, what is
/// allowed.
@Suite struct SpecErrorTests {
  static let cases: [(String, [String])] = [
    // Keys
    (
      "dataset: sms-spam\nmodel:\n  hiden: 32\n",
      [
        "sweep.yaml:3:3: model.hiden: unknown key; did you mean \"hidden\"? (allowed: cell,"
          + " nonlinearity, embedding, hidden, layers, dropout, readout, forget_bias)"
      ]
    ),
    (
      "dataset: sms-spam\ntraining: {schedule: {hidden: 32}}\n",
      [
        "sweep.yaml:2:23: training.schedule.hidden: unknown key; it belongs under \"model\""
          + " (allowed: kind, every, factor, warmup_steps)"
      ]
    ),
    (
      "dataset: sms-spam\nlimits: {seed: 1}\n",
      [
        "sweep.yaml:2:10: limits.seed: unknown key; it belongs at the top (allowed: max_parallel,"
          + " max_failures, max_losses, trial_time, cpu_time, wall_time, deadline)"
      ]
    ),
    (
      "dataset: sms-spam\nmodell: {cell: gru}\n",
      [
        "sweep.yaml:2:1: modell: unknown key; did you mean \"model\"? (allowed: name, description,"
          + " dataset, model, training, search, objective, objectives, constraints, try, stop,"
          + " trials, seed, priority, weight, queue, limits, retention, predictions, idempotency_key)"
      ]
    ),
    (
      "dataset: sms-spam\ntraining:\n  learnin_rate: 0.1\n",
      [
        "sweep.yaml:3:3: training.learnin_rate: unknown key; did you mean \"rate\"? (allowed:"
          + " optimizer, rate, momentum, weight_decay, batch, epochs, clip_norm, clip_value,"
          + " schedule, notes, ratios)"
      ]
    ),
    (
      "dataset: sms-spam\ntraining: {rate: 0.1,\n  lr: 0.2}\n",
      ["sweep.yaml:3:3: training.rate: line 2 says it already, under another name"]
    ),
    (
      "dataset: sms-spam\nmodel:\n  hidden: 1\n  hidden: 2\n",
      [
        "sweep.yaml:3:3: the key \"hidden\" stands more than once in this mapping; this is the first"
      ]
    ),
    (
      "model:\n  hidden: 32\n",
      ["sweep.yaml:1:1: dataset.name: missing, allowed: text. Its name in the database."]
    ),
    (
      "name: a\ndataset:\n  tokens: words\n",
      ["sweep.yaml:2:1: dataset.name: missing, allowed: text. Its name in the database."]
    ),
    // Types and ranges
    (
      "dataset: sms-spam\nmodel: {hidden: 0}\n",
      ["sweep.yaml:2:17: model.hidden: found 0, allowed: an integer from 1 to 65536"]
    ),
    (
      "dataset: sms-spam\nmodel: {hidden: 1.5}\n",
      ["sweep.yaml:2:17: model.hidden: found 1.5, allowed: an integer from 1 to 65536"]
    ),
    (
      "dataset: sms-spam\nmodel: {hidden: \"32\"}\n",
      [
        "sweep.yaml:2:17: model.hidden: found the text \"32\", allowed: an integer from 1 to 65536;"
          + " leave out the quotes"
      ]
    ),
    (
      "dataset: sms-spam\nmodel: {hidden: [32, 64]}\n",
      [
        "sweep.yaml:2:17: model.hidden: found a list, allowed: an integer from 1 to 65536;"
          + " to try several: {choice: [...]}"
      ]
    ),
    (
      "dataset: sms-spam\nmodel:\n  hidden:\n",
      ["sweep.yaml:3:10: model.hidden: found nothing, allowed: an integer from 1 to 65536"]
    ),
    (
      "dataset: sms-spam\ntraining: {rate: -1e-3}\n",
      ["sweep.yaml:2:18: training.rate: found -1e-3, allowed: a number above 0"]
    ),
    (
      "dataset: sms-spam\ntraining: {rate: .inf, batch: .nan}\n",
      [
        "sweep.yaml:2:18: training.rate: found .inf, allowed: a number above 0",
        "sweep.yaml:2:31: training.batch: found .nan, allowed: an integer from 1 to 65536",
      ]
    ),
    (
      "dataset: sms-spam\nmodel: {dropout: 1}\n",
      ["sweep.yaml:2:18: model.dropout: found 1, allowed: a number from 0 and below 1"]
    ),
    (
      "dataset: sms-spam\nmodel: lsmt\n",
      [
        "sweep.yaml:2:8: model.cell: found lsmt, allowed: rnn, lstm, gru; did you mean \"lstm\"?"
      ]
    ),
    (
      "dataset: 123\n",
      ["sweep.yaml:1:10: dataset.name: found 123, allowed: text; put it in quotes: \"123\""]
    ),
    (
      "dataset: {name: a, deduplicate: maybe}\n",
      ["sweep.yaml:1:33: dataset.deduplicate: found maybe, allowed: true or false"]
    ),
    (
      "dataset: sms-spam\ntraining: 3\n",
      [
        "sweep.yaml:2:11: training: found 3, allowed: a mapping with optimizer, rate, momentum,"
          + " weight_decay, batch, epochs, clip_norm, clip_value, schedule, notes, ratios"
      ]
    ),
    (
      "dataset: sms-spam\ntraining: {ratios: [1, -2]}\n",
      ["sweep.yaml:2:24: training.ratios: found -2, allowed: a number above 0"]
    ),
    (
      "dataset: sms-spam\ntraining: {ratios: []}\n",
      [
        "sweep.yaml:2:20: training.ratios: found an empty list, allowed: a list of 1 to 3, each a"
          + " number above 0"
      ]
    ),
    // Distributions
    (
      "dataset: sms-spam\ntrials: 2\ntraining:\n  rate: {uniform: [-1, 0]}\n",
      [
        "sweep.yaml:4:20: training.rate: found -1, allowed: a number above 0",
        "sweep.yaml:4:24: training.rate: found 0, allowed: a number above 0",
      ]
    ),
    (
      "dataset: sms-spam\nsearch: grid\nmodel:\n  hidden:\n    choice:\n    - 0\n    - 32\n",
      ["sweep.yaml:6:7: model.hidden: found 0, allowed: an integer from 1 to 65536"]
    ),
    (
      "dataset: sms-spam\nsearch: grid\nmodel: {hidden: {choice: [32, 32.0]}}\n",
      ["sweep.yaml:3:31: model.hidden: choice: found 32 twice, allowed: once"]
    ),
    (
      "dataset: sms-spam\nsearch: grid\nmodel: {hidden: {choice: []}}\n",
      ["sweep.yaml:3:26: model.hidden: choice: found an empty list, allowed: a list of values"]
    ),
    (
      "dataset: sms-spam\ntrials: 2\nmodel: {hidden: {uniform: [1, 2]}}\n",
      [
        "sweep.yaml:3:18: model.hidden: found uniform, allowed: choice, ordinal, int, int_log, step;"
          + " did you mean \"int\"?"
      ]
    ),
    (
      "dataset: sms-spam\ntrials: 2\nmodel: {hidden: {chioce: [1, 2]}}\n",
      [
        "sweep.yaml:3:18: model.hidden: found the unknown distribution chioce, allowed: choice,"
          + " ordinal, int, int_log, step; did you mean \"choice\"?"
      ]
    ),
    (
      "dataset: sms-spam\ntrials: 2\nmodel: {hidden: {int: [1, 2], step: [1, 2, 1]}}\n",
      [
        "sweep.yaml:3:31: model.hidden: found 2 keys, allowed: an integer from 1 to 65536, or one"
          + " distribution (choice, ordinal, int, int_log, step)"
      ]
    ),
    (
      "dataset: sms-spam\ntrials: 2\nmodel: {hidden: {int: [64, 16]}}\n",
      [
        "sweep.yaml:3:23: model.hidden: int: found nothing from 64 to 16, allowed: [low, high] with"
          + " low below high"
      ]
    ),
    (
      "dataset: sms-spam\ntrials: 2\nmodel: {hidden: {step: [16, 64]}}\n",
      ["sweep.yaml:3:24: model.hidden: step: found 2 values, allowed: [low, high, step]"]
    ),
    (
      "dataset: sms-spam\ntrials: 2\nmodel: {hidden: {step: [16, 64, 0]}}\n",
      ["sweep.yaml:3:33: model.hidden: found 0, allowed: an integer from 1 up"]
    ),
    (
      "dataset: sms-spam\ntrials: 2\nmodel: {dropout: {log_uniform: [0, 0.5]}}\n",
      [
        "sweep.yaml:3:33: model.dropout: log_uniform: found 0, allowed: a number above 0, since 0"
          + " has no logarithm"
      ]
    ),
    (
      "dataset: sms-spam\ntrials: 2\nmodel: {dropout: {uniform: [0.5, 0.5]}}\n",
      [
        "sweep.yaml:3:28: model.dropout: uniform: found nothing from 0.5 to 0.5, allowed: [low, high]"
          + " with low below high"
      ]
    ),
    (
      "dataset: sms-spam\ntrials: 2\nmodel: {forget_bias: {uniform: [-1e308, 1e308]}}\n",
      ["sweep.yaml:3:32: model.forget_bias: uniform: found more values than can be counted"]
    ),
    (
      "dataset: {name: sms-spam, tokens: {choice: [words, characters]}}\ntrials: 2\n",
      [
        "sweep.yaml:1:35: dataset.tokens: found a distribution, allowed: words, characters (it"
          + " cannot be searched)"
      ]
    ),
    // What belongs together
    (
      "dataset: sms-spam\nsearch: grid\ntraining:\n  rate: {log_uniform: [1e-4, 1e-2]}\n",
      [
        "sweep.yaml:4:9: training.rate: found log 1e-4…1e-2, which a grid cannot try through,"
          + " allowed: choice, int or step (or search: random)"
      ]
    ),
    (
      "dataset: sms-spam\nsearch: grid\ntrials: 7\nmodel: {hidden: {choice: [1, 2]}}\n",
      ["sweep.yaml:3:9: trials: found 7, allowed: at most 2, the number of points of the grid"]
    ),
    (
      "dataset: sms-spam\nmodel: {hidden: {choice: [1, 2]}}\n",
      [
        "sweep.yaml:1:1: trials: missing, allowed: an integer from 1 to 10000000; how many settings"
          + " to draw (search: grid tries every point once)"
      ]
    ),
    (
      "dataset: sms-spam\ntrials: 0\nmodel: {hidden: {choice: [1, 2]}}\n",
      ["sweep.yaml:2:9: trials: found 0, allowed: an integer from 1 to 10000000"]
    ),
    (
      "dataset: sms-spam\nobjective: {metric: accuracy, split: test}\n",
      [
        "sweep.yaml:2:38: objective.split: found test, allowed: validation, train (a choice made on"
          + " the test split would make its results too good to be true; they are reported for every"
          + " trial all the same)"
      ]
    ),
    (
      "dataset: sms-spam\nobjective: acuracy\n",
      [
        "sweep.yaml:2:12: objective.metric: found acuracy, allowed: loss, accuracy, rmse; did you"
          + " mean \"accuracy\"?"
      ]
    ),
    (
      "dataset: sms-spam\nsearch: bayes\n",
      ["sweep.yaml:2:9: search.sampler: found bayes, allowed: grid, random, sobol, tpe, gp, pbt"]
    ),
    (
      "dataset: sms-spam\nseed: -1\n",
      ["sweep.yaml:2:7: seed: found -1, allowed: an integer from 0 up"]
    ),
  ]

  @Test(arguments: cases) func `a mistake is told with its place and what is allowed`(
    text: String, lines: [String]
  ) {
    #expect(Example.errors(text) == lines)
  }

  @Test func `all mistakes are told at once in the order of the file`() {
    let text = """
      dataset: {nam: sms-spam}
      model:
        cell: lsmt
        hidden: 0
      training:
        rate: fast
      """
    #expect(
      Example.errors(text).map { $0.prefix { $0 != " " } } == [
        "sweep.yaml:1:1:", "sweep.yaml:1:11:", "sweep.yaml:3:9:", "sweep.yaml:4:11:",
        "sweep.yaml:6:9:",
      ])
  }

  @Test func `a thousand mistakes are told in fifty lines`() {
    let text = "dataset: a\nmodel:\n" + (0..<1000).map { "  key\($0): 1\n" }.joined()
    let errors = Example.errors(text)
    #expect(errors.count == SpecErrors.limit)
    #expect(errors.first?.hasPrefix("sweep.yaml:3:3: model.key0: unknown key") == true)
  }

  @Test func `others can add errors at the same places`() throws {
    let spec = try Example.parse("dataset: airline\nmodel:\n  cell: gru\n  forget_bias: 2\n")
    #expect(
      spec.error("model.forget_bias", "a gru has no forget gate").description
        == "sweep.yaml:4:16: model.forget_bias: a gru has no forget gate")
    #expect(
      spec.error("model.nonlinearity", "none").description
        == "sweep.yaml:3:3: model.nonlinearity: none")
    #expect(spec.error("training.rate", "none").position == .start)
    #expect(spec.isChosen("model.forget_bias"))
    #expect(!spec.isChosen("model.hidden"))
  }
}
