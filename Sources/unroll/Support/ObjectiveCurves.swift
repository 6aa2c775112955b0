import Orchestration
import Postgres
import Search
import Store

/// What a sweep is about, trial by trial and epoch by epoch.
struct ObjectiveCurves {
  /// Of each objective.
  let names: [String]
  let goals: [Goal]
  /// The losses of each trial by its number, then by epoch, then by objective.
  let losses: [[[Double]]]

  /// Reads them, and computes those that are expressions.
  ///
  /// - Throws: `StoreError`, or `SystemError` if nothing was measured.
  init(
    _ database: Database, _ sweep: SweepReport, _ spec: SweepSpec, _ objective: Store.Objective
  ) throws {
    func curves(_ metric: String, _ split: String) throws -> [[Double]] {
      var curves = Array(repeating: [Double](), count: sweep.created)
      let wanted = Store.Objective(metric: metric, split: split, goal: objective.goal)
      for point in try database.objectiveCurves(sweep: sweep.id, wanted)
      where curves.indices.contains(point.number) {
        curves[point.number].append(point.value)
      }
      return curves
    }
    let goals: [Goal]
    let values: [[[Double]]]
    if spec.objectives.count == 1, spec.objective.expression == nil {
      // What it is about may have followed from the data.
      names = [objective.metric]
      goals = [objective.goal == "maximize" ? .maximize : .minimize]
      values = [try curves(objective.metric, objective.split)]
    } else {
      names = spec.objectives.map(\.metric)
      goals = spec.objectives.map(\.goal)
      values = try spec.objectives.map { objective in
        let names = objective.expression?.names ?? [objective.metric]
        let parts = try names.map { ($0, try curves($0, objective.split)) }
        return (0..<sweep.created).map { trial in
          (0..<(parts.map { $0.1[trial].count }.min() ?? 0)).map { epoch in
            objective.value { name in parts.first { $0.0 == name }?.1[trial][epoch] }
          }
        }
      }
    }
    self.goals = goals
    losses = (0..<sweep.created).map { trial in
      (0..<(values.map { $0[trial].count }.min() ?? 0)).map { epoch in
        goals.indices.map { goals[$0].loss(of: values[$0][trial][epoch]) }
      }
    }
    guard losses.contains(where: { !$0.isEmpty }) else {
      throw SystemError(
        "sweep \(sweep.id) has no curves of \(objective.split) \(names.joined(separator: ", "))")
    }
  }

  /// Those of a sweep by the specification that is stored; nil while nothing was measured.
  ///
  /// - Throws: `StoreError`.
  static func measured(
    _ database: Database, _ sweep: SweepReport, _ objective: Store.Objective
  ) throws -> ObjectiveCurves? {
    let spec = try SweepSpec.stored(
      try database.spec(sweep: sweep.id).text, file: "spec", schema: .sweep)
    do { return try ObjectiveCurves(database, sweep, spec, objective) } catch is SystemError {
      return nil
    }
  }
}
