import Postgres
public import Store
public import Training

/// How the content of a stored dataset is to be read, and how it came to be.
struct StoredHeader: Codable {
  var format = "UNROLLDS"
  /// How the file was read that was imported.
  var importedWith: ImportOptions?

  enum CodingKeys: String, CodingKey {
    case format
    case importedWith = "import"
  }
}

extension StoredDataset {
  /// How the file was read of which the dataset was made; nil if that is not known.
  public var importOptions: ImportOptions? {
    (try? header.decode(StoredHeader.self))?.importedWith
  }
}

extension Database {
  /// Stores a dataset with the facts that people want to see of it. The same content under the same
  /// name again is the dataset that is there already.
  ///
  /// - Parameters:
  ///   - dataset: The dataset.
  ///   - options: How the file was read of which it was made: so can others be that a model is asked
  ///     about.
  /// - Returns: What is stored.
  /// - Throws: `StoreError`.
  public func put(
    _ dataset: Dataset, importedWith options: ImportOptions? = nil
  ) throws -> StoredDataset {
    let summary = dataset.summary
    return try putDataset(
      NewDataset(
        name: dataset.name, version: dataset.sha256, kind: summary.input,
        header: try JSON(encoding: StoredHeader(importedWith: options)),
        summary: try JSON(encoding: summary),
        examples: dataset.count),
      bytes: dataset.encodedCount
    ) { try dataset.encode(pieces: NewDataset.pieceBytes, $0) }
  }
}
