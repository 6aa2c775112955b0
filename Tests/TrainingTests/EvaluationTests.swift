import Glibc
import Testing
import Training

@Suite struct EvaluationTests {
  static func metrics(_ tally: Tally, _ encoding: Encoding) -> [String: Double] {
    Dictionary(
      uniqueKeysWithValues: tally.metrics(.test, encoding).map { ($0.name, $0.value) })
  }

  static func expect(_ metrics: [String: Double], _ expected: [String: Double]) {
    for (name, value) in expected {
      #expect(abs((metrics[name] ?? .nan) - value) < 1e-12, "\(name)")
    }
  }

  static func encoding(_ labels: [String]?, positive: Int? = nil) throws -> Encoding {
    let dataset = Dataset(
      name: "d", inputs: .texts((labels ?? []).map { "text \($0)" }), labels: labels ?? [],
      splits: (labels ?? []).map { _ in .train })
    var encoding = try PreparedData(
      dataset, DataPlan(split: .init(validation: 0)), seed: 0
    ).encoding
    encoding.positive = positive
    return encoding
  }

  @Test func `binary metrics are those of the positive class`() throws {
    let encoding = try Self.encoding(["ham", "spam"], positive: 1)
    var tally = Tally(encoding)
    // True spam: 3 found, 1 missed; true ham: 5 right, 2 taken for spam.
    for (target, answer, count) in [(1, 1, 3), (1, 0, 1), (0, 0, 5), (0, 1, 2)] {
      for _ in 0..<count { tally.add(answer: answer, target: target, 2) }
    }
    let metrics = Self.metrics(tally, encoding)
    Self.expect(
      metrics,
      [
        "accuracy": 8.0 / 11,
        "precision": 3.0 / 5,
        "recall": 3.0 / 4,
        "f1": 6.0 / 9,
        "macro_precision": (3.0 / 5 + 5.0 / 6) / 2,
        "macro_recall": (5.0 / 7 + 3.0 / 4) / 2,
        "macro_f1": (10.0 / 13 + 6.0 / 9) / 2,
      ])
    #expect(tally.confusionMatrix(encoding)?.counts == [[5, 2], [1, 3]])
    #expect(Set(metrics.keys) == Set(Metric.names(for: encoding)))
  }

  @Test func `with more classes the metrics are means over them, absent ones count as zero`() throws
  {
    let encoding = try Self.encoding(["a", "b", "c"])
    var tally = Tally(encoding)
    for (target, answer) in [(0, 0), (0, 1), (1, 1), (1, 1)] {
      tally.add(answer: answer, target: target, 3)
    }
    let metrics = Self.metrics(tally, encoding)
    Self.expect(
      metrics,
      [
        "precision": (1 + 2.0 / 3 + 0) / 3,
        "recall": (0.5 + 1 + 0) / 3,
        "f1": (2.0 / 3 + 4.0 / 5 + 0) / 3,
      ])
    #expect(metrics["f1"] == metrics["macro_f1"])
  }

  @Test func `errors of numbers are in the scale of the data`() throws {
    let dataset = Dataset(
      name: "d", inputs: .values([[1], [2], [3]], channels: ["a"]),
      targets: .numbers([10, 30, 50], width: 1), splits: [.train, .train, .test])
    let data = try PreparedData(dataset, DataPlan(split: .init(validation: 0)), seed: 0)
    var tally = Tally(data.encoding)
    tally.add(answer: 1, target: 3, deviation: 10)
    tally.add(answer: 0, target: -1, deviation: 10)
    let metrics = Self.metrics(tally, data.encoding)
    Self.expect(
      metrics,
      [
        "loss": 2.5,
        "rmse": 250.0.squareRoot(),
        "mae": 15,
      ])
    let mean = try #require(data.baselines().first)
    #expect(mean.name == "mean")
    #expect(mean.metrics.contains(Metric(split: .test, name: "rmse", value: 30)))
  }

