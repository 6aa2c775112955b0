import ArgumentParser
import Orchestration
import Pictures
import Postgres
import Search
import Store

extension PlotSource {
  /// The trials of a sweep with a value for each setting that varied, the most important first.
  ///
  /// - Parameters:
  ///   - sweep: The sweep.
  ///   - how: How the picture shows them, for the title.
  ///   - least: How many settings the picture needs.
  /// - Returns: What pictures of settings are made of.
  /// - Throws: `ValidationError` if there are no results, too few settings vary, or one that was asked
  ///   for is not there.
  func trials(_ sweep: SweepReport, _ how: String, least: Int = 1) throws -> TrialSet {
    let objective = try objective(sweep)
    let reports = try database.trials(sweep: sweep.id, limit: .max)
      .filter { $0.objective?.isFinite == true }
    guard !reports.isEmpty else { throw noResults(sweep) }
    let assignments = try reports.map { try Assignment(json: $0.params.text) }
    let (columns, varying) = try columns(sweep, assignments)
    guard columns.count >= least else {
      throw tooFew(sweep, trials: reports.count, varying: varying, least: least)
    }
    let pruned = reports.count { $0.state != "succeeded" }
    return TrialSet(
      title: "\(name(sweep)): \(objective.split) \(objective.metric) \(how)",
      subtitle: "\(reports.count) \(reports.count == 1 ? "trial" : "trials")"
        + (pruned > 0
          ? "; \(pruned) of them were not trained to the end: with what they reached" : ""),
      parameters: columns.map(\.axis), objective: "\(objective.split) \(objective.metric)",
      isLessBetter: objective.goal == "minimize",
      trials: zip(reports, assignments).map { report, assignment in
        TrialSet.Trial(
          id: report.id, values: columns.map { $0.place(assignment[$0.path]) },
          objective: report.objective ?? .nan)
      })
  }

  /// Why there are fewer settings than a picture needs.
  private func tooFew(
    _ sweep: SweepReport, trials: Int, varying: [String], least: Int
  ) -> ValidationError {
    if let params, params.count < least, varying.count >= least {
      return ValidationError(
        "--params: this picture needs \(least == 1 ? "a setting" : "two settings"), found "
          + (params.isEmpty ? "none" : "only \(params.joined())")
          + "; those that vary in sweep \(sweep.id) are \(varying.joined(separator: ", "))")
    }
    let needed = least == 1 ? "a setting that varies" : "two settings that vary"
    guard trials > 1 else {
      return ValidationError(
        "this picture needs \(needed), and one trial with a result, as sweep \(sweep.id) (\(sweep.name), "
          + "\(sweep.state)) has, is not enough to see any")
    }
    return ValidationError(
      "this picture needs \(needed); in sweep \(sweep.id) "
        + (varying.isEmpty ? "none does" : "only \(varying[0]) does"))
  }

  /// One setting: its axis, and where a value is on it.
  private struct Column {
    let path: String
    let axis: ParameterAxis
    /// The values of an axis of names.
    let values: [Value]?

    func place(_ value: Value?) -> Double? {
      guard let value else { return nil }
      guard let values else { return value.number }
      return values.firstIndex(of: value).map(Double.init)
    }
  }

  /// The settings that are drawn, and the names of those that vary.
  private func columns(
    _ sweep: SweepReport, _ assignments: [Assignment]
  ) throws -> (drawn: [Column], varying: [String]) {
    let space = try? SweepSpec.stored(sweep.spec.text, file: sweep.name, schema: .sweep).space
    var seen: [String: Set<Value>] = [:]
    for entry in assignments.joined() { seen[entry.path, default: []].insert(entry.value) }
    var counts: [String: Int] = [:]
    for entry in assignments.joined() { counts[entry.path, default: 0] += 1 }
    let paths = seen.keys.sorted()
    let names = Space(paths.map { Search.Parameter($0, .choice([.null])) }).shortNames
    let titles = Dictionary(uniqueKeysWithValues: zip(paths, names))
    // What is the same in all trials is nothing to look at.
    let varying = paths.filter {
      (seen[$0]?.count ?? 0) > 1 || (counts[$0] ?? 0) < assignments.count
    }
    let chosen: [String]
    if let params {
      chosen = try params.map { name in
        guard let path = paths.first(where: { $0 == name || titles[$0] == name }) else {
          let known = paths.map { titles[$0] ?? $0 }
          throw ValidationError(
            "--params: sweep \(sweep.id) has no setting \(name); there are: \(known.joined(separator: ", "))"
          )
        }
        return path
      }
      guard Set(chosen).count == chosen.count else {
        throw ValidationError("--params: each setting once")
      }
    } else {
      let importances = try database.importance(sweep: sweep.id)
      let shares = Dictionary(
        importances.map { ($0.name, $0.importance) }, uniquingKeysWith: { first, _ in first })
      chosen = varying.sorted { first, second in
        let (a, b) = (shares[first] ?? 0, shares[second] ?? 0)
        return a == b ? first < second : a > b
      }
    }
    let drawn = chosen.map { path in
      column(
        path, titles[path] ?? path, Array(seen[path] ?? []),
        space?.parameters.first { $0.path == path }?.distribution)
    }
    return (drawn, varying.map { titles[$0] ?? $0 })
  }

  private func column(
    _ path: String, _ title: String, _ seen: [Value], _ distribution: Distribution?
  ) -> Column {
    func names(_ values: [Value]) -> Column {
      Column(
        path: path, axis: ParameterAxis(title, .names(values.map(Format.value))), values: values)
    }
    func numbers(_ kind: ParameterAxis.Kind) -> Column {
      // A known point may be none of what the distribution draws.
      seen.allSatisfy { $0.number != nil }
        ? Column(path: path, axis: ParameterAxis(title, kind), values: nil) : names(sorted(seen))
    }
    switch distribution {
    case .choice(let values), .ordinal(let values):
      let isNumeric = values.allSatisfy { $0.number != nil }
      let missing = sorted(seen.filter { !values.contains($0) })
      return names(isNumeric ? sorted(values + missing) : values + missing)
    case .uniform, .steps: return numbers(.linear)
    case .integers: return numbers(.whole)
    case .logUniform, .logIntegers, .logSteps: return numbers(.logarithmic)
    case .normal(_, _, _, _, let isLogarithmic, _):
      return numbers(isLogarithmic ? .logarithmic : .linear)
    case nil:
      // Settings that the space does not tell of: few numbers are names, as a choice has them.
      return seen.count <= 8 ? names(sorted(seen)) : numbers(.linear)
    }
  }

  private func sorted(_ values: [Value]) -> [Value] {
    values.sorted { first, second in
      if let a = first.number, let b = second.number { return a < b }
      return first.json < second.json
    }
  }
}
