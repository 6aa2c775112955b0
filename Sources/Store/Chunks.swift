/// How bytes are cut for the database: a row holds at most this many.
let chunkBytes = 1 << 20

/// The bytes in order, cut to the size of a row; the last piece may be shorter.
func chunks(of content: [UInt8]) -> [[UInt8]] {
  stride(from: 0, to: content.count, by: chunkBytes).map { start in
    Array(content[start..<min(start + chunkBytes, content.count)])
  }
}

/// One stored piece, and whether the database finds it to be what was written.
struct StoredChunk {
  let number: Int
  let content: [UInt8]
  let isIntact: Bool
}

/// Puts pieces together again; an error names what is wrong with which one.
func joined(_ chunks: [StoredChunk], bytes: Int, of thing: String) throws -> [UInt8] {
  var content: [UInt8] = []
  content.reserveCapacity(bytes)
  for (index, chunk) in chunks.enumerated() {
    guard chunk.number == index else {
      throw StoreError(.corrupt, "\(thing): chunk \(index) is missing")
    }
    guard chunk.isIntact else {
      throw StoreError(.corrupt, "\(thing): chunk \(index) does not match its sha256")
    }
    content += chunk.content
  }
  guard content.count == bytes else {
    throw StoreError(.corrupt, "\(thing): \(content.count) of \(bytes) bytes are there")
  }
  return content
}
