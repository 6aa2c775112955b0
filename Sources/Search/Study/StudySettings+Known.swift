import Philox

extension StudySettings {
  /// The values of a setting: what is known of it, and what the sampler chooses.
  ///
  /// - Parameters:
  ///   - setting: The number of the setting.
  ///   - sampler: Asked unless all is known.
  /// - Returns: The values; nil if nothing is known and the sampler has no more points.
  public func suggest(_ setting: Int, sampler: inout any Sampler) -> Suggestion? {
    guard setting < known.count, !known[setting].isEmpty else {
      return sampler.suggest(trial: setting)
    }
    let point = known[setting]
    let place = known[...setting].count { !$0.isEmpty }
    let which = "known point \(place) of \(known.count { !$0.isEmpty })"
    let whole = complete(point, with: Assignment(), setting: setting)
    if whole.count == point.count, zip(whole, point).allSatisfy({ $0 == $1 }) {
      return Suggestion(
        trial: setting, assignment: point, sampler: sampler.name, reason: which)
    }
    let chosen = sampler.suggest(trial: setting)
    return Suggestion(
      trial: setting,
      assignment: complete(point, with: chosen?.assignment ?? Assignment(), setting: setting),
      sampler: sampler.name,
      reason: "\(which), the rest: \(chosen?.reason ?? "at random with seed \(seed)")")
  }

  /// A point of the space: known values before suggested ones before draws, which are needed if a
  /// known value brings parameters with it that the suggestion does not have. Where the constraints
  /// refuse what was suggested beside known values, draws take its place.
  private func complete(_ known: Assignment, with suggested: Assignment, setting: Int)
    -> Assignment
  {
    var random = Philox(seed: seed).sequence(.search, step: UInt32(truncatingIfNeeded: setting))
    let values = space.draw { parameter in
      known[parameter.path] ?? suggested[parameter.path]
        ?? parameter.distribution.sample(&random)
    }
    let point = Assignment(space, values: values)
    if space.isAllowed(point) { return point }
    // A point that was known is less than the constraints.
    return space.sample(&random, keeping: known) ?? space.sample(&random) ?? point
  }
}
