import Glibc
import Testing

@testable import Search

/// What a decision costs, in processor time of its thread. Other tests run beside it and share its caches:
/// a bound is three times what is asked for (5 ms and 200 ms); a lost class of complexity is far more.
@Suite(.serialized) struct SamplerTimeTests {
  private static func seconds() -> Double {
    var now = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now)
    return Double(now.tv_sec) + Double(now.tv_nsec) * 1e-9
  }

  /// The median time of taking in one result and suggesting the next trial.
  private func median(
    _ sampler: some Sampler, _ later: ArraySlice<Observation>
  ) -> Double {
    var sampler = sampler
    var times: [Double] = []
    for observation in later {
      let start = Self.seconds()
      sampler.observe(observation)
      let suggestion = sampler.suggest(trial: 1_000_000 + observation.trial)
      times.append(Self.seconds() - start)
      #expect(suggestion != nil)
    }
    return times.sorted()[times.count / 2]
  }

  /// The same with a second loss, which is no function of the first.
  private func history(_ count: Int, objectives: Int) -> [Observation] {
    let history = TPESamplerTests.history(count)
    guard objectives > 1 else { return history }
    return history.map { observation in
      let second = Double(observation.trial * 7919 % 10_007) / 10_007
      let outcome: Outcome =
        switch observation.outcome {
        case .completed(let losses): .completed(losses + [second])
        case .pruned(let losses, let epochs): .pruned(losses + [second], epochs: epochs)
        case let other: other
        }
      return Observation(
        trial: observation.trial, assignment: observation.assignment, outcome: outcome)
    }
  }

  @Test(arguments: 1...2) func `tpe takes milliseconds after 30 000 trials`(objectives: Int) {
    let history = history(30_021, objectives: objectives)
    var sampler = TPESampler(TPESamplerTests.space, objectives: objectives, seed: 1)
    for observation in history.prefix(30_000) { sampler.observe(observation) }
    _ = sampler.suggest(trial: 1_000_000)
    #expect(median(sampler, history.suffix(21)) < 15e-3)
  }

  @Test(arguments: 1...2)
  func `a Gaussian process takes a fraction of a second after 300 trials`(objectives: Int) {
    let history = history(305, objectives: objectives)
    var sampler = GPSampler(TPESamplerTests.space, seed: 1)
    for observation in history.prefix(300) { sampler.observe(observation) }
    #expect(median(sampler, history.suffix(5)) < 600e-3)
  }
}
