import Search
import Store

extension Database {
  /// Checks that a search can learn from the sweeps that it names: their values must be of the same
  /// objective.
  ///
  /// - Throws: `SpecError` at its place in the file, or `StoreError`.
  func checkWarmStart(of checked: CheckedSweep) throws {
    let spec = checked.spec
    let path = "search.warm_start"
    if let name = spec.search.warmStartName {
      throw spec.error(
        path,
        "found \"\(name)\", allowed: in SQL the number of a sweep (unroll enqueue knows names)")
    }
    guard !spec.search.warmStart.isEmpty else { return }
    guard spec.objectives.count == 1 else {
      throw spec.error(path, "found \(spec.objectives.count) objectives beside it, allowed: one")
    }
    let objective = try checked.activation().objective
    for id in spec.search.warmStart {
      let earlier: SweepReport
      do { earlier = try sweep(id: id) } catch let error as StoreError where error.code == .notFound
      {
        throw spec.error(path, error.message)
      }
      // What it learns from is what there is when it is accepted, to the last result.
      guard spec.search.order != .deterministic || earlier.finishedAt != nil else {
        throw spec.error(
          path,
          "found sweep \(id), which is not over, allowed: with order: deterministic sweeps that are"
        )
      }
      guard earlier.objective == objective else {
        let found = earlier.objective.map { "objective is to \($0.goal) \($0.split) \($0.metric)" }
        throw spec.error(
          path,
          "found sweep \(id), whose \(found ?? "objective is not known yet"), allowed: sweeps that "
            + "\(objective.goal) \(objective.split) \(objective.metric)")
      }
    }
  }
}
