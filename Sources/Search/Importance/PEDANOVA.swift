extension Importance {
  /// How much each parameter has to do with being among the best trials: PED-ANOVA (Watanabe,
  /// Bansal and Hutter, IJCAI 2023), with its extension to conditional parameters (2026).
  ///
  /// It compares how the values of a parameter are spread among the best trials and among all, and
  /// so needs no model of the losses. It agrees with Optuna 5.0's evaluator of that name, and with
  /// `unroll.importance` in SQL.
  ///
  /// - Parameters:
  ///   - space: The space of the trials.
  ///   - trials: Trials that ended well; those whose loss is no finite number do not count.
  ///   - quantile: Which share of the trials are the best ones, above 0 and below 1.
  /// - Returns: The parameters that any of the trials has, the most important first.
  /// - Complexity: O(parameters · (trials + 50²)), and sorting the losses.
  public static func pedANOVA(
    _ space: Space, _ trials: [ScoredTrial], quantile: Double = 0.1
  ) -> [Importance] {
    precondition(quantile > 0 && quantile < 1, "\(quantile) is no share of the trials")
    let trials = trials.filter(\.loss.isFinite)
    guard !trials.isEmpty else { return [] }
    let losses = trials.map(\.loss).sorted()
    let cutoff = losses[Int((quantile * Double(losses.count)).rounded(.up)) - 1]
    let best = trials.count { $0.loss <= cutoff }
    return normalized(
      space.parameters.compactMap { parameter in
        let axis = ImportanceAxis(parameter.distribution)
        var everyone = Array(repeating: 0, count: axis.cells)
        var leaders = everyone
        for (assignment, loss) in trials {
          guard let cell = assignment[parameter.path].flatMap(axis.cell) else { continue }
          everyone[cell] += 1
          if loss <= cutoff { leaders[cell] += 1 }
        }
        let present = everyone.reduce(0, +)
        guard present > 0 else { return nil }
        // Where a parameter is not always there: how often it is, among the best and among all.
        let leading = Double(leaders.reduce(0, +)) / Double(best)
        let weight = leading * leading * Double(trials.count) / Double(present)
        let share = present > 1 && leading > 0 ? weight * divergence(leaders, everyone, axis) : 0
        return (parameter.path, share, present)
      })
  }

  /// Pearson's divergence of how the best are spread from how all are.
  private static func divergence(_ leaders: [Int], _ everyone: [Int], _ axis: ImportanceAxis)
    -> Double
  {
    guard axis.cells > 1 else { return 0 }
    let density =
      switch axis.kind {
      case .classes: CellDensity.classes
      case .numbers: CellDensity.numbers
      }
    return zip(density(leaders), density(everyone)).reduce(0) { sum, pair in
      let (top, all) = (pair.0 + 1e-12, pair.1 + 1e-12)
      return sum + all * (top / all - 1) * (top / all - 1)
    }
  }
}
