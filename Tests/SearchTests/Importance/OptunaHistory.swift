import Foundation
import Search
import Testing

/// Fixtures/importance.json: trials, and what Optuna's PED-ANOVA says of the first of them.
struct OptunaHistory {
  struct Case: Decodable {
    let trials: Int
    let quantile: Double
    let importance: [String: Double]
  }

  let trials: [ScoredTrial]
  let cases: [Case]

  init() throws {
    let url = try #require(
      Bundle.module.url(forResource: "importance", withExtension: "json", subdirectory: "Fixtures"))
    let content = try Data(contentsOf: url)
    cases = try JSONDecoder().decode(Cases.self, from: content).cases
    let whole = try Value(json: String(decoding: content, as: UTF8.self))
    let list = try #require(whole.map?["trials"]?.list)
    trials = try list.map { trial in
      let entries = try #require(trial.map)
      let params = try #require(entries["params"]?.map)
      let loss = try #require(entries["loss"]?.number)
      return (Assignment(params), loss)
    }
  }

  private struct Cases: Decodable {
    let cases: [Case]
  }
}
