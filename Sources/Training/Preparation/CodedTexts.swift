/// Makes tokens of texts without keeping more than the indices: a first pass over the texts counts what
/// the vocabulary is chosen by, a second one finds the indices.
struct CodedTexts {
  private let texts: Texts
  private let tokenizer: Tokenizer
  /// The tokens of the training split, as numbers in the order of appearance.
  private var table = TokenTable()
  /// How often each occurs there.
  private var counts: [Int] = []
  /// The index of each in the vocabulary.
  private var indices: [Int32] = []
  private(set) var vocabulary = Vocabulary(words: [])

  init(_ texts: Texts, _ plan: DataPlan) {
    self.texts = texts
    tokenizer = Tokenizer(plan.tokens ?? .words)
  }

  /// The tokens of a text.
  func length(_ row: Int) -> Int {
    guard tokenizer.tokens == .words else { return texts.scalarCount(row) }
    var length = 0
    forEachToken(row) { _ in length += 1 }
    return length
  }

  /// Counts tokens of a text of the training split.
  ///
  /// - Parameters:
  ///   - row: The text.
  ///   - steps: Which of its tokens a model will see; nil: all.
  /// - Returns: How many tokens the text has.
  @discardableResult
  mutating func count(_ row: Int, _ steps: Range<Int>? = nil) -> Int {
    var (table, counts) = (TokenTable(capacity: 1), [Int]())
    swap(&table, &self.table)
    swap(&counts, &self.counts)
    var length = 0
    forEachToken(row) { token in
      if steps?.contains(length) != false {
        let number = Int(table.insert(token))
        if number == counts.count { counts.append(0) }
        counts[number] += 1
      }
      length += 1
    }
    swap(&table, &self.table)
    swap(&counts, &self.counts)
    return length
  }

  /// Chooses the vocabulary among the tokens that were counted.
  mutating func chooseVocabulary(_ plan: DataPlan) {
    let minimum = plan.minimumCount ?? 1
    let frequent = counts.indices.filter { counts[$0] >= minimum }.sorted { left, right in
      counts[left] != counts[right]
        ? counts[left] > counts[right]
        : table.bytes(of: left).lexicographicallyPrecedes(table.bytes(of: right))
    }
    let room = (plan.maximumVocabulary ?? .max) - Vocabulary.special.count
    let chosen = frequent.prefix(room)
    vocabulary = Vocabulary(words: chosen.map { table.text(of: $0) })
    indices = [Int32](repeating: Vocabulary.unknown, count: counts.count)
    for (place, number) in chosen.enumerated() {
      indices[number] = Int32(place + Vocabulary.special.count)
    }
  }

  /// Appends the indices of some tokens of a text.
  func append(_ row: Int, _ steps: Range<Int>, to found: CompactIndices.Writer) {
    var place = 0
    forEachToken(row) { token in
      if steps.contains(place) {
        found.append(table.index(of: token).map { indices[Int($0)] } ?? Vocabulary.unknown)
      }
      place += 1
    }
  }

  @inline(__always)
  private func forEachToken(_ row: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
    texts.withBytes(row) { tokenizer.forEachToken(of: $0, body) }
  }
}
