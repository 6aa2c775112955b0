import Dispatch
import Training

/// Datasets made ready for training, shared by the slots of a worker: the trials of a sweep differ
/// in model and training, not in data.
final class PreparedDataCache: @unchecked Sendable {
  // @unchecked Sendable: 'entries' is touched only on 'queue'.
  private struct Key: Hashable {
    let version: String
    let plan: DataPlan
    let seed: UInt64
  }

  private struct Entry {
    let key: Key
    let data: PreparedData
  }

  /// How many are kept: a worker sees few sweeps at a time.
  private let capacity: Int
  private let datasets: DatasetCache
  // Data is prepared on the queue: another slot that wants the same waits for it instead of doing it
  // again.
  private let queue = DispatchQueue(label: "unroll.data")
  private var entries: [Entry] = []

  init(_ datasets: DatasetCache, capacity: Int = 4) {
    self.datasets = datasets
    self.capacity = capacity
  }

  /// The data of a sweep.
  ///
  /// - Parameters:
  ///   - version: The dataset's sha256.
  ///   - plan: How it becomes sequences.
  ///   - seed: The seed of the sweep.
  ///   - load: Reads the dataset when it is not here yet.
  ///   - onProgress: Called again and again while the dataset is made ready.
  /// - Returns: The data, which the caller shares with others.
  /// - Throws: What `load` throws, or `PlanError`.
  func data(
    version: String, plan: DataPlan, seed: UInt64, load: (DatasetCache) throws -> Dataset,
    onProgress: () -> Void
  ) throws -> PreparedData {
    let key = Key(version: version, plan: plan, seed: seed)
    return try queue.sync {
      if let index = entries.firstIndex(where: { $0.key == key }) {
        let entry = entries.remove(at: index)
        entries.append(entry)
        return entry.data
      }
      let data = try PreparedData(load(datasets), plan, seed: seed, onProgress: onProgress)
      if entries.count == capacity { entries.removeFirst() }
      entries.append(Entry(key: key, data: data))
      return data
    }
  }
}
