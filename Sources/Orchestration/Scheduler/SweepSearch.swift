import Postgres
import Search
import Store

/// The search of an active sweep: one that needs no results makes trials by their numbers alone, many
/// at a time; any other is a study.
enum SweepSearch {
  case numbered(NumberedSearch)
  case learning(SweepStudy)

  /// Makes the search of a sweep from its rows.
  init(_ sweep: OpenSweep, _ database: Database) throws {
    let spec = try SweepSpec.stored(sweep.spec.text, file: "spec", schema: .sweep)
    let learns = SweepStudy.isNeeded(for: spec) || !spec.search.warmStart.isEmpty
    // A sweep whose trials were made by their numbers goes on so, whatever was added to it.
    if learns && (sweep.created == 0 || sweep.legs > 0) {
      self = .learning(
        try SweepStudy(
          sweep, spec, stored: try database.legs(sweep: sweep.id),
          earlier: try Self.earlier(than: sweep, spec, database)))
    } else {
      self = .numbered(try NumberedSearch(sweep, spec, database))
    }
  }

  /// Whether the rows of the sweep are those that this search knows.
  func matches(_ sweep: OpenSweep) -> Bool {
    switch self {
    case .numbered(let search): search.matches(sweep)
    case .learning(let study): study.matches(sweep)
    }
  }

  /// The trials of earlier sweeps, as what a sampler may learn from beforehand. Their numbers are below
  /// those of any trial.
  private static func earlier(
    than sweep: OpenSweep, _ spec: SweepSpec, _ database: Database
  ) throws -> [Observation] {
    var observations: [Observation] = []
    for id in spec.search.warmStart {
      let json: JSON
      do { json = try database.spec(sweep: id) } catch let error as StoreError
        where error.code == .notFound
      { continue }
      let former = try SweepSpec.stored(json.text, file: "spec", schema: .sweep)
      for point in try database.finishedPoints(sweep: id, before: sweep.id) {
        // What was the same in all of its trials may be searched now.
        guard let params = try? Assignment(json: point.params.text),
          let assignment = spec.space.point(former.settings(params))
        else { continue }
        observations.append(
          Observation(
            trial: -1 - observations.count, assignment: assignment,
            outcome: .completed([spec.objective.goal.loss(of: point.objective)])))
      }
    }
    return observations
  }
}
