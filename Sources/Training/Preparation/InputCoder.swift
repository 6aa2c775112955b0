/// Makes model inputs of a dataset's inputs, having learned vocabulary or scale from the training
/// split.
struct InputCoder {
  var encoding: Encoding
  private(set) var vocabulary: Vocabulary?
  private let inputs: Dataset.Inputs
  /// The steps of each example before cutting; those of texts as indices of the vocabulary.
  private var tokens: [[Int32]]
  private let emptyTexts: Int

  init(
    _ dataset: Dataset, _ plan: DataPlan, rows: [Int], train: [Int], _ onProgress: () -> Void
  ) throws(PlanError) {
    inputs = dataset.inputs
    encoding = Encoding(
      task: plan.task ?? dataset.inferredTask, tokens: plan.tokens,
      maximumLength: plan.maximumLength, keep: plan.keep ?? .start, outputs: 1)
    tokens = []
    var emptyTexts = 0
    switch dataset.inputs {
    case .texts(let texts):
      var coded = CodedTexts(texts, rows, plan, onProgress)
      vocabulary = coded.vocabulary(train, plan, encoding)
      onProgress()
      tokens = coded.indices(vocabulary ?? Vocabulary(words: []))
      for row in rows where tokens[row].isEmpty {
        tokens[row] = [Vocabulary.unknown]
        emptyTexts += 1
      }
      encoding.vocabularySize = vocabulary?.count
    case .symbols(let sequences, let alphabet):
      tokens = sequences
      encoding.vocabularySize = alphabet
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
    self.emptyTexts = emptyTexts
    if let empty = rows.first(where: { length($0) == 0 }) {
      throw PlanError(
        field: "dataset", found: "no step in example \(empty + 1)",
        allowed: "at least one step in each example")
    }
  }

  private func length(_ row: Int) -> Int {
    switch inputs {
    case .texts, .symbols: tokens[row].count
    case .values(let sequences, let channels): sequences[row].count / channels.count
    case .bytes(let sequences, let channels): sequences.length(row) / channels.count
    }
  }

  /// The sequences of a split.
  func sequences(_ rows: [Int], _ answers: AnswerCoder) -> Sequences {
    let cuts = rows.map { encoding.cut(length($0)) }
    var starts: [Int] = []
    var total = 0
    for cut in cuts {
      starts.append(total)
      total += cut.count
    }
    let elements: Sequences.Elements
    if case .bytes(let sequences, let channels) = inputs {
      // They stay where they are, mostly a file that is mapped into memory.
      let width = channels.count
      starts = zip(rows, cuts).map { sequences.start($0) / width + $1.lowerBound }
      elements = .bytes(sequences, encoding.inputScale ?? .identity(width: width))
    } else if case .values(let sequences, let channels) = inputs {
      let width = channels.count
      var values: [Float] = []
      values.reserveCapacity(total * encoding.inputWidth)
      for (row, cut) in zip(rows, cuts) {
        values += encoding.modelInput(
          sequences[row][cut.lowerBound * width..<cut.upperBound * width])
      }
      elements = .values(values, channels: encoding.inputWidth)
    } else {
      var indices: [Int32] = []
      indices.reserveCapacity(total)
      for (row, cut) in zip(rows, cuts) { indices += tokens[row][cut] }
      elements = .tokens(indices)
    }
    return Sequences(
      elements: elements, starts: starts, lengths: cuts.map(\.count),
      answers: answers.answers(rows, cuts, elements: total), rows: rows)
  }

  /// What a person should know of cut sequences and unknown tokens.
  func notes(_ parts: Parts) -> [String] {
    var notes: [String] = []
    if let masked = encoding.features?.masked {
      notes.append(
        "values that were not measured are the last ones"
          + (masked.isEmpty ? "" : ", with channels that say so: \(masked.count) more"))
    }
    if emptyTexts > 0 {
      notes.append("\(emptyTexts) texts without a token are read as one unknown token")
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
        let used = parts[split].map { tokens[$0][encoding.cut(tokens[$0].count)] }
        let count = used.reduce(0) { $0 + $1.count }
        let unknown = used.reduce(0) { $0 + $1.count { $0 == Vocabulary.unknown } }
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

/// Texts as numbers of tokens in the order of appearance: each text is cut into tokens once, and
/// the vocabulary is a choice among these numbers.
struct CodedTexts {
  private var table = TokenTable()
  private(set) var sequences: [[Int32]]

  init(_ texts: [String], _ rows: [Int], _ plan: DataPlan, _ onProgress: () -> Void) {
    let tokenizer = Tokenizer(plan.tokens ?? .words)
    sequences = [[Int32]](repeating: [], count: texts.count)
    for row in rows {
      var sequence: [Int32] = []
      tokenizer.forEachToken(of: texts[row]) { sequence.append(table.insert($0)) }
      sequences[row] = sequence
      if row.isMultiple(of: 1024) { onProgress() }
    }
  }

  /// The vocabulary of the examples `train`, cut as a model will see them.
  func vocabulary(_ train: [Int], _ plan: DataPlan, _ encoding: Encoding) -> Vocabulary {
    vocabulary(
      counting: train.lazy.map { sequences[$0][encoding.cut(sequences[$0].count)] }, plan)
  }

  func vocabulary(
    counting parts: some Sequence<ArraySlice<Int32>>, _ plan: DataPlan
  ) -> Vocabulary {
    var counts = [Int](repeating: 0, count: table.count)
    for part in parts {
      for token in part { counts[Int(token)] += 1 }
    }
    let minimum = plan.minimumCount ?? 1
    let frequent = counts.indices.filter { counts[$0] >= minimum }.sorted { left, right in
      counts[left] != counts[right]
        ? counts[left] > counts[right]
        : table.bytes(of: left).lexicographicallyPrecedes(table.bytes(of: right))
    }
    let room = (plan.maximumVocabulary ?? .max) - Vocabulary.special.count
    return Vocabulary(words: frequent.prefix(room).map { table.text(of: $0) })
  }

  /// The texts as indices of a vocabulary, in the memory of the numbers, which are gone then.
  mutating func indices(_ vocabulary: Vocabulary) -> [[Int32]] {
    var index = [Int32](repeating: Vocabulary.unknown, count: table.count)
    for (position, token) in vocabulary.tokens.enumerated().dropFirst(Vocabulary.special.count) {
      if let number = Array(token.utf8).withUnsafeBufferPointer({ table.index(of: $0) }) {
        index[Int(number)] = Int32(position)
      }
    }
    var indices: [[Int32]] = []
    swap(&indices, &sequences)
    for row in indices.indices {
      for place in indices[row].indices {
        indices[row][place] = index[Int(indices[row][place])]
      }
    }
    return indices
  }
}
