import Recurrent
import Testing
import Training

@Suite struct EnsembleTests {
  @Test func `probabilities and numbers are averaged`() throws {
    let dataset = PreparationTests.messages(90)
    let (data, _, one) = try ArtifactTests.train(
      dataset, ModelSettings(cell: .gru, hidden: 6, embedding: 5))
    let (_, _, two) = try ArtifactTests.train(
      dataset, ModelSettings(cell: .rnn, hidden: 5, embedding: 3))
    let texts = ["win a prize now", "see you at seven", ""]
    let first = try Predictor(one).predict(texts: texts)
    let second = try Predictor(two).predict(texts: texts)
    let mean = try Ensemble([one, two]).predict(.texts(texts))
    for index in texts.indices {
      for label in 0..<2 {
        let expected =
          ((first[index].probabilities?[label].probability ?? .nan)
            + (second[index].probabilities?[label].probability ?? .nan)) / 2
        #expect(abs((mean[index].probabilities?[label].probability ?? .nan) - expected) < 1e-12)
      }
    }
    #expect(try Ensemble([one]).predict(.texts(texts)) == first)

    let compared = try #require(try Ensemble([one, two, one]).compare(on: data, .test))
    #expect(compared.members.count == 3 && compared.members[0] == compared.members[2])
    // The logarithm is concave: the mean is never worse than its members are in the mean.
    func loss(_ metrics: [Metric]) -> Double {
      metrics.first { $0.name == "loss" }?.value ?? .nan
    }
    let losses = compared.members.map(loss)
    #expect(loss(compared.mean) <= losses.reduce(0, +) / 3 + 1e-6)
    let alone = try #require(try Ensemble([one, one]).compare(on: data, .test))
    #expect(alone.mean == alone.members[0])
  }

  @Test func `numbers of different models are averaged in the scale of the data`() throws {
    let dataset = try Generator.adding.dataset(count: 60, length: 10, seed: 1)
    guard case .values(let values, _) = dataset.inputs else { return }
    let (data, _, one) = try ArtifactTests.train(dataset, ModelSettings(cell: .rnn, hidden: 6))
    let (_, _, two) = try ArtifactTests.train(dataset, ModelSettings(cell: .gru, hidden: 3))
    let input = Array(values.prefix(4))
    let numbers = try [one, two].map { try Predictor($0).predict(values: input) }
    let mean = try Ensemble([one, two]).predict(.values(input))
    for index in input.indices {
      let expected = numbers.reduce(0.0) { $0 + ($1[index].numbers?[0] ?? .nan) / 2 }
      #expect(abs((mean[index].numbers?[0] ?? .nan) - expected) < 1e-12)
    }
    let compared = try #require(try Ensemble([one, two]).compare(on: data, .test))
    #expect(compared.mean.map(\.name).contains("mae"))
    #expect((compared.members + [compared.mean]).allSatisfy { $0.allSatisfy { $0.name != "loss" } })
    let (_, _, other) = try ArtifactTests.train(
      PreparationTests.messages(60), ModelSettings(hidden: 3, embedding: 3))
    let error = #expect(throws: ArtifactError.self) { try Ensemble([one, other]) }
    #expect(error?.description.contains("member 2") == true)
  }

  @Test func `language models are averaged token by token`() throws {
    let text = String((0..<3000).map { Character(UnicodeScalar(UInt8(97 + $0 * $0 / 7 % 9))) })
    let dataset = Dataset(name: "d", inputs: .texts([text]), targets: .none)
    let plan = DataPlan(tokens: .characters, maximumLength: 16)
    let (data, outcome, one) = try ArtifactTests.train(
      dataset, ModelSettings(cell: .lstm, hidden: 8, embedding: 4), data: plan)
    let (_, _, two) = try ArtifactTests.train(
      dataset, ModelSettings(cell: .gru, hidden: 5, embedding: 3), data: plan)
    func value(_ metrics: [Metric], _ name: String) -> Double {
      metrics.first { $0.name == name }?.value ?? .nan
    }
    let alone = try #require(try Ensemble([one]).compare(on: data, .test))
    for name in ["loss", "accuracy", "perplexity"] {
      let reported = ArtifactTests.value(outcome, name)
      #expect(abs(value(alone.members[0], name) - reported) < 1e-4 * reported, "\(name)")
    }
    let both = try #require(try Ensemble([one, two]).compare(on: data, .test))
    #expect(both.members[0] == alone.members[0])
    let losses = both.members.map { value($0, "loss") }
    let mean = value(both.mean, "loss")
    #expect(mean < losses.reduce(0, +) / 2 && mean > 0.5 * losses.reduce(0, +) / 2)
    let texts = ["abc", "x"]
    let next = try Ensemble([one, two]).predict(.texts(texts))
    #expect(next.count == 2 && next[0].probabilities?.count == 10)

    let (_, _, other) = try ArtifactTests.train(
      Dataset(name: "d", inputs: .texts([text.uppercased()]), targets: .none),
      ModelSettings(cell: .gru, hidden: 5, embedding: 3), data: plan)
    let error = #expect(throws: ArtifactError.self) { try Ensemble([one, other]) }
    #expect(error?.description.contains("member 2") == true)
  }

  @Test func `models of different folds have no mean`() throws {
    let dataset = ForecastTests.series([(0..<90).map { Float($0 % 7) }])
    func model(fold: Int) throws -> [String: [UInt8]] {
      var plan = DataPlan(window: 4)
      (plan.split.testSteps, plan.split.folds, plan.split.fold) = (30, 3, fold)
      return try ArtifactTests.train(dataset, ModelSettings(cell: .gru, hidden: 3), data: plan).2
    }
    let (first, second) = (try model(fold: 0), try model(fold: 1))
    _ = try Ensemble([first, first])
    let error = #expect(throws: ArtifactError.self) { try Ensemble([first, second]) }
    #expect(error?.description.contains("member 2 of fold 2, the first of fold 1") == true)
  }
}
