import Search
import Testing

/// What can be wrong with the language of spaces, after a line `dataset: a` and one `trials: 9`.
@Suite struct SpaceErrorTests {
  static let cases: [(String, [String])] = [
    // Distributions
    (
      "training: {momentum: {normal: [0.5, 0]}}",
      ["3:37: training.momentum: found 0, allowed: a number above 0"]
    ),
    (
      "training: {momentum: {normal: [0.5]}}",
      ["3:31: training.momentum: normal: found 1 values, allowed: [mean, deviation]"]
    ),
    (
      "training: {momentum: {normal: [9, 1]}}",
      [
        "3:31: training.momentum: normal: found nothing within 6 deviations of the mean, allowed:"
          + " a number from 0 and below 1"
      ]
    ),
    (
      "training: {momentum: {normal: [0.5, 0.01], by: 0.2}, rate: {normal: [1, 0.1], by: 7}}",
      [
        "3:31: training.momentum: normal: found nothing within 6 deviations of the mean, allowed: a"
          + " number from 0 and below 1 that is a multiple of 0.2",
        "3:69: training.rate: normal: found nothing within 6 deviations of the mean, allowed: a"
          + " number above 0 that is a multiple of 7",
      ]
    ),
    (
      "training: {rate: {log_normal: [-5, 500]}}",
      [
        "3:31: training.rate: log_normal: found -5 ± 6 · 500, allowed: natural logarithms from -700"
          + " to 700"
      ]
    ),
    (
      "training: {momentum: {uniform: [0, 0.5], by: 0}}",
      ["3:46: training.momentum: found 0, allowed: a number above 0"]
    ),
    (
      "training: {rate: {log_uniform: [1, 2], by: 5}}",
      [
        "3:32: training.rate: log_uniform: found no multiple of 5 from 1 to 2, allowed: at least one"
      ]
    ),
    (
      "training: {momentum: {choice: [0.1], by: 0.1}}",
      [
        "3:38: training.momentum: by: found beside choice, allowed: beside uniform, log_uniform,"
          + " normal, log_normal"
      ]
    ),
    (
      "model: {hidden: {int: [1, 9], by: 2}}",
      ["3:31: model.hidden: by: found beside int, allowed: nothing; did you mean \"step\"?"]
    ),
    (
      "model: {hidden: {normal: [64, 9]}}",
      [
        "3:18: model.hidden: found normal, allowed: choice, ordinal, int, int_log, step; did you mean"
          + " \"int\"?"
      ]
    ),
    (
      "training: {momentum: {by: 0.1}}",
      [
        "3:22: training.momentum: found no distribution, allowed: a number from 0 and below 1, or one"
          + " distribution (choice, ordinal, uniform, log_uniform, normal, log_normal, int, step)"
      ]
    ),
    (
      "training: {momentum: {uniform: [0, 1], wehn: {optimizer: sgd}}}",
      [
        "3:40: training.momentum: found the unknown key wehn, allowed beside uniform: by, when; did"
          + " you mean \"when\"?"
      ]
    ),
    (
      "model: {cell: {ordinal: [rnn, rnn]}}",
      ["3:31: model.cell: ordinal: found rnn twice, allowed: once"]
    ),
    (
      "training: {clip_norm: {ordinal: [~, 1]}}",
      ["3:34: training.clip_norm: found nothing, allowed: a number above 0"]
    ),
    // Conditions
    (
      "training: {momentum: {uniform: [0, 1], when: sgd}}",
      [
        "3:46: training.momentum: when: found sgd, allowed: a mapping of settings to the values with"
          + " which this one is searched"
      ]
    ),
    (
      "training: {momentum: {uniform: [0, 1], when: {optimiser: sgd}}}",
      [
        "3:47: training.momentum: when: found the unknown setting optimiser, allowed: the path of a"
          + " setting, or its end; did you mean \"optimizer\"?"
      ]
    ),
    (
      "training: {momentum: {uniform: [0, 1], when: {trials: 9}}}",
      [
        "3:47: training.momentum: when: found the unknown setting trials, allowed: the path of a"
          + " setting, or its end"
      ]
    ),
    (
      "training: {momentum: {uniform: [0, 1], when: {optimizer: sgd}}}",
      [
        "3:58: training.momentum: when: found sgd, but training.optimizer is adam in all trials;"
          + " allowed: that, or a distribution of training.optimizer"
      ]
    ),
    (
      "training: {optimizer: {choice: [adam, sgd]}, momentum: {uniform: [0, 1], when: {optimizer:"
        + " [sgd, rmsprop]}}}",
      [
        "3:98: training.momentum: when: found rmsprop, which training.optimizer never is, allowed:"
          + " {adam, sgd}"
      ]
    ),
    (
      "training: {optimizer: {choice: [adam, sgd]}, momentum: {uniform: [0, 1], when: {optimizer:"
        + " sdg}}}",
      [
        "3:92: training.momentum: found sdg, allowed: sgd, rmsprop, adam, adamw; did you mean \"sgd\"?"
      ]
    ),
    (
      "training: {momentum: {uniform: [0, 1], when: {optimizer: []}}}",
      [
        "3:58: training.momentum: when: found an empty list, allowed: a value, or a list of up to"
          + " 1000"
      ]
    ),
    (
      "model: {layers: {int: [1, 2], when: {hidden: 4}}, hidden: {int: [1, 9], when: {layers: 1}}}",
      [
        "3:73: model.hidden: when: found a circle (model.hidden → model.layers → model.hidden),"
          + " allowed: conditions on what does not depend on it"
      ]
    ),
    (
      "model: {layers: {int: [1, 2], when: {layers: 1}}}",
      [
        "3:31: model.layers: when: found a circle (model.layers → model.layers), allowed: conditions"
          + " on what does not depend on it"
      ]
    ),
    (
      "model: {cell: {choice: [rnn, lsmt]}, layers: {int: [1, 2], when: {cell: rnn}}}",
      ["3:30: model.cell: found lsmt, allowed: rnn, lstm, gru; did you mean \"lstm\"?"]
    ),
    // Constraints
    (
      "constraints: hidden < 5",
      ["3:14: constraints: found hidden < 5, allowed: a list of 0 to 32, each text"]
    ),
    (
      "constraints: [3]",
      ["3:15: constraints: found 3, allowed: text; put it in quotes: \"3\""]
    ),
    (
      "constraints: ['']",
      ["3:15: constraints: found the text \"\", allowed: text, but not an empty one"]
    ),
    (
      "constraints:\n- layers > 0\n- hidden * layer <= 512",
      [
        "5:3: constraints[1]: column 10: found the unknown setting layer, allowed: the path of a"
          + " setting, or its end; did you mean \"layers\"?"
      ]
    ),
    (
      "constraints: [name == 'a' and validation + test < 1 and factor < kind]",
      [
        "3:15: constraints[0]: column 52: found a text for <, allowed: a number"
      ]
    ),
    (
      "constraints: [ratios == 1]",
      [
        "3:15: constraints[0]: column 1: found training.ratios, which is a list of 1 to 3, each a"
          + " number above 0, allowed: a number, a text, or true or false"
      ]
    ),
    (
      "constraints: [cell == 'lsmt']",
      [
        "3:15: constraints[0]: column 9: found \"lsmt\", which model.cell never is, allowed: rnn,"
          + " lstm, gru; did you mean \"lstm\"?"
      ]
    ),
    (
      "constraints: [hidden + 1]",
      [
        "3:15: constraints[0]: found a number, allowed: what is true or false, such as hidden <= 64"
      ]
    ),
    (
      "constraints: [hidden > 64]",
      [
        "3:15: constraints[0]: found what is never true, since none of its settings is searched,"
          + " allowed: what can be true"
      ]
    ),
    (
      "constraints: [hidden < 5, layers > 0, hidden != layers]\nmodel: {hidden: {int: [9, 99]},"
        + " layers: {int: [1, 2]}}",
      [
        "3:14: constraints: found nothing allowed among 10000 points that were drawn, allowed: what"
          + " more points fulfil than model.hidden < 5"
      ]
    ),
    (
      "search: grid\nconstraints: [layers > 2]\nmodel: {layers: {int: [1, 2]}}",
      [
        "4:14: constraints: found nothing allowed among all points of the grid, allowed: what some"
          + " points fulfil"
      ]
    ),
    (
      "search: grid\nconstraints: [hidden < embedding]\nmodel: {hidden: {int: [1, 5000]},"
        + " embedding: {int: [1, 5000]}}",
      [
        "2:9: search: found a grid whose constraints would have to be asked of more than 10000000"
          + " points, allowed: random"
      ]
    ),
    (
      "search: grid\nconstraints: [hidden < layers]\nmodel: {hidden: {int: [1, 3]},"
        + " layers: {int: [1, 3]}}",
      ["2:9: trials: found 9, allowed: at most 3, the number of points of the grid"]
    ),
    // Points to try
    (
      "try: [3, {}]",
      ["3:7: try: found 3, allowed: a mapping"]
    ),
    (
      "try: [{}]",
      ["3:7: try[0]: found an empty mapping, allowed: settings and their values"]
    ),
    (
      "model: {hidden: {step: [16, 64, 16]}}\ntry: [{hiden: 16}, {model: {hidden: 20}}, {units: x}]",
      [
        "4:8: try[0]: found the unknown setting hiden, allowed: the path of a setting, or its end;"
          + " did you mean \"hidden\"?",
        "4:37: try[1].model.hidden: found 20, which cannot be drawn, allowed: 16…64 by 16",
        "4:51: try[2].model.hidden: found x, allowed: an integer from 1 to 65536",
      ]
    ),
    (
      "model: {hidden: {int: [1, 9]}}\ntry: [{model: {hidden: 3}, hidden: 4}, {layers: 2, hidden: 2}]",
      [
        "4:28: try[0]: found model.hidden twice, allowed: once",
        "4:49: try[1].model.layers: found 2, allowed: 1, as in all trials, or a distribution of"
          + " model.layers",
      ]
    ),
    (
      "model: {cell: {choice: [rnn, lstm]}, forget_bias: {int: [0, 2], when: {cell: lstm}}}\n"
        + "try: [{forget_bias: 1}, {forget_bias: 1, cell: rnn}, {forget_bias: 1, cell: lstm}]",
      [
        "4:8: try[0].model.forget_bias: found beside no model.cell, allowed: beside model.cell lstm",
        "4:26: try[1].model.forget_bias: found beside model.cell rnn, allowed: beside model.cell lstm",
      ]
    ),
    (
      "model: {hidden: {int: [1, 9]}, layers: {int: [1, 9]}}\nconstraints: [hidden > layers]\n"
        + "try: [{hidden: 1, layers: 2}, {hidden: 1}]",
      [
        "5:7: try[0]: found a point that is not allowed, allowed: what fulfils model.hidden > model.layers",
        "5:31: try[1]: found a point that no values of the others make an allowed one among 10000 that"
          + " were drawn, allowed: what leaves the constraints room",
      ]
    ),
    (
      "search: grid\nmodel: {hidden: {int: [1, 9]}}\ntry: [{hidden: 1}]",
      ["5:6: try: found points to try first, allowed: none with a grid, which tries all"]
    ),
    (
      "model: {hidden: {int: [1, 9]}}\ntry: \(list(10, "{hidden: 1}"))",
      ["4:6: try: found 10 points, allowed: at most 9, the number of trials"]
    ),
    // Search and stopping
    (
      "search: {sampler: tpe, window: 0, repeats: 1001, order: arival}",
      [
        "3:32: search.window: found 0, allowed: an integer from 1 to 1000",
        "3:44: search.repeats: found 1001, allowed: an integer from 1 to 1000",
        "3:57: search.order: found arival, allowed: arrival, deterministic; did you mean \"arrival\"?",
      ]
    ),
    (
      "search: {warm_start: []}",
      [
        "3:22: search.warm_start: found an empty list, allowed: an integer from 1 up, or a list of 1"
          + " to 100, each an integer from 1 up, or text"
      ]
    ),
    (
      "search: {sampler: sobol, warm_start: 3}",
      [
        "3:38: search.warm_start: found with the sampler sobol, which does not learn from it, allowed:"
          + " with tpe or gp"
      ]
    ),
    (
      "stop: threshold",
      [
        "3:7: stop.threshold: missing, allowed: a number; trials that are worse are stopped by the"
          + " rule threshold"
      ]
    ),
    (
      "stop: asha\ntraining: {epochs: {int: [1, 9]}}",
      [
        "4:20: training.epochs: found int 1…9, allowed: one number of epochs with stop: asha, which"
          + " compares trials at the same ones"
      ]
    ),
    (
      "stop: {rule: median, min_epochs: 11}",
      ["3:34: stop.min_epochs: found 11, allowed: at most 10, the number of training.epochs"]
    ),
    (
      "stop: {rule: ahsa, eta: 1}",
      [
        "3:14: stop.rule: found ahsa, allowed: none, median, patience, threshold, halving, hyperband,"
          + " asha, asha_stop, pasha; did you mean \"asha\"?",
        "3:25: stop.eta: found 1, allowed: an integer from 2 to 100",
      ]
    ),
    // Objectives
    (
      "objectives: [loss, acuracy]",
      [
        "3:20: objectives[1]: found acuracy, allowed: loss, accuracy, rmse; did you mean \"accuracy\"?"
      ]
    ),
    (
      "objectives: [loss]\nobjective: accuracy",
      ["3:13: objectives: found beside objective, allowed: one of the two"]
    ),
    (
      "objective: {expression: log(0 - 1) * loss + accuracy / 0, goal: minimize}",
      [
        "3:25: objective.expression: found what is no number, whatever the metrics are, allowed: a number"
          + " computed from them"
      ]
    ),
    (
      "objectives: [loss, {metric: loss, goal: maximize}]",
      ["3:20: objectives[1]: found loss twice, allowed: once"]
    ),
    (
      "objectives: [{metrik: loss}, {goal: minimize}, {metric: loss, expression: loss + 1}]",
      [
        "3:15: objectives[0]: unknown key metrik, allowed: metric, expression, split, goal; did you"
          + " mean \"metric\"?",
        "3:30: objectives[1]: found no metric, allowed: metric or expression",
        "3:48: objectives[2]: found metric and expression, allowed: one of the two",
      ]
    ),
    (
      "objective: {expression: accuracy - los}",
      [
        "3:25: objective.expression: column 12: found the unknown metric los, allowed: loss,"
          + " accuracy, rmse; did you mean \"loss\"?"
      ]
    ),
    (
      "objective: {expression: accuracy - loss}",
      [
        "3:25: objective.goal: missing, allowed: minimize, maximize; an expression has no goal of its"
          + " own"
      ]
    ),
    (
      "objective: {expression: accuracy > loss, goal: minimize}",
      [
        "3:25: objective.expression: found true or false, allowed: a number computed from metrics,"
          + " such as loss / 2"
      ]
    ),
    (
      "objective: {expression: 2 * loss, metric: loss, goal: minimize}",
      ["3:25: objective.expression: found beside metric, allowed: one of the two"]
    ),
  ]

