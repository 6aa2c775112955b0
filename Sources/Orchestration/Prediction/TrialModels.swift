import Postgres
public import Store
public import Training

/// Models of trials, and the data that they learned from, out of a database.
public struct TrialModels {
  private let database: Database
  private let cache: DatasetCache

  /// Reads from a database.
  public init(_ database: Database, cache: DatasetCache = DatasetCache()) {
    self.database = database
    self.cache = cache
  }

  /// The artifacts of a trial, by name.
  ///
  /// - Throws: `SystemError` if it left none.
  public func artifacts(trial: Int) throws -> [String: [UInt8]] {
    let state = try database.trial(id: trial).state
    let artifacts = try database.artifacts(trial: trial)
    guard !artifacts.isEmpty else {
      throw SystemError("trial \(trial) has no model: found state \(state), allowed: succeeded")
    }
    return Dictionary(
      uniqueKeysWithValues: try artifacts.map { ($0.name, try database.content(of: $0)) })
  }

  /// The dataset that a trial learned from.
  public func dataset(trial: Int) throws -> StoredDataset {
    let sweep = try database.sweep(id: database.trial(id: trial).sweepID)
    return try database.dataset(named: sweep.dataset, version: sweep.datasetVersion)
  }

  /// The data that a trial learned from, divided as it was.
  public func data(trial: Int, _ document: PlanDocument) throws -> PreparedData {
    let stored = try dataset(trial: trial)
    let dataset = try cache.dataset(stored, from: database)
    return try PreparedData(dataset, document.plan.data, seed: document.plan.seed)
  }

  /// Computes what the model of a trial says of each example of validation and test, and stores it.
  ///
  /// - Returns: How many answers there are.
  @discardableResult
  public func storePredictions(trial: Int) throws -> Int {
    let predictor = try Predictor(artifacts(trial: trial))
    let predictions = predictor.predictions(on: try data(trial: trial, predictor.document))
    try database.store(
      TrialPredictions(predictions, labels: predictor.document.encoding.labels), trial: trial)
    return predictions.reduce(0) { $0 + $1.examples.count }
  }

  /// The numbers of the best trials of a sweep, best first.
  ///
  /// - Throws: `SystemError` if none has succeeded.
  public func best(_ count: Int, of sweep: SweepReport) throws -> [Int] {
    let leaders = try database.leaderboard(sweep: sweep.id, limit: count).map(\.trialID)
    guard !leaders.isEmpty else {
      throw SystemError("no trial of sweep \(sweep.id) has succeeded yet")
    }
    return leaders
  }
}
