import FoundationEssentials
import Glibc
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

  /// A dataset, from the disk or from the database. On the way to the disk no more than a piece of it is in
  /// memory.
  ///
  /// - Parameters:
  ///   - stored: Which one.
  ///   - database: Where it is if it is not here.
  /// - Returns: The dataset.
  /// - Throws: `StoreError`, or `DatasetDecodingError`.
  public func dataset(_ stored: StoredDataset, from database: Database) throws -> Dataset {
    if let path = directory.map({ "\($0)/\(stored.version)" }) {
      if let data = mapped(path, stored) {
        return try Dataset(decoding: data, name: stored.name)
      }
      try? keep(path) { take in try database.datasetContent(id: stored.id, take) }
      if let data = mapped(path, stored) {
        return try Dataset(decoding: data, name: stored.name)
      }
    }
    return try Dataset(decoding: try database.datasetContent(id: stored.id), name: stored.name)
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

  private func keep(_ path: String, _ pieces: (([UInt8]) throws -> Void) throws -> Void) throws {
    guard let directory else { return }
    try Environment.createDirectory(directory)
    // Written beside and renamed: a reader sees all of it or nothing.
    let partial = "\(path).\(UUID().uuidString)"
    let file = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard file >= 0 else { return }
    defer {
      close(file)
      unlink(partial)
    }
    try pieces { piece in
      var rest = piece[...]
      while !rest.isEmpty {
        let count = rest.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { throw SystemError.call(partial) }
        rest = rest.dropFirst(count)
      }
    }
    rename(partial, path)
  }
}
