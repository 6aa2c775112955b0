import Postgres
import Search
import Store

/// The search of a sweep that needs to know no results: its trials follow from their numbers, and many
/// are made at a time.
struct NumberedSearch {
  private let spec: SweepSpec
  private let revision: Int
  private let settings: StudySettings
  private let sampler: any Sampler

  /// Makes the search from the row of a sweep.
  ///
  /// Points that were added while it ran are those of the next trials.
  init(_ sweep: OpenSweep, _ spec: SweepSpec, _ database: Database) throws {
    self.spec = spec
    revision = sweep.revision
    sampler = spec.makeSampler()
    var settings = StudySettings(trials: sweep.trials ?? spec.trials)
    settings.space = spec.space
    settings.seed = spec.seed
    let untried = try spec.known.filter {
      try !database.hasTrial(sweep: sweep.id, with: JSON(text: $0.json))
    }
    if !untried.isEmpty {
      settings.known = Array(repeating: Assignment(), count: sweep.created) + untried
    }
    self.settings = settings
  }

  /// Whether the sweep is as this search knows it.
  func matches(_ sweep: OpenSweep) -> Bool { sweep.revision == revision }

  /// The trials with these numbers, each with the reason for its values.
  func trials(_ numbers: Range<Int>) throws -> [NewTrial] {
    var sampler = sampler
    return try numbers.map { number in
      guard let suggestion = settings.suggest(number, sampler: &sampler) else {
        throw SystemError("the sampler \(spec.sampler.rawValue) has no point for trial \(number)")
      }
      return NewTrial(
        params: JSON(text: suggestion.assignment.json), reason: suggestion.reason,
        details: try JSON(encoding: ["sampler": suggestion.sampler]))
    }
  }
}
