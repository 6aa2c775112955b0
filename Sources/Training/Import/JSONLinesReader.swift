internal import FoundationEssentials

/// Makes examples of a file with a JSON object a line. Values are an array of numbers (one channel)
/// or an array of steps, each an array of numbers.
struct JSONLinesReader {
  private let source: SourceFile
  private let options: ImportOptions

  init(_ source: SourceFile, _ options: ImportOptions) {
    self.source = source
    self.options = options
  }

  private enum Value: Decodable {
    case string(String)
    case number(Double)
    case array([Value])
    case other(String)

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let flag = try? container.decode(Bool.self) {
        self = .other(flag ? "true" : "false")
      } else if let text = try? container.decode(String.self) {
        self = .string(text)
      } else if let number = try? container.decode(Double.self) {
        self = .number(number)
      } else if let array = try? container.decode([Value].self) {
        self = .array(array)
      } else if container.decodeNil() {
        self = .other("null")
      } else {
        let isObject = (try? decoder.container(keyedBy: AnyKey.self)) != nil
        self = .other(
          isObject ? "an object" : "a string that is no Unicode, or a number that is too large")
      }
    }

    /// Whether nothing was measured.
    var isMissing: Bool {
      if case .other("null") = self { return true }
      return false
    }

    var words: String {
      switch self {
      case .string(let text): text.quoted
      case .number(let number): "the number \(number)"
      case .array: "an array"
      case .other(let word): word
      }
    }
  }

  /// Appends what records hold.
  func read(_ records: inout RecordReader, into examples: inout Examples) throws {
    let inputs = (options.text == nil ? 0 : 1) + options.values.count
    guard inputs == 1 else {
      throw source.error(
        .badOptions, found: inputs == 0 ? "no input field" : "\(inputs) input fields",
        allowed: "one text field, or one value field that holds an array")
    }
    guard options.label == nil || options.number == nil else {
      throw source.error(
        .badOptions, found: "a label field and a number field", allowed: "one of the two")
    }
    if let split = options.split, options.text == nil, options.label == nil, options.number == nil {
      throw source.error(
        .badOptions, field: "field '\(split)'", found: "a split field for series",
        allowed: "fractions in the plan: a series is split by position in time")
    }
    let decoder = JSONDecoder()
    var channels: Int?
    while let record = try records.nextRecord() {
      let line = record.line
      let content = try RecordColumn.decoded(record, source.file)
      guard let object = try? decoder.decode([String: Value].self, from: Data(content.utf8))
      else {
        throw source.error(
          .badRow, line: line, found: content.quoted, allowed: "a JSON object")
      }
      if let name = options.text {
        guard case .string(let text) = try field(name, object, line) else {
          throw wrongKind(name, object, line, allowed: "a string")
        }
        try examples.texts.append(
          source.content(text, line: line, field: "field '\(name)'"))
      }
      if let name = options.values.first {
        let (values, width) = try steps(field(name, object, line), name, line)
        if let channels, channels != width {
          throw source.error(
            .badRow, line: line, field: "field '\(name)'", found: "\(width) values in a step",
            allowed: "\(channels), as in the first line")
        }
        channels = width
        try examples.values.append(values)
      }
      if let name = options.label {
        let label: String
        switch try field(name, object, line) {
        case .string(let text): label = text
        case .number(let number):
          label = Int(exactly: number).map(String.init) ?? String(number)
        case .other(let word) where word == "true" || word == "false": label = word
        default: throw wrongKind(name, object, line, allowed: "a string or a number")
        }
        examples.labels.append(try source.label(label, line: line, field: "field '\(name)'"))
      }
      if let name = options.number {
        guard case .number(let number) = try field(name, object, line), Float(number).isFinite
        else {
          throw wrongKind(name, object, line, allowed: "a number")
        }
        examples.numbers.append(Float(number))
      }
      if let name = options.split {
        guard case .string(let word) = try field(name, object, line) else {
          throw wrongKind(name, object, line, allowed: "train, validation or test")
        }
        examples.splits.append(try source.split(word, line: line, field: "field '\(name)'"))
      }
    }
    guard records.hasContent else { throw source.empty(records) }
    try examples.name(channels: (0..<(channels ?? 0)).map { "channel \($0 + 1)" }, source.file)
  }

  private func field(
    _ name: String, _ object: [String: Value], _ line: Int
  ) throws(ImportError) -> Value {
    guard let value = object[name] else {
      throw source.error(
        .missingColumn, line: line, field: "field '\(name)'", found: "no field of that name",
        allowed: name.nearest(in: object.keys.sorted()).prefix(12).joined(separator: ", "))
    }
    return value
  }

  private func wrongKind(
    _ name: String, _ object: [String: Value], _ line: Int, allowed: String
  ) -> ImportError {
    source.error(
      .badValue, line: line, field: "field '\(name)'", found: object[name]?.words ?? "nothing",
      allowed: allowed)
  }

  private func steps(
    _ value: Value, _ name: String, _ line: Int
  ) throws(ImportError) -> (values: [Float], width: Int) {
    func error(_ found: String) -> ImportError {
      source.error(
        .badValue, line: line, field: "field '\(name)'", found: found,
        allowed: "an array of numbers, or of arrays of numbers that are equally long")
    }
    guard case .array(let steps) = value else { throw error(value.words) }
    guard let first = steps.first else { throw error("an empty array") }
    var width = 1
    if case .array(let values) = first { width = values.count }
    var numbers: [Float] = []
    numbers.reserveCapacity(steps.count * width)
    func isNumber(_ value: Value) -> Bool {
      if case .number(let number) = value { return Float(number).isFinite }
      return options.missing == .keep && value.isMissing
    }
    func append(_ value: Value) {
      guard isNumber(value) else { return }
      if case .number(let number) = value {
        numbers.append(Float(number))
      } else {
        numbers.append(.nan)
      }
    }
    for (place, step) in steps.enumerated() {
      if case .array(let values) = step {
        guard values.count == width, width > 0 else {
          throw error(
            "\(values.count) \(values.count == 1 ? "number" : "numbers") at step \(place + 1)")
        }
        values.forEach(append)
      } else if width == 1 {
        append(step)
      }
      guard numbers.count == (place + 1) * width else {
        var found = step
        if case .array(let values) = step {
          found = values.first { !isNumber($0) } ?? step
        }
        throw error("\(found.words) at step \(place + 1)")
      }
    }
    return (numbers, width)
  }
}
