public import Search
public import Store
import Training

/// Checks specifications against the datasets of a database: what the command does before it
/// enqueues.
public struct SweepCheck {
  private let database: Database
  private let cache: DatasetCache

  /// Checks against a database.
  public init(_ database: Database, cache: DatasetCache = DatasetCache()) {
    self.database = database
    self.cache = cache
  }

  /// Finds the dataset of a specification and binds the specification to it.
  ///
  /// - Throws: `SpecError` at its place in the file, or `StoreError`.
  public func check(_ spec: SweepSpec) throws -> CheckedSweep {
    guard let name = spec.fixed["dataset.name"]?.string else {
      preconditionFailure("a sweep without a dataset was parsed")
    }
    let stored: StoredDataset
    do {
      stored = try database.dataset(
        named: name, version: spec.fixed["dataset.version"]?.string ?? "")
    } catch let error as StoreError where error.code == .notFound {
      let fetch =
        CatalogueEntry.named(name) == nil ? "" : "; get it with: unroll dataset fetch \(name)"
      throw spec.error("dataset.name", error.message + fetch)
    } catch let error as StoreError where error.code == .invalid {
      throw spec.error("dataset.version", error.message)
    }
    try checkVectors(spec)
    let dataset = try cache.dataset(stored, from: database)
    let checked = try CheckedSweep(spec, on: dataset, initial: try database.initialWeights(spec))
    try database.checkWarmStart(of: checked)
    return checked
  }

  /// Vectors of words must be there, and as wide as an embedding that does not vary.
  private func checkVectors(_ spec: SweepSpec) throws {
    guard let name = spec.fixed["model.vectors"]?.string else { return }
    let width: Int
    do {
      width = try database.vectors(named: name, of: []).width
    } catch let error as StoreError where error.code == .notFound {
      throw spec.error("model.vectors", error.message)
    }
    guard let embedding = spec.fixed["model.embedding"]?.integer, embedding != width else { return }
    throw spec.isChosen("model.embedding")
      ? spec.error(
        "model.embedding",
        "found \(embedding), allowed: \(width), the width of the vectors \(name)")
      : spec.error(
        "model.vectors",
        "found vectors of \(width) numbers, allowed: with embedding: \(width) beside them")
  }
}
