import Postgres
import Search
import Store

/// The search of an active sweep: one that needs no results makes trials by their numbers alone, many
/// at a time; any other is a study.
enum SweepSearch {
  case numbered(SweepSpec, any Sampler)
  case learning(SweepStudy)

  /// Makes the search of a sweep from its rows.
  init(_ sweep: OpenSweep, _ database: Database) throws {
    let spec = try SweepSpec.parse(sweep.spec.text, file: "spec", schema: .sweep)
    if SweepStudy.isNeeded(for: spec) || !spec.search.warmStart.isEmpty {
      self = .learning(
        try SweepStudy(
          sweep, spec, stored: try database.legs(sweep: sweep.id),
          earlier: try Self.earlier(spec, database)))
    } else {
      self = .numbered(spec, spec.makeSampler())
    }
  }

  /// Whether the rows of the sweep are those that this search knows.
  func matches(_ sweep: OpenSweep) -> Bool {
    if case .learning(let study) = self { study.matches(sweep) } else { true }
  }

  /// The trials of sweeps that are over, as what a sampler may learn from beforehand. Their numbers are
  /// below those of any trial.
  private static func earlier(_ spec: SweepSpec, _ database: Database) throws -> [Observation] {
    var observations: [Observation] = []
    for id in spec.search.warmStart {
      for point in try database.finishedPoints(sweep: id) {
        guard let assignment = try? Assignment(json: point.params.text) else { continue }
        observations.append(
          Observation(
            trial: -1 - observations.count, assignment: assignment,
            outcome: .completed([spec.objective.goal.loss(of: point.objective)])))
      }
    }
    return observations
  }

  /// The trials with these numbers, each with the reason for its values.
  static func trials(
    _ numbers: Range<Int>, _ spec: SweepSpec, _ sampler: any Sampler
  ) throws -> [NewTrial] {
    var sampler = sampler
    return try numbers.map { number in
      guard let suggestion = sampler.suggest(trial: number) else {
        throw SystemError("the sampler \(spec.sampler.rawValue) has no point for trial \(number)")
      }
      return NewTrial(
        params: JSON(text: suggestion.assignment.json), reason: suggestion.reason,
        details: try JSON(encoding: ["sampler": suggestion.sampler]))
    }
  }
}