  @Test(arguments: cases) func `a mistake is told with its place and what is allowed`(
    text: String, lines: [String]
  ) {
    #expect(
      Example.errors("dataset: a\ntrials: 9\n" + text) == lines.map { "sweep.yaml:\($0)" })
  }

  /// A list of so many times the same.
  static func list(_ count: Int, _ element: String) -> String {
    "[" + Array(repeating: element, count: count).joined(separator: ", ") + "]"
  }

  static let hostile: [String] = [
    "constraints: \(list(5000, "hidden > 1"))",
    "constraints: ['\(String(repeating: "(", count: 100_000))']",
    "constraints: ['\(String(repeating: "hidden+", count: 50_000))1']",
    "try: \(list(20_000, "{hidden: 1}"))",
    "try: \(list(999, "{hiden: 1}"))",
    "objectives: \(list(20_000, "loss"))",
    "try: [{model: {model: {model: {model: {hidden: 1}}}}}]",
    "model: {hidden: {int: [1, 2], when: {layers: \(list(50_000, "1"))}}, layers: 2}",
  ]

  @Test(arguments: hostile) func `more than anyone writes is refused quickly, on short lines`(
    text: String
  ) {
    let errors = Example.errors("dataset: a\ntrials: 9\n" + text)
    #expect(!errors.isEmpty && errors.count <= SpecErrors.limit)
    #expect(errors.allSatisfy { $0.count < 400 && !$0.contains("\n") })
  }
}
