extension PreparedData {
  /// Windows over texts with the next token as the answer at each step. One text is divided by
  /// position, several are divided as wholes, in their order.
  static func language(
    _ dataset: Dataset, _ version: String, _ plan: DataPlan, _ onProgress: () -> Void
  ) throws(PlanError) -> PreparedData {
    guard let length = plan.maximumLength else {
      preconditionFailure("a language plan that was not resolved")
    }
    let rows = plan.deduplicate == true ? dataset.distinctRows(plan) : Array(0..<dataset.count)
    var coded: CodedTexts?
    var documents: [[Int32]]
    var size = 0
    switch dataset.inputs {
    case .texts(let texts):
      let texts = CodedTexts(texts, rows, plan, onProgress)
      documents = texts.sequences
      coded = texts
    case .symbols(let sequences, let alphabet):
      documents = sequences
      size = alphabet
    case .values, .bytes: preconditionFailure("a language plan that was not resolved")
    }

    // What lies where, as ranges of documents.
    var regions: [Split: [(row: Int, steps: Range<Int>)]] = [:]
    if rows.count == 1 {
      let count = documents[rows[0]].count
      let (test, validation) = Parts.counts(count, plan.split.test, plan.split.validation)
      regions[.train] = [(rows[0], 0..<count - test - validation)]
      regions[.validation] = [(rows[0], count - test - validation..<count - test)]
      regions[.test] = [(rows[0], count - test..<count)]
    } else {
      let (test, validation) = Parts.counts(
        rows.count, plan.split.test, plan.split.validation)
      for (place, row) in rows.enumerated() {
        let split: Split =
          place >= rows.count - test
          ? .test : place >= rows.count - test - validation ? .validation : .train
        regions[split, default: []].append((row, 0..<documents[row].count))
      }
    }
    var vocabulary: Vocabulary?
    if var texts = coded {
      let found = texts.vocabulary(
        counting: (regions[.train] ?? []).map { documents[$0.row][$0.steps] }, plan)
      documents = texts.indices(found)
      vocabulary = found
      size = found.count
      onProgress()
    }

    func windows(_ split: Split) -> Sequences {
      defer { onProgress() }
      var (tokens, next, starts, lengths, sources) = (
        [Int32](), [Int32](), [Int](), [Int](), [Int]()
      )
      for region in regions[split] ?? [] where region.steps.count > 1 {
        let part = documents[region.row][region.steps]
        let first = tokens.count
        tokens += part
        next += part.dropFirst()
        next.append(-1)
        for start in stride(from: 0, to: part.count - 1, by: length) {
          starts.append(first + start)
          lengths.append(min(length, part.count - 1 - start))
          sources.append(region.row)
        }
      }
      return Sequences(
        elements: .tokens(tokens), starts: starts, lengths: lengths, answers: .steps(next),
        rows: sources)
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
          + "tokens in windows of \(length), divided by position",
        "vocabulary of \(size)" + (vocabulary == nil ? "" : " from the training split"),
      ])
  }
}
