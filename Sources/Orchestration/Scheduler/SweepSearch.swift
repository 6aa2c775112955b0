import Postgres
import Search
import Store

/// The sampler of an active sweep.
struct SweepSearch {
  private let spec: SweepSpec
  private var sampler: any Sampler

  init(_ sweep: OpenSweep) throws {
    spec = try SweepSpec.parse(sweep.spec.text, file: "spec", schema: .sweep)
    sampler = spec.makeSampler()
  }

  /// The next trials, each with the reason for its values.
  func trials(_ numbers: Range<Int>) throws -> [NewTrial] {
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
