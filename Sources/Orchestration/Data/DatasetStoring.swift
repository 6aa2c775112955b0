import Postgres
public import Store
public import Training

/// How the content of a stored dataset is to be read, and how it came to be.
struct StoredHeader: Codable {
  var format = "UNROLLDS"
  /// How the file was read that was imported.
  var importedWith: ImportOptions?
  /// What each series is called, for `unroll.predictions`.
  var series: [String]?

  enum CodingKeys: String, CodingKey {
    case format, series
    case importedWith = "import"
  }
}

extension StoredDataset {
  /// How the file was read of which the dataset was made; nil if that is not known.
  public var importOptions: ImportOptions? {
    var options = importedWith
    let summary = try? summary.decode(DatasetSummary.self)
    if let lengths = summary?.lengths, lengths.minimum == lengths.maximum {
      options?.rowValues = summary?.channels.map { lengths.maximum * $0.count }
    }
    return options
  }

  private var importedWith: ImportOptions? {
    (try? header.decode(StoredHeader.self))?.importedWith
  }

  /// Whether it is what a fetch makes of an entry of the catalogue, as far as is told of it: read in the
  /// same way, or pictures with the same labels.
  fileprivate func isFetched(_ entry: CatalogueEntry) -> Bool {
    switch entry.content {
    case .table(let options): return importedWith == options
    case .images(let labels):
      let found = (try? summary.decode(DatasetSummary.self))?.labels.map(\.name) ?? []
      return importedWith == nil && Set(found) == Set(labels)
    }
  }

  /// What each series is called; nil if the file did not say.
  public var series: [String]? { (try? header.decode(StoredHeader.self))?.series }
}

extension Database {
  /// The dataset that was fetched as an entry of the catalogue; nil if there is none. What somebody imported
  /// or generated under its name is another.
  ///
  /// - Throws: `StoreError`.
  public func fetched(_ entry: CatalogueEntry) throws -> StoredDataset? {
    try datasets().first { $0.name == entry.name && $0.isFetched(entry) }
  }

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
        header: try JSON(
          encoding: StoredHeader(importedWith: options, series: dataset.names)),
        summary: try JSON(encoding: summary),
        examples: dataset.count),
      bytes: dataset.encodedCount
    ) { try dataset.encode(pieces: NewDataset.pieceBytes, $0) }
  }
}