  @Test func `the positive class is the rarer one, of two equal ones the later`() throws {
    func positive(_ labels: [String]) throws -> String? {
      let dataset = Dataset(
        name: "d", inputs: .texts(labels.indices.map { "t\($0)" }), labels: labels,
        splits: labels.map { _ in .train })
      return try PreparedData(
        dataset, DataPlan(split: .init(validation: 0)), seed: 0
      ).encoding.positiveLabel
    }
    #expect(try positive(["a", "b", "b"]) == "a")
    #expect(try positive(["b", "a", "a"]) == "b")
    #expect(try positive(["b", "a"]) == "b")
    #expect(try positive(["b", "a", "c"]) == nil)
  }

  @Test func `naive Bayes on four messages agrees with the hand`() throws {
    // Training: spam "win cash win", ham "see you", ham "cash for you".
    // Vocabulary (counts of at least 1) and the unknown token: 6 events.
    //   spam: prior 1/3, 3 tokens: win (2+1)/9, cash 2/9, others 1/9
    //   ham:  prior 2/3, 5 tokens: see 2/11, you 3/11, cash 2/11, for 2/11, others 1/11
    // "cash win": spam 1/3 · 2/9 · 3/9 = 0.0247, ham 2/3 · 2/11 · 1/11 = 0.0110 → spam.
    // "cash see": spam 1/3 · 2/9 · 1/9 = 0.0082, ham 2/3 · 2/11 · 2/11 = 0.0220 → ham.
    let dataset = Dataset(
      name: "d",
      inputs: .texts(["win cash win", "see you", "cash for you", "cash win", "cash see"]),
      labels: ["spam", "ham", "ham", "spam", "spam"],
      splits: [.train, .train, .train, .test, .test])
    let data = try PreparedData(
      dataset, DataPlan(minimumCount: 1, split: .init(validation: 0)), seed: 0)
    let baselines = data.baselines()
    #expect(baselines.map(\.name) == ["majority", "naive-bayes"])
    func value(_ baseline: Int, _ name: String) -> Double? {
      baselines[baseline].metrics.first { $0.name == name && $0.split == .test }?.value
    }
    #expect(value(0, "accuracy") == 0)
    #expect(value(1, "accuracy") == 0.5)
    #expect(value(1, "recall") == 0.5)
    #expect(value(1, "precision") == 1)
  }

  @Test func `persistence repeats the last value of the target`() throws {
    let series = (0..<50).flatMap { [Float($0 * $0), Float(3 * $0)] }
    let data = try PreparedData(
      Dataset(name: "d", inputs: .values([series], channels: ["a", "b"]), targets: .none),
      DataPlan(window: 4, horizon: 2, target: "b"), seed: 0)
    let persistence = try #require(data.baselines().first { $0.name == "persistence" })
    // One step ahead the series is 3 higher, two steps ahead 6.
    let mae = persistence.metrics.first { $0.split == .test && $0.name == "mae" }?.value ?? 0
    let rmse = persistence.metrics.first { $0.split == .test && $0.name == "rmse" }?.value ?? 0
    #expect(abs(mae - 4.5) < 1e-5)
    #expect(abs(rmse - 22.5.squareRoot()) < 1e-5)
  }

  @Test func `a language model has something to beat in each of its metrics`() throws {
    let dataset = Dataset(
      name: "d", inputs: .texts([String(repeating: "abac", count: 100)]), targets: .none)
    let data = try PreparedData(
      dataset, DataPlan(task: .language, tokens: .characters, maximumLength: 10), seed: 0)
    let unigram = try #require(data.baselines().first)
    let test = Dictionary(
      uniqueKeysWithValues: unigram.metrics.filter { $0.split == .test }.map {
        ($0.name, $0.value)
      })
    #expect(Set(test.keys) == Set(Metric.names(for: data.encoding)))
    #expect(test["bits_per_character"] == test["bits_per_token"])
    Self.expect(test, ["perplexity": exp2(test["bits_per_token"] ?? .nan)])
  }
}
