import FoundationEssentials
public import Store
public import Training

/// Datasets by their content: one copy on the disk of a machine, for all processes and all sweeps.
///
/// A file is named by the sha256 of its bytes and checked against it when it is read, so that a
/// damaged or half written file is only a reason to ask the database again. That there is no place
/// to write is no error: the database has the data.
public struct DatasetCache: Sendable {
  /// Where the files are; nil when there is no place for them.
  public let directory: String?

  /// A cache in a directory; nil for `unroll/datasets` below `XDG_CACHE_HOME`, else ~/.cache.
  public init(directory: String? = nil) {
    self.directory =
      directory
      ?? (Environment.value("XDG_CACHE_HOME") ?? Environment.home.map { "\($0)/.cache" })
      .map { "\($0)/unroll/datasets" }
  }

  /// A dataset, from the disk or from the database.
  ///
  /// - Parameters:
  ///   - stored: Which one.
  ///   - content: Reads its bytes from the database.
  /// - Returns: The dataset.
  /// - Throws: What `content` throws, or `DatasetDecodingError`.
  public func dataset(_ stored: StoredDataset, content: () throws -> [UInt8]) throws -> Dataset {
    let path = directory.map { "\($0)/\(stored.version)" }
    if let data = path.flatMap({ mapped($0, stored) }) {
      return try Dataset(decoding: data, name: stored.name)
    }
    let bytes = try content()
    if let path {
      try? keep(bytes, path)
      if let data = mapped(path, stored) { return try Dataset(decoding: data, name: stored.name) }
    }
    return try Dataset(decoding: bytes, name: stored.name)
  }

  /// The file of a dataset if it is whole. It is mapped into memory: what a dataset keeps as it is in
  /// the file takes no memory that the system could not take back, and all workers of a machine share
  /// it.
  private func mapped(_ path: String, _ stored: StoredDataset) -> Data? {
    guard let data = try? Data(contentsOf: URL(filePath: path), options: .alwaysMapped),
      Digest.text(of: data) == stored.version
    else { return nil }
    return data
  }

  private func keep(_ bytes: [UInt8], _ path: String) throws {
    guard let directory else { return }
    try Environment.createDirectory(directory)
    // Written beside and renamed: a reader sees all of it or nothing.
    try Data(bytes).write(to: URL(filePath: path), options: .atomic)
  }
}
