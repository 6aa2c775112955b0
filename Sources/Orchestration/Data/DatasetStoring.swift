import Postgres
public import Store
public import Training

extension Database {
  /// Stores a dataset with the facts that people want to see of it. The same content under the same
  /// name again is the dataset that is there already.
  public func put(_ dataset: Dataset) throws -> StoredDataset {
    let summary = dataset.summary
    return try putDataset(
      NewDataset(
        name: dataset.name, version: dataset.sha256, kind: summary.input,
        header: try JSON(encoding: ["format": "UNROLLDS"]), summary: try JSON(encoding: summary),
        examples: dataset.count),
      content: dataset.encoded())
  }
}
