public import Postgres

/// Something that the database can tell as JSON: one object per row, with the columns of the
/// public view that it comes from, so that a program reads the same names there as here.
public struct Report: Sendable {
  private let question: any Statement
  private init(_ question: any Statement) { self.question = question }

  /// The sweeps, newest first.
  public static func sweeps(limit: Int = 1000) -> Report { Report(ListSweeps(limit: limit)) }
  /// One sweep.
  public static func sweep(id: Int) -> Report { Report(ReadSweep(id: id)) }
  /// The trials of a sweep, by number.
  public static func trials(sweep: Int, limit: Int = 1000) -> Report {
    Report(ListTrials(sweep: sweep, limit: limit))
  }
  /// One trial.
  public static func trial(id: Int) -> Report { Report(ReadTrial(id: id)) }
  /// The best trials of a sweep.
  public static func leaderboard(sweep: Int, limit: Int = 20) -> Report {
    Report(ReadLeaderboard(sweep: sweep, limit: limit))
  }
  /// Which hyperparameters of a sweep matter.
  public static func importance(sweep: Int, quantile: Double = 0.1) -> Report {
    Report(ReadImportance(sweep: sweep, quantile: quantile))
  }
  /// What a sweep is compared with.
  public static func baselines(sweep: Int) -> Report { Report(ListBaselines(sweep: sweep)) }
  /// The decisions about a sweep, latest first.
  public static func decisions(sweep: Int, limit: Int = 100) -> Report {
    Report(ListDecisions(sweep: sweep, limit: limit))
  }
  /// The decisions about a trial, first to last.
  public static func decisions(trial: Int) -> Report { Report(ListTrialDecisions(trial: trial)) }
  /// The learning curve of a trial.
  public static func curve(trial: Int) -> Report { Report(ReadCurve(trial: trial)) }
  /// The final metrics of a trial.
  public static func finalMetrics(trial: Int) -> Report { Report(ReadFinalMetrics(trial: trial)) }
  /// The confusion matrices of a trial.
  public static func confusion(trial: Int) -> Report { Report(ReadConfusion(trial: trial)) }
  /// Vectors of words.
  public static var vectors: Report { Report(ListVectors()) }
  /// How well a trial knows each class.
  public static func classes(trial: Int) -> Report { Report(ListClasses(trial: trial)) }
  /// The mistakes of a trial.
  public static func mistakes(trial: Int, split: String, limit: Int) -> Report {
    Report(ListMistakes(trial: trial, split: split, limit: limit))
  }
  /// The models with names; of one name or all.
  public static func models(named name: String? = nil) -> Report { Report(ListModels(name: name)) }
  /// How gradients flowed in a trial.
  public static func gradientFlow(trial: Int) -> Report { Report(ReadAllFlow(trial: trial)) }
  /// The attempts at a trial.
  public static func attempts(trial: Int) -> Report { Report(ListAttempts(trial: trial)) }
  /// The artifacts of a trial.
  public static func artifacts(trial: Int) -> Report { Report(ListTrialArtifacts(trial: trial)) }
  /// The artifacts of a sweep.
  public static func artifacts(sweep: Int) -> Report { Report(ListSweepArtifacts(sweep: sweep)) }
  /// The workers.
  public static func workers(limit: Int = 1000) -> Report { Report(ListWorkers(limit: limit)) }
  /// One dataset.
  public static func dataset(id: Int) -> Report { Report(ReadDataset(id: id)) }
  /// The weights that a sweep can begin with.
  public static var weights: Report { Report(ListWeights()) }
  /// The datasets.
  public static var datasets: Report { Report(ListDatasets()) }

  /// Around a constant text: nothing that varies gets into it.
  fileprivate var query: Query {
    Query("select to_jsonb(r) from (\(type(of: question).sql)) r", question.parameters)
  }
}

extension Database {
  /// The rows of a report as JSON objects; NaN and infinities are texts there.
  public func json(_ report: Report) throws -> [JSON] {
    try storing { try connection.query(report.query).map { try $0[0] } }
  }
}
