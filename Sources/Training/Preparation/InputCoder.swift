/// Makes model inputs of a dataset's inputs, having learned vocabulary or scale from the training
/// split.
struct InputCoder {
  var encoding: Encoding
  private(set) var vocabulary: Vocabulary?
  private let inputs: Dataset.Inputs
  private var tokens = TextTokens()

  init(
    _ dataset: Dataset, _ plan: DataPlan, rows: [Int], train: [Int], _ onProgress: () -> Void
  ) throws(PlanError) {
    inputs = dataset.inputs
    encoding = Encoding(
      task: plan.task ?? dataset.inferredTask, tokens: plan.tokens,
      maximumLength: plan.maximumLength, keep: plan.keep ?? .start, outputs: 1)
    switch dataset.inputs {
    case .texts(let texts):
      tokens = TextTokens(texts, rows, train: train, plan, encoding, onProgress)
      vocabulary = tokens.vocabulary
      encoding.vocabularySize = vocabulary?.count
    case .symbols(_, let alphabet): encoding.vocabularySize = alphabet
    case .values(_, let channels), .bytes(_, let channels):
      let width = channels.count
      let (limit, inputs) = (encoding, inputs)
      let parts = train.lazy.map { row in
        let values = inputs.values(row)
        let cut = limit.cut(values.count / width)
        return values[cut.lowerBound * width..<cut.upperBound * width]
      }
      encoding.channels = channels
      encoding.inputScale = Scale.fitting(parts, width: width, plan.scaling ?? .standard)
      let gaps = inputs.gaps(rows)
      if !gaps.isEmpty {
        encoding.features = ValueFeatures(
          masked: plan.missing == .last ? [] : gaps,
          fill: Scale.fitting(parts, width: width).means.map { Float($0) }, calendar: [])
      }
    }
    if let empty = rows.first(where: { length($0) == 0 }) {
      throw PlanError(
        field: "dataset", found: "no step in example \(empty + 1)",
        allowed: "at least one step in each example")
    }
  }

  private func length(_ row: Int) -> Int {
    switch inputs {
    case .texts: Int(tokens.lengths[row])
    case .symbols(let sequences, _): sequences.length(row)
    case .values(let sequences, let channels): sequences.length(row) / channels.count
    case .bytes(let sequences, let channels): sequences.length(row) / channels.count
    }
  }

  /// The sequences of a split.
  func sequences(_ rows: [Int], _ answers: AnswerCoder) -> Sequences {
    let cuts = rows.map { encoding.cut(length($0)) }
    let starts: [Int]
    let elements: Sequences.Elements
    switch inputs {
    case .bytes(let sequences, let channels):
      // They stay where they are, mostly a file that is mapped into memory.
      let width = channels.count
      starts = zip(rows, cuts).map { sequences.start($0) / width + $1.lowerBound }
      elements = .bytes(sequences, encoding.inputScale ?? .identity(width: width))
    case .values(let sequences, let channels):
      let width = channels.count
      starts = zip(rows, cuts).map { sequences.start($0) / width + $1.lowerBound }
      elements = .stored(sequences, encoding)
    case .symbols(let sequences, _):
      starts = zip(rows, cuts).map { sequences.start($0) + $1.lowerBound }
      elements = .symbols(sequences)
    case .texts:
      // All splits share one memory.
      starts = rows.map { tokens.starts[$0] }
      elements = .tokens(tokens.indices)
    }
    return Sequences(
      elements: elements, starts: IndexColumn(starts), lengths: IndexColumn(cuts.lazy.map(\.count)),
      answers: answers.answers(rows), rows: IndexColumn(rows))
  }

  /// What a person should know of cut sequences and unknown tokens.
  func notes(_ parts: Parts) -> [String] {
    var notes: [String] = []
    if let masked = encoding.features?.masked {
      notes.append(
        "values that were not measured are the last ones"
          + (masked.isEmpty ? "" : ", with channels that say so: \(masked.count) more"))
    }
    if tokens.emptyTexts > 0 {
      notes.append("\(tokens.emptyTexts) texts without a token are read as one unknown token")
    }
    let all = parts.train + parts.validation + parts.test
    if let limit = encoding.maximumLength {
      let cut = all.count { length($0) > limit }
      if cut > 0 {
        notes.append(
          "\(cut) of \(all.count) sequences cut to \(limit) steps, keeping the "
            + encoding.keep.rawValue)
      }
    }
    if let vocabulary, encoding.tokens != nil {
      let shares = Split.allCases.filter { !parts[$0].isEmpty }.map { split in
        var (count, unknown) = (0, 0)
        for row in parts[split] {
          let used = tokens[row, encoding]
          count += used.count
          unknown += used.count { $0 == Vocabulary.unknown }
        }
        return "\(Self.percent(unknown, count)) in \(split.rawValue)"
      }
      notes.append(
        "vocabulary of \(vocabulary.count) from the training split; unknown tokens: "
          + shares.joined(separator: ", "))
    }
    return notes
  }

