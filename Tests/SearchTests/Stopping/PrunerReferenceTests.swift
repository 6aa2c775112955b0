import Foundation
import Search
import Testing

/// Rules against Optuna's pruners, where both mean the same: Fixtures/pruners.json, made by
/// Fixtures/pruners.py.
@Suite struct PrunerReferenceTests {
  private func fixture(_ name: String) throws -> [String: Value] {
    let file = try #require(
      Bundle.module.url(
        forResource: "pruners", withExtension: "json", subdirectory: "Fixtures"))
    let content = try Value(json: String(decoding: Data(contentsOf: file), as: UTF8.self))
    return try #require(content.map?[name]?.map)
  }

  private func curves(_ value: Value?) throws -> [[Double]] {
    try #require(value?.list).map { try #require($0.list).compactMap(\.number) }
  }

  private func ends(_ value: Value?) throws -> [Int?] {
    try #require(value?.list).map(\.integer)
  }

  /// Trains a trial until the rule stops it; tells where.
  private func end(_ rule: inout some StopRule, _ trial: Int, _ losses: [Double]) -> Int? {
    for epochs in rule.rungs(trial: trial) {
      let judgement = rule.report(trial: trial, epochs: epochs, losses: [losses[epochs - 1]])
      if case .stop = judgement { return epochs }
    }
    return nil
  }

  @Test func `the median stops where Optuna's does`() throws {
    let fixture = try fixture("median")
    // Optuna judges a trial against whole ones only, so each starts from a rule that knows these.
    var known = MedianRule(epochs: 27, every: 2, warmUp: 3, startup: 5)
    let whole = try curves(fixture["whole"])
    for (trial, losses) in whole.enumerated() {
      for epochs in known.rungs(trial: trial) {
        _ = known.report(trial: trial, epochs: epochs, losses: [losses[epochs - 1]])
      }
    }
    let stopped = try curves(fixture["judged"]).map { losses in
      var rule = known
      return end(&rule, whole.count, losses)
    }
    #expect(try stopped == ends(fixture["stopped"]))
    #expect(Set(stopped).count > 4)
  }

  @Test func `asha that stops does so where Optuna's successive halving does`() throws {
    let fixture = try fixture("halving")
    let curves = try curves(fixture["curves"])
    var rule = StoppingASHA(epochs: 27, eta: 3, trials: curves.count)
    let stopped = curves.enumerated().map { end(&rule, $0.offset, $0.element) }
    #expect(try stopped == ends(fixture["stopped"]))
    #expect(Set(stopped) == [1, 3, 9, nil])
  }
}
