extension PreparedData {
  /// Windows over texts with the next token as the answer at each step. One text is divided by
  /// position, several are divided as wholes, in their order, or as their file says.
  static func language(
    _ dataset: Dataset, _ version: String, _ plan: DataPlan, _ onProgress: () -> Void
  ) throws(PlanError) -> PreparedData {
    guard let length = plan.maximumLength else {
      preconditionFailure("a language plan that was not resolved")
    }
    let rows = plan.deduplicate == true ? dataset.distinctRows(plan) : Array(0..<dataset.count)
    var coded: CodedTexts?
    var counts: [Int]
    var size = 0
    switch dataset.inputs {
    case .texts(let texts):
      let texts = CodedTexts(texts, plan)
      counts = rows.map { texts.length($0) }
      coded = texts
      onProgress()
    case .symbols(let sequences, let alphabet):
      counts = rows.map { sequences[$0].count }
      size = alphabet
    case .values, .bytes: preconditionFailure("a language plan that was not resolved")
    }

    let isGiven = plan.split.source == .file
    let regions =
      isGiven
      ? plan.split.regions(rows, counts, as: dataset.splits ?? [])
      : plan.split.regions(rows, counts, test: plan.split.test)
    if coded != nil {
      for region in regions[.train] ?? [] { coded?.count(region.row, region.steps) }
      onProgress()
      coded?.chooseVocabulary(plan)
      size = coded?.vocabulary.count ?? 0
    }
    let vocabulary = coded?.vocabulary

    func windows(_ split: Split) -> Sequences {
      defer { onProgress() }
      let parts = (regions[split] ?? []).filter { $0.steps.count > 1 }
      let tokens = CompactIndices.Writer(
        below: size, capacity: parts.reduce(0) { $0 + $1.steps.count })
      var (starts, lengths, sources) = ([Int](), [Int](), [Int]())
      for part in parts {
        let (first, count) = (tokens.count, part.steps.count)
        coded?.append(part.row, part.steps, to: tokens)
        if case .symbols(let sequences, _) = dataset.inputs {
          tokens.append(contentsOf: sequences[part.row][part.steps])
        }
        for start in stride(from: 0, to: count - 1, by: length) {
          starts.append(first + start)
          lengths.append(min(length, count - 1 - start))
          sources.append(part.row)
        }
      }
      return Sequences(
        elements: .tokens(CompactIndices(tokens)), starts: IndexColumn(starts),
        lengths: IndexColumn(lengths), answers: .following, rows: IndexColumn(sources))
    }
    let (train, validation, test) = (windows(.train), windows(.validation), windows(.test))
    try PlanError.require(
      train.count > 0, "dataset", found: "a training part of less than two tokens",
      allowed: "a longer text")
    let encoding = Encoding(
      task: .language, tokens: plan.tokens, vocabularySize: size, maximumLength: length,
      keep: .end, outputs: size)
    return PreparedData(
      plan: plan, datasetVersion: version, encoding: encoding, vocabulary: vocabulary,
      train: train, validation: validation, test: test,
      notes: [
        "\(train.stepCount) train, \(validation.stepCount) validation, \(test.stepCount) test "
          + "tokens in windows of \(length), "
          + (isGiven ? "divided as the dataset says" : "divided by position"),
        "vocabulary of \(size)" + (vocabulary == nil ? "" : " from the training split"),
      ])
  }
}

/// A part of a text or of a sequence of symbols.
struct TextRegion {
  var row: Int
  var steps: Range<Int>
}

extension DataPlan.Division {
  /// Divides one text by position, several as wholes, in their order.
  ///
  /// - Parameters:
  ///   - rows: The texts.
  ///   - counts: The tokens of each.
  ///   - share: The share of the test split.
  /// - Returns: What lies where.
  fileprivate func regions(
    _ rows: [Int], _ counts: [Int], test share: Double
  ) -> [Split: [TextRegion]] {
    if rows.count == 1 {
      let count = counts[0]
      let (test, validation) = Parts.counts(count, share, self.validation)
      let (first, second) = (count - test - validation, count - test)
      return [
        .train: [TextRegion(row: rows[0], steps: 0..<first)],
        .validation: [TextRegion(row: rows[0], steps: first..<second)],
        .test: [TextRegion(row: rows[0], steps: second..<count)],
      ]
    }
    var regions: [Split: [TextRegion]] = [:]
    let (test, validation) = Parts.counts(rows.count, share, self.validation)
    for (place, row) in rows.enumerated() {
      let split: Split =
        place >= rows.count - test
        ? .test : place >= rows.count - test - validation ? .validation : .train
      regions[split, default: []].append(TextRegion(row: row, steps: 0..<counts[place]))
    }
    return regions
  }

  /// Divides texts as wholes, as their file says. If that has no validation split, a part of train is it.
  ///
  /// - Parameters:
  ///   - rows: The texts.
  ///   - counts: The tokens of each.
  ///   - splits: The split of each text of the dataset.
  /// - Returns: What lies where.
  fileprivate func regions(
    _ rows: [Int], _ counts: [Int], as splits: [Split]
  ) -> [Split: [TextRegion]] {
    var regions: [Split: [TextRegion]] = [:]
    for (row, count) in zip(rows, counts) {
      regions[splits[row], default: []].append(TextRegion(row: row, steps: 0..<count))
    }
    guard regions[.validation] == nil, let train = regions[.train] else { return regions }
    let divided = self.regions(train.map(\.row), train.map(\.steps.count), test: 0)
    regions[.train] = divided[.train]
    regions[.validation] = divided[.validation]
    return regions
  }
}
