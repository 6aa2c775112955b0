internal import FoundationEssentials

extension ByteSequences {
  /// Bytes of numbers that are all whole and from 0 to 255.
  init(_ sequences: NumberSequences<Float>, file: String) throws {
    var bytes = ValueColumn<UInt8>()
    for (row, sequence) in sequences.enumerated() {
      var narrow: [UInt8] = []
      narrow.reserveCapacity(sequence.count)
      for value in sequence {
        guard let byte = UInt8(exactly: value) else {
          throw ImportError(
            .badValue, file: file, field: "example \(row + 1)", found: "\(value)",
            allowed: "whole numbers from 0 to 255, to be kept as bytes")
        }
        narrow.append(byte)
      }
      try bytes.append(narrow)
    }
    self = try bytes.finish()
  }
}

/// The IDX files of MNIST and its kin: numbers of one byte in an array of any number of dimensions.
struct ByteArrayFile {
  /// The sizes of the dimensions, the outermost first.
  let sizes: [Int]
  /// All values.
  let values: [UInt8]

  /// Reads a file, unpacked.
  init(_ bytes: [UInt8], file: String) throws(ImportError) {
    func error(_ found: String, _ allowed: String) -> ImportError {
      ImportError(.badArchive, file: file, found: found, allowed: allowed)
    }
    guard bytes.count >= 4, bytes[0] == 0, bytes[1] == 0 else {
      throw error("no IDX file", "a file that begins with two zero bytes")
    }
    guard bytes[2] == 8 else {
      throw error("values of type \(bytes[2])", "values of type 8, unsigned bytes")
    }
    let dimensions = Int(bytes[3])
    let start = 4 + 4 * dimensions
    guard dimensions > 0, bytes.count >= start else {
      throw error("\(dimensions) dimensions in \(bytes.count) bytes", "a whole IDX file")
    }
    sizes = (0..<dimensions).map { dimension in
      bytes[4 + 4 * dimension..<8 + 4 * dimension].reduce(0) { $0 << 8 | Int($1) }
    }
    var count = 1
    for size in sizes {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      count = overflow ? .max : product
    }
    guard count == bytes.count - start else {
      throw error(
        "\(bytes.count - start) values",
        "\(sizes.map(String.init).joined(separator: " × ")), as the file's head says")
    }
    values = Array(bytes[start...])
  }
}

extension Dataset {
  /// Makes a dataset of image files and their labels: of each file its bytes and what messages call
  /// it, and of the images their split.
  package init(
    images: [(bytes: [UInt8], file: String, split: Split?)],
    labels: [(bytes: [UInt8], file: String)], named names: [String], name: String
  ) throws {
    let parts = zip(images, labels).map { images, labels in
      (
        images: ImportPart(
          content: ByteSource(images.bytes), file: images.file, split: images.split),
        labels: ImportPart(content: ByteSource(labels.bytes), file: labels.file, split: nil)
      )
    }
    try self.init(images: parts, labels: names, name: name)
  }

  /// Makes a dataset of images and their labels, IDX files, packed or not, with the rows of an image
  /// as steps.
  init(
    images parts: [(images: ImportPart, labels: ImportPart)], labels names: [String], name: String
  ) throws {
    var (values, classes, splits) = ([UInt8](), [Int32](), [Split]())
    var size: [Int]?
    for part in parts {
      func read(_ part: ImportPart) throws -> ByteArrayFile {
        let content = try part.content.unpacked(file: part.file)
        return try ByteArrayFile(content.rest(), file: part.file)
      }
      let (images, labels) = (try read(part.images), try read(part.labels))
      guard images.sizes.count == 3, Array(images.sizes[1...]) == size ?? Array(images.sizes[1...]),
        images.values.count > 0
      else {
        throw ImportError(
          .badArchive, file: part.images.file,
          found: images.sizes.map(String.init).joined(separator: " × ") + " values",
          allowed: "images × rows × columns, as in each of the files")
      }
      guard labels.sizes == [images.sizes[0]] else {
        throw ImportError(
          .badArchive, file: part.labels.file, found: "\(labels.values.count) labels",
          allowed: "\(images.sizes[0]), one for each image")
      }
      if let wrong = labels.values.first(where: { Int($0) >= names.count }) {
        throw ImportError(
          .badValue, file: part.labels.file, field: "label", found: "\(wrong)",
          allowed: "0 to \(names.count - 1)")
      }
      size = Array(images.sizes[1...])
      values += images.values
      classes += labels.values.map(Int32.init)
      if let split = part.images.split {
        splits += [Split](repeating: split, count: images.sizes[0])
      }
    }
    guard let size, splits.isEmpty || splits.count == classes.count else {
      throw ImportError(
        .empty, file: name, found: "no images", allowed: "images, with a split each or without")
    }
    // Names are sorted, as they are in every dataset with labels.
    let sorted = names.sorted()
    let places = names.map { name in Int32(sorted.firstIndex(of: name) ?? 0) }
    self.init(
      name: name,
      inputs: .bytes(
        ByteSequences(values, length: size[0] * size[1]),
        channels: (1...size[1]).map { "column \($0)" }),
      targets: .labels(classes.map { places[Int($0)] }, names: sorted),
      splits: splits.isEmpty ? nil : splits)
  }
}
