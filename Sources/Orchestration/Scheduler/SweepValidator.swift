import Dispatch
import Logging
import Postgres
import Search
import Store

/// Finds out whether submitted sweeps can be run, on a thread and a connection of its own: reading a
/// large dataset takes longer than a leader may be silent.
final class SweepValidator: Sendable {
  /// What came of it, and of which revision of the sweep.
  struct Verdict: Sendable {
    let revision: Int
    let answer: Answer
  }

  enum Answer: Sendable {
    case accepted(Activation)
    case refused(String)
  }

  private struct State {
    var underWay: Set<Int> = []
    var verdicts: [Int: Verdict] = [:]
  }

  private let client: DatabaseClient
  private let cache: DatasetCache
  private let shutdown: Shutdown
  private let queue = DispatchQueue(label: "unroll.validator")
  private let state = Locked(State())

  init(_ client: DatabaseClient, _ cache: DatasetCache, shutdown: Shutdown) {
    self.client = client
    self.cache = cache
    self.shutdown = shutdown
  }

  /// What came of a sweep; nil as long as it is not known. The first call begins to find out, and
  /// one after a verdict begins anew.
  func verdict(on sweep: OpenSweep) -> Verdict? {
    let (verdict, isNew) = state.withLock { state in
      if let verdict = state.verdicts.removeValue(forKey: sweep.id) {
        return (verdict, false) as (Verdict?, Bool)
      }
      return (nil, state.underWay.insert(sweep.id).inserted)
    }
    if isNew {
      queue.async { [self] in
        let verdict = judge(sweep).map { Verdict(revision: sweep.revision, answer: $0) }
        state.withLock { state in
          state.underWay.remove(sweep.id)
          if let verdict { state.verdicts[sweep.id] = verdict }
        }
      }
    }
    return verdict
  }

  /// nil when the database was away until the scheduler stopped.
  private func judge(_ sweep: OpenSweep) -> Answer? {
    do {
      let spec =
        sweep.revision > 0
        ? try SweepSpec.stored(sweep.spec.text, file: "spec", schema: .sweep)
        : try SweepSpec.parse(sweep.spec.text, file: "spec", schema: .sweep)
      let (dataset, initial) = try client.persist(while: { !shutdown.isRequested }) { database in
        (
          try cache.dataset(database.dataset(id: sweep.datasetID), from: database),
          try database.initialWeights(spec)
        )
      }
      let checked = try CheckedSweep(spec, on: dataset, initial: initial)
      try client.persist(while: { !shutdown.isRequested }) { try $0.checkWarmStart(of: checked) }
      return .accepted(try checked.activation())
    } catch let error as StoreError where error.isRetryable {
      return nil
    } catch {
      return .refused(oneLine(error))
    }
  }

  /// The first of the errors that the command would have shown before anything was enqueued.
  private func oneLine(_ error: any Error) -> String {
    if let errors = error as? SpecErrors, let first = errors.errors.first {
      return first.path.isEmpty ? first.message : "\(first.path): \(first.message)"
    }
    return "\(error)"
  }
}
