import Glibc
import Philox
import Testing
import Training

/// Damaged files of every kind: each is read or refused in one clear line. Two thousand of each, or as
/// many as the variable UNROLL_FUZZ_FILES says.
@Suite struct FuzzTests {
  struct Reader: Sendable, CustomTestStringConvertible {
    let name: String
    let seeds: [[UInt8]]
    /// Pieces that mean something in the format.
    let words: [String]
    let read: @Sendable ([UInt8]) throws -> Void
    var testDescription: String { name }
  }

  static let readers: [Reader] = [
    table(
      "csv", seeds: ["a,b,c\n1,2,x\n3.5,-4,y\n", "a,b,c\r\n\"1\",\"2\",\"x, \"\"y\"\"\nz\"\r\n"],
      words: ["\"", ",", "\r\n", "\n", "nan", "1e39", "\u{FEFF}", "b", "\"\""],
      ImportOptions(format: .csv, label: "c", values: ["a", "b"])),
    table(
      "csv series",
      seeds: ["t,s,v,w\n2010-01-01,p,1,x\n2010-01-02,p,NA,y\n2010-01-01 03:00,q,3,x\n"],
      words: ["2010-13-01", "9999-12-31T23:59:59Z", "NA", ",", "\n", "-", ":", "0000-00-00", "\""],
      {
        var options = ImportOptions(format: .csv, values: ["v"])
        (options.time, options.series, options.categories) = (["t"], "s", ["w"])
        options.missing = .keep
        return options
      }()),
    table(
      "tsv", seeds: ["ham\tsay hi\ttrain\nspam\twin now\ttest\n"],
      words: ["\t", "\n", "\r\n", "\u{2028}", "dev", "\0"],
      ImportOptions(format: .tsv, text: "2", label: "1", split: "3")),
    table(
      "jsonl",
      seeds: [
        "{\"x\":[[1,2],[3,null]],\"y\":0.5}\n{\"x\":[[5,6]],\"y\":-2}\n",
        "{\"x\":[1,2,3],\"y\":1}\n",
      ],
      words: ["[", "]", "{", "}", "null", "1e400", "\"x\"", ",", "\\u0000", "\n", "true"],
      {
        var options = ImportOptions(format: .jsonl, values: ["x"], number: "y")
        options.missing = .keep
        return options
      }()),
    table(
      "ts",
      seeds: [
        "@timeStamps false\n@missing true\n@classLabel true 1 2\n@data\n1,?,3:4,5,6:2\n7:NaN:1\n",
        "#x\n@univariate true\n@targetLabel true\n@data\n1,2,3:0.5\n",
      ],
      words: ["@data", "@dimensions 9", "@missing", ":", ",", "?", "NaN", "\n", "@", "#", "true"],
      ImportOptions(format: .ts)),
    Reader(
      name: "zip", seeds: [ArchiveTests.archive], words: ["PK\u{1}\u{2}", "PK\u{5}\u{6}", "\0\0"],
      read: { _ = try ZipArchive($0, file: "f").content(of: "a.txt") }),
    Reader(
      name: "gz", seeds: [CatalogueTests.packedTable], words: ["\u{1f}", "\0\0\0\0"],
      read: {
        _ = try Dataset(
          importing: $0, file: "f", name: "d", options: ImportOptions(format: .tsv, text: "1"))
      }),
    Reader(
      name: "idx images", seeds: [CatalogueTests.images], words: ["\0", "\u{8}"],
      read: {
        _ = try Dataset(
          images: [($0, "f", nil)], labels: [(CatalogueTests.labels, "l")], named: ["a", "b"],
          name: "d")
      }),
    Reader(
      name: "idx labels", seeds: [CatalogueTests.labels], words: ["\0", "\u{8}"],
      read: {
        _ = try Dataset(
          images: [(CatalogueTests.images, "f", nil)], labels: [($0, "l")], named: ["a", "b"],
          name: "d")
      }),
  ]

  static func table(
    _ name: String, seeds: [String], words: [String], _ options: ImportOptions
  ) -> Reader {
    Reader(
      name: name, seeds: seeds.map { Array($0.utf8) }, words: words,
      read: { _ = try Dataset(importing: $0, file: "f", name: "d", options: options) })
  }

  /// One to four changes: bytes flipped, cut out, doubled, or a word put in.
  static func damage(_ seed: [UInt8], _ words: [String], _ random: inout RandomSequence) -> [UInt8]
  {
    var bytes = seed
    for _ in 0...random.index(below: 4) {
      let place = random.index(below: bytes.count + 1)
      let length = min(1 + random.index(below: 8), bytes.count - place)
      switch random.index(below: 5) {
      case 0 where length > 0: bytes[place] ^= UInt8(1 << random.index(below: 8))
      case 1 where length > 0: bytes[place] = UInt8(random.index(below: 256))
      case 2: bytes.removeSubrange(place..<place + length)
      case 3: bytes.insert(contentsOf: bytes[place..<place + length], at: place)
      default: bytes.insert(contentsOf: words[random.index(below: words.count)].utf8, at: place)
      }
    }
    return bytes
  }

  @Test(arguments: readers)
  func `two thousand damaged files are read, or refused in one line`(reader: Reader) {
    var random = Philox(seed: 7).sequence(.generator, step: 0)
    var refused = 0
    let count = getenv("UNROLL_FUZZ_FILES").flatMap { Int(String(cString: $0)) } ?? 2000
    for number in 0..<count {
      let seed = reader.seeds[number % reader.seeds.count]
      let bytes = Self.damage(seed, reader.words, &random)
      do {
        try reader.read(bytes)
      } catch let error as ImportError {
        refused += 1
        let line = error.description
        #expect(
          !line.isEmpty && line.count < 750
            && line.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 0x2028 },
          "\(reader.name) \(bytes)")
      } catch {
        Issue.record("\(reader.name) \(bytes): \(error)")
      }
    }
    #expect(refused > count / 20, "some damage is noticed")
    for seed in reader.seeds { #expect(throws: Never.self) { try reader.read(seed) } }
  }
}