  static func percent(_ part: Int, _ whole: Int) -> String {
    let tenths = (1000 * part + whole / 2) / max(whole, 1)
    return "\(tenths / 10).\(tenths % 10) %"
  }
}

extension Dataset.Inputs {
  /// The channels in which some of the examples have values that were not measured.
  func gaps(_ rows: [Int]) -> [Int] {
    guard case .values(let sequences, let channels) = self else { return [] }
    var found = Set<Int>()
    for row in rows {
      for (offset, value) in sequences[row].enumerated() where value.isNaN {
        found.insert(offset % channels.count)
      }
    }
    return found.sorted()
  }
}

extension Encoding {
  /// Values as a model sees them: without gaps, scaled, with the channels that are added.
  func modelInput(_ values: ArraySlice<Float>) -> [Float] {
    let scale = inputScale ?? .identity(width: channels?.count ?? 1)
    guard let features else { return scale.apply(values) }
    let filled = features.filled(values)
    return features.widened(scale.apply(filled.values), filled.isFilled, times: nil)
  }

  /// The steps that survive of a sequence of a length.
  func cut(_ length: Int) -> Range<Int> {
    guard let maximumLength, length > maximumLength else { return 0..<length }
    return keep == .start ? 0..<maximumLength : length - maximumLength..<length
  }
}

/// The tokens of the texts that a plan takes, as much of each as a model sees.
struct TextTokens {
  /// The vocabulary; nil if there are no texts.
  private(set) var vocabulary: Vocabulary?
  /// The indices of all texts, one after the other.
  private(set) var indices = CompactIndices()
  /// Where each text begins among them.
  private(set) var starts: [Int] = []
  /// The tokens of each text before cutting; one unknown token for a text without any.
  private(set) var lengths: [Int32] = []
  private(set) var emptyTexts = 0

  init() {}

  init(
    _ texts: Texts, _ rows: [Int], train: [Int], _ plan: DataPlan, _ encoding: Encoding,
    _ onProgress: () -> Void
  ) {
    var coded = CodedTexts(texts, plan)
    starts = [Int](repeating: 0, count: texts.count)
    lengths = [Int32](repeating: 0, count: texts.count)
    func reportProgress(_ row: Int) {
      if row.isMultiple(of: 1024) { onProgress() }
    }
    for row in train {
      // Which tokens survive at the end is known only when all are.
      let seen = encoding.keep == .end ? encoding.cut(coded.length(row)) : encoding.seenFirst
      lengths[row] = Int32(coded.count(row, seen))
      reportProgress(row)
    }
    coded.chooseVocabulary(plan)
    vocabulary = coded.vocabulary
    var total = 0
    for row in rows {
      if lengths[row] == 0 { lengths[row] = Int32(coded.length(row)) }
      if lengths[row] == 0 {
        emptyTexts += 1
        lengths[row] = 1
      }
      starts[row] = total
      total += encoding.cut(Int(lengths[row])).count
      reportProgress(row)
    }
    let writer = CompactIndices.Writer(below: coded.vocabulary.count, capacity: total)
    for row in rows {
      coded.append(row, encoding.cut(Int(lengths[row])), to: writer)
      if writer.count == starts[row] { writer.append(Vocabulary.unknown) }
      reportProgress(row)
    }
    indices = CompactIndices(writer)
  }

  /// The tokens of a text that a model sees.
  subscript(row: Int, encoding: Encoding) -> [Int32] {
    indices[range: starts[row]..<starts[row] + encoding.cut(Int(lengths[row])).count]
  }
}

extension Encoding {
  /// The steps of a sequence that are seen if the start survives.
  fileprivate var seenFirst: Range<Int>? { maximumLength.map { 0..<$0 } }
}
