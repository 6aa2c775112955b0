import Search
import Testing

/// A search by lines of JSON.
@Suite struct DialogueTests {
  private func dialogue(_ text: String) throws -> Dialogue {
    Dialogue(try SweepSpec.space(Array(text.utf8), file: "space.yaml"))
  }

  private func report(_ trial: Int, _ step: Int, _ loss: Double) -> String {
    #"{"report": {"trial": \#(trial), "step": \#(step), "metrics": {"loss": \#(loss)}}}"#
  }

  private func decision(_ answers: [String]) throws -> String? {
    try Value(json: #require(answers.first)).map?["decision"]?.string
  }

  @Test func `a trial goes from rung to rung and ends`() throws {
    var dialogue = try dialogue(
      "{space: {x: {uniform: [0, 1]}}, stop: {rule: asha_stop, eta: 3}, epochs: 9, trials: 1}")
    let asked = try #require(dialogue.answers(to: #"{"ask": 2}"#).first)
    let trial = try #require(try Value(json: asked).map)
    #expect(trial["trial"]?.integer == 0)
    #expect(trial["until"]?.integer == 1)
    #expect(trial["params"]?.map?["x"]?.number.map((0...1).contains) == true)
    for step in [1, 3] {
      #expect(try decision(dialogue.answers(to: report(0, step, 0.5))) == "continue")
    }
    #expect(try decision(dialogue.answers(to: report(0, 9, 0.5))) == "complete")
    #expect(dialogue.answers(to: #"{"ask": 1}"#) == [#"{"finished":true}"#])
  }

  @Test(arguments: ["arrival", "deterministic"])
  func `no trial is forgotten, whatever is asked in between`(order: String) throws {
    var dialogue = try dialogue(
      """
      {space: {x: {uniform: [0, 1]}}, stop: {rule: asha_stop, eta: 3}, epochs: 27, trials: 5,
       search: {sampler: random, order: \(order), window: 1}}
      """)
    var standing: [Int: Int] = [:]
    var ended: Set<Int> = []
    var turns = 0
    var isFinished = false
    while !isFinished {
      turns += 1
      try #require(turns < 200, "it goes on for ever: \(standing)")
      for answer in dialogue.answers(to: #"{"ask": 1}"#) {
        let told = try #require(try Value(json: answer).map)
        if told["finished"] != nil { isFinished = true }
        if let trial = told["trial"]?.integer {
          standing[trial] = try #require(told["until"]?.integer)
        }
      }
      // The one that stands lowest moves on.
      guard let (trial, step) = standing.min(by: { ($0.value, $0.key) < ($1.value, $1.key) }) else {
        continue
      }
      switch try decision(dialogue.answers(to: report(trial, step, 0.1 * Double(trial)))) {
      case "continue": standing[trial] = step * 3
      case "complete", "stop":
        standing[trial] = nil
        ended.insert(trial)
      default: standing[trial] = nil
      }
    }
    #expect(standing.isEmpty)
    if order == "arrival" { #expect(ended.count == 5) }
  }

  @Test func `objectives can be expressions`() throws {
    var dialogue = try dialogue(
      """
      {space: {x: {uniform: [0, 1]}}, trials: 2, search: random,
       objective: {expression: accuracy - 0.1 * latency, goal: maximize}}
      """)
    _ = dialogue.answers(to: #"{"ask": 1}"#)
    #expect(
      try decision(
        dialogue.answers(
          to: #"{"tell": {"trial": 0, "metrics": {"accuracy": 0.9, "latency": 2}}}"#)) == "complete"
    )
  }

  @Test(arguments: [
    "{", "7", #"{"ask": 0}"#, #"{"tell": {"trial": 3, "metrics": {}}}"#,
    #"{"tell": {"trial": 0, "metrics": {"loss": NaN}}}"#, #"{"listen": 1}"#,
  ])
  func `what cannot be understood is answered, and the search goes on`(line: String) throws {
    var dialogue = try dialogue("{space: {x: {uniform: [0, 1]}}, trials: 2, search: random}")
    _ = dialogue.answers(to: #"{"ask": 1}"#)
    let answers = dialogue.answers(to: line)
    #expect(answers.count == 1 && answers[0].hasPrefix(#"{"error":"#))
    #expect(
      try decision(dialogue.answers(to: #"{"tell": {"trial": 0, "metrics": {"loss": 1}}}"#))
        == "complete")
  }

  @Test func `a rule is told the best that was reported`() throws {
    var dialogue = try dialogue(
      "{space: {x: {uniform: [0, 1]}}, stop: {rule: threshold, threshold: 1, every: 3}, epochs: 9, trials: 1}"
    )
    _ = dialogue.answers(to: #"{"ask": 1}"#)
    #expect(try decision(dialogue.answers(to: report(0, 1, 0.1))) == "continue")
    #expect(try decision(dialogue.answers(to: report(0, 3, 5))) == "continue")
  }

  @Test func `behind the last step nothing is awaited, whatever the order`() throws {
    var dialogue = try dialogue(
      """
      {space: {x: {uniform: [0, 1]}}, trials: 3,
       search: {sampler: random, order: deterministic, window: 3}}
      """)
    #expect(dialogue.answers(to: #"{"ask": 3}"#).count == 3)
    for trial in [1, 0, 2] {
      #expect(
        try decision(
          dialogue.answers(to: #"{"tell": {"trial": \#(trial), "metrics": {"loss": 1}}}"#))
          == "complete")
    }
  }

  @Test func `a missing metric of an expression is named`() throws {
    var dialogue = try dialogue(
      """
      {space: {x: {uniform: [0, 1]}}, trials: 2, search: random,
       objective: {expression: loss / (b - 1), goal: minimize}}
      """)
    _ = dialogue.answers(to: #"{"ask": 1}"#)
    let answer = dialogue.answers(to: #"{"tell": {"trial": 0, "metrics": {"loss": 1}}}"#)
    #expect(answer[0].contains("found no number b, allowed: all of loss, b"))
  }

  @Test(arguments: [
    ("stop: {rule: halving, eta: 3}, epochs: 9", "trials: missing, allowed: how many"),
    ("stop: hyperband, epochs: 9", "trials: missing, allowed: how many"),
    ("search: pbt, epochs: 9", "trials: missing, allowed: how many"),
    (
      "search: {sampler: tpe, warm_start: [1]}",
      "warm_start: found here, allowed: in the file of a sweep"
    ),
    ("limits: {max_parallel: 2}", "limits: found here, allowed: in the file of a sweep"),
  ])
  func `what a space cannot say is refused`(text: String, message: String) throws {
    let error = #expect(throws: SpecErrors.self) {
      _ = try dialogue("{space: {x: {uniform: [0, 1]}}, \(text)}")
    }
    #expect(error.map { "\($0)" }?.contains(message) == true)
  }

  @Test func `a grid is covered as often as it is repeated`() throws {
    var dialogue = try dialogue(
      "{space: {x: {choice: [p, q, r, s]}}, search: {sampler: grid, repeats: 3}}")
    let asked = dialogue.answers(to: #"{"ask": 100}"#)
    let values = try asked.compactMap { try Value(json: $0).map?["params"]?.map?["x"]?.string }
    #expect(values.count == 12)
    #expect(Set(values).count == 4)
  }

  @Test(arguments: [
    "int: [0, 9007199254740991]", "int_log: [1, 1000000000000000]", "uniform: [0, 5e-324]",
    "int: [0, 9223372036854775806]",
  ])
  func `ranges that no sampler could divide are refused`(range: String) throws {
    #expect(throws: SpecErrors.self) {
      try dialogue("{space: {x: {\(range)}}, trials: 20, search: tpe}")
    }
  }

  @Test(
    arguments: ["tpe", "gp", "sobol", "random"],
    ["int: [0, 1000000000000]", "int_log: [1, 1000000000000]"])
  func `the widest ranges can be searched`(sampler: String, range: String) throws {
    var dialogue = try dialogue(
      "{space: {x: {\(range)}}, trials: 30, search: {sampler: \(sampler)}}")
    for trial in 0..<30 {
      let asked = try #require(dialogue.answers(to: #"{"ask": 1}"#).first)
      let x = try #require(try Value(json: asked).map?["params"]?.map?["x"]?.number)
      #expect((0...1e12).contains(x))
      let loss = (x * 1e-12 - 0.3) * (x * 1e-12 - 0.3)
      #expect(
        try decision(
          dialogue.answers(to: #"{"tell": {"trial": \#(trial), "metrics": {"loss": \#(loss)}}}"#))
          == "complete")
    }
  }

  /// The last of sixty trials that search the least x, each told by how much it is below 0.5.
  private func search(_ sampler: String, toldOfLimits: Bool) throws -> [Double] {
    var dialogue = try dialogue(
      "{space: {x: {uniform: [0, 1]}}, trials: 60, search: {sampler: \(sampler)}, seed: 3}")
    return try (0..<60).map { trial in
      let asked = try #require(dialogue.answers(to: #"{"ask": 1}"#).first)
      let x = try #require(try Value(json: asked).map?["params"]?.map?["x"]?.number)
      let violation = toldOfLimits ? max(0.5 - x, 0) : 0
      let told =
        #"{"tell": {"trial": \#(trial), "metrics": {"loss": \#(x)}, "violation": \#(violation)}}"#
      #expect(try decision(dialogue.answers(to: told)) == "complete")
      return x
    }
  }

  @Test(arguments: ["tpe", "gp"])
  func `a limit that only trying shows is kept by later trials`(sampler: String) throws {
    let kept = try search(sampler, toldOfLimits: true).suffix(20).filter { $0 >= 0.5 }
    #expect(kept.count >= 12)
    #expect(kept.min().map { $0 < 0.6 } == true)
    // Without it, the same search goes where the loss is least.
    #expect(try search(sampler, toldOfLimits: false).suffix(20).filter { $0 >= 0.5 }.count < 8)
  }

  @Test func `to a rule, whoever broke limits is worse than all who kept them`() throws {
    var dialogue = try dialogue(
      "{space: {x: {uniform: [0, 1]}}, trials: 9, search: random, stop: {rule: asha_stop, eta: 3},"
        + " epochs: 9}")
    func told(
      _ trial: Int, _ step: Int, _ loss: Double, _ violation: Double = 0
    ) throws -> String? {
      try decision(
        dialogue.answers(
          to: #"{"report": {"trial": \#(trial), "step": \#(step), "metrics": {"loss": \#(loss)}, "#
            + #""violation": \#(violation)}}"#))
    }
    _ = dialogue.answers(to: #"{"ask": 4}"#)
    // A good loss that broke limits is forgotten when a worse one keeps them.
    #expect(try told(0, 0, 0.1, 5) == "continue")
    #expect(try told(0, 1, 0.9) == "continue")
    #expect(try told(1, 1, 0.01, 5) != "continue")
    #expect(try told(2, 1, 0.5) == "continue")
    // Nor does one that breaks them replace one that kept them.
    #expect(try told(3, 0, 0.4) == "continue")
    #expect(try told(3, 1, 0.01, 1) == "continue")
  }

  @Test(arguments: ["-1", "\"much\"", "null"])
  func `a violation is a number from 0`(violation: String) throws {
    var dialogue = try dialogue("{space: {x: {uniform: [0, 1]}}, trials: 2, search: random}")
    _ = dialogue.answers(to: #"{"ask": 1}"#)
    let told = #"{"tell": {"trial": 0, "metrics": {"loss": 1}, "violation": \#(violation)}}"#
    #expect(dialogue.answers(to: told).first?.contains("tell.violation: found") == true)
  }
}
