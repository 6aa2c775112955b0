import Testing
import Training

@Suite struct PreparationTests {
  /// Messages of two labels, a third of them spam, with repeated texts.
  static func messages(_ count: Int) -> Dataset {
    let texts = (0..<count).map { "common word\($0 % 7) only\($0) \($0 % 3 == 0 ? "win" : "ok")" }
    return Dataset(
      name: "m", inputs: .texts(texts), labels: (0..<count).map { $0 % 3 == 0 ? "spam" : "ham" })
  }

  static func classes(_ sequences: Sequences) -> [Int32] {
    guard case .classes(let classes) = sequences.answers else { return [] }
    return classes
  }

  @Test func `words are runs of letters, runs of digits and single signs`() {
    let tokenizer = Tokenizer(.words)
    #expect(
      tokenizer.split("Don't CALL 0800now!! £5\u{A0}Ünder_7é\n")
        == ["don't", "call", "0800", "now", "!", "!", "£", "5", "ünder", "_", "7", "é"])
    #expect(tokenizer.split(" \t\r\n\u{2003}").isEmpty)
    #expect(tokenizer.split("🙂🙂İ") == ["🙂", "🙂", "i\u{307}"])
    #expect(Tokenizer(.characters).split("aB é\n") == ["a", "B", " ", "é", "\n"])
  }

  @Test func `fractions divide each label, disjointly and wholly`() throws {
    let dataset = Self.messages(300)
    let plan = DataPlan(split: .init(test: 0.2, validation: 0.1))
    let data = try PreparedData(dataset, plan, seed: 4)
    #expect(data.train.count == 210 && data.validation.count == 30 && data.test.count == 60)
    #expect(
      Set(Split.allCases.flatMap { Array(data[$0].rows) }) == Set(0..<300))
    for (split, spam) in [(Split.train, 70), (.validation, 10), (.test, 20)] {
      #expect(Self.classes(data[split]).count { $0 == 1 } == spam)
    }
    #expect(data.encoding.labels == ["ham", "spam"])
    #expect(data.encoding.positiveLabel == "spam")
  }

  @Test func `each example is tested by one fold, and each label has its share of it`() throws {
    let dataset = Self.messages(302)
    var plan = DataPlan(split: .init(validation: 0.1))
    plan.split.folds = 7
    var tested: [Int] = []
    for fold in 0..<7 {
      plan.split.fold = fold
      let data = try PreparedData(dataset, plan, seed: 4)
      #expect(
        Set(Split.allCases.flatMap { Array(data[$0].rows) }) == Set(0..<302))
      #expect(data.train.count + data.validation.count + data.test.count == 302)
      // A seventh of 201 and of 101.
      #expect((28...29).contains(Self.classes(data.test).count { $0 == 0 }))
      #expect((14...15).contains(Self.classes(data.test).count { $0 == 1 }))
      #expect(data.validation.count == 26)
      #expect(data.notes.contains { $0.hasPrefix("fold \(fold + 1) of 7: ") })
      tested += data.test.rows
    }
    #expect(tested.sorted() == Array(0..<302))
    // Neighbours in the file are not neighbours in a fold.
    #expect(tested != tested.sorted())
  }

  @Test func `a label with one example is learned in each fold`() throws {
    let dataset = Dataset(
      name: "d", inputs: .texts((0..<61).map { "text \($0)" }),
      labels: (0..<61).map { $0 == 7 ? "rare" : $0 % 2 == 0 ? "ham" : "spam" })
    var plan = DataPlan()
    plan.split.folds = 3
    var tested: [Int] = []
    for fold in 0..<3 {
      plan.split.fold = fold
      let data = try PreparedData(dataset, plan, seed: 4)
      #expect(data.train.rows.contains(7))
      #expect(data.notes.contains("no example of the label 'rare' in test"))
      tested += data.test.rows
    }
    #expect(tested.sorted() == (0..<61).filter { $0 != 7 })
  }

  @Test func `labels that no held out example has are told`() throws {
    let labels = (0..<40).map { $0 == 7 ? "spam" : $0 % 2 == 0 ? "ham" : "eggs" }
    let dataset = Dataset(
      name: "d", inputs: .texts((0..<40).map { "text \($0)" }), labels: labels,
      splits: (0..<40).map { $0 < 20 ? .train : $0 < 30 ? .validation : .test })
    let notes = try PreparedData(dataset, DataPlan(), seed: 0).notes
    #expect(notes.contains("no example of the label 'spam' in validation"))
    #expect(notes.contains("no example of the label 'spam' in test"))
    let all = try PreparedData(Self.messages(120), DataPlan(), seed: 0).notes
    #expect(!all.contains { $0.contains("no example") })
  }

  @Test func `the seed alone decides the division`() throws {
    let dataset = Self.messages(120)
    let rows = try PreparedData(dataset, DataPlan(), seed: 1).test.rows
    #expect(try PreparedData(dataset, DataPlan(), seed: 1).test.rows == rows)
    #expect(try PreparedData(dataset, DataPlan(), seed: 2).test.rows != rows)
    let fixed = DataPlan(split: .init(seed: 1))
    #expect(try PreparedData(dataset, fixed, seed: 2).test.rows == rows)
  }

  @Test func `the vocabulary holds the frequent words of the training split alone`() throws {
    let texts = ["b a a", "a b c", "x x x", "a x z é"]
    let dataset = Dataset(
      name: "d", inputs: .texts(texts), labels: ["p", "q", "q", "p"],
      splits: [.train, .train, .test, .validation])
    let data = try PreparedData(dataset, DataPlan(minimumCount: 1), seed: 0)
    #expect(data.vocabulary?.tokens == ["<pad>", "<unk>", "a", "b", "c"])
    #expect(Array(data.train.tokens(0)) == [3, 2, 2])
    #expect(Array(data.test.tokens(0)) == [1, 1, 1])
    #expect(Array(data.validation.tokens(0)) == [2, 1, 1, 1])
    #expect(
      data.notes.last
        == "vocabulary of 5 from the training split; unknown tokens: "
        + "0.0 % in train, 75.0 % in validation, 100.0 % in test")
    let frequent = try PreparedData(dataset, DataPlan(), seed: 0)
    #expect(frequent.vocabulary?.tokens == ["<pad>", "<unk>", "a", "b"])
    let small = try PreparedData(
      dataset, DataPlan(minimumCount: 1, maximumVocabulary: 3), seed: 0)
    #expect(small.vocabulary?.tokens == ["<pad>", "<unk>", "a"])
  }

  @Test func `repeated inputs are dropped before the division and counted`() throws {
    let dataset = Dataset(
      name: "d", inputs: .texts((0..<40).map { "text \($0 % 10)" }),
      labels: (0..<40).map { $0 % 2 == 0 ? "a" : "b" })
    let data = try PreparedData(dataset, DataPlan(), seed: 0)
    #expect(data.train.rows.max() ?? 40 < 10)
    #expect(data.train.count + data.validation.count + data.test.count == 10)
    #expect(data.notes.first == "30 of 40 examples dropped: the same input occurs earlier")
    let whole = try PreparedData(dataset, DataPlan(deduplicate: false), seed: 0)
    #expect(whole.train.count + whole.validation.count + whole.test.count == 40)
  }

  @Test func `somebody can see that the preparation goes on`() throws {
    var steps = 0
    _ = try PreparedData(Self.messages(3000), DataPlan(), seed: 0) { steps += 1 }
    // Each thousand texts in the passes over them, duplicates, and three splits.
    #expect(steps == 12)
  }

  @Test func `where the file divides, the copy in test is kept`() throws {
    let dataset = Dataset(
      name: "d", inputs: .texts(["one", "two", "one", "three", "two"]),
      labels: ["a", "b", "a", "a", "b"], splits: [.train, .train, .test, .train, .validation])
    let data = try? PreparedData(dataset, DataPlan(), seed: 0)
    #expect(data == nil, "label b is in validation only")
    let kept = try PreparedData(
      Dataset(
        name: "d", inputs: .texts(["one", "two", "one", "three"]), labels: ["a", "b", "a", "a"],
        splits: [.train, .train, .test, .train]), DataPlan(split: .init(validation: 0)), seed: 0)
    #expect(kept.train.rows == [1, 3])
    #expect(kept.test.rows == [2])
  }

  @Test func `without a validation split in the file a part of train becomes one`() throws {
    let base = Self.messages(100)
    let dataset = Dataset(
      name: "d", inputs: base.inputs, targets: base.targets,
      splits: (0..<100).map { $0 < 80 ? .train : .test })
    let data = try PreparedData(dataset, DataPlan(split: .init(validation: 0.25)), seed: 0)
    #expect(Array(data.test.rows) == Array(80..<100))
    #expect(data.train.count == 60 && data.validation.count == 20)
    #expect(Set(data.train.rows).union(data.validation.rows) == Set(0..<80))
  }

  @Test(arguments: [DataPlan.Keep.start, .end])
  func `long sequences keep one end, empty ones get a step`(keep: DataPlan.Keep) throws {
    let dataset = Dataset(
      name: "d", inputs: .texts(["a b c d", "", "d c"]), labels: ["x", "y", "x"],
      splits: [.train, .train, .train])
    let plan = DataPlan(
      maximumLength: 2, keep: keep, minimumCount: 1, split: .init(validation: 0))
    let data = try PreparedData(dataset, plan, seed: 0)
    #expect(data.train.lengths == [2, 1, 2])
    #expect(Array(data.train.tokens(1)) == [Vocabulary.unknown])
    let words = data.train.tokens(0).map { data.vocabulary?.tokens[Int($0)] ?? "" }
    #expect(words == (keep == .start ? ["a", "b"] : ["c", "d"]))
    #expect(data.notes.contains("1 of 3 sequences cut to 2 steps, keeping the \(keep.rawValue)"))
    #expect(data.notes.contains("1 texts without a token are read as one unknown token"))
  }

  @Test func `values and numbers are scaled by the training split`() throws {
    let dataset = Dataset(
      name: "d", inputs: .values([[1, 7], [3, 7], [9, 7, 5, 7]], channels: ["a", "b"]),
      targets: .numbers([10, 30, 50], width: 1), splits: [.train, .train, .test])
    let data = try PreparedData(dataset, DataPlan(split: .init(validation: 0)), seed: 0)
    #expect(data.encoding.inputScale == Scale(means: [2, 7], deviations: [1, 1]))
    #expect(data.encoding.targetScale == Scale(means: [20], deviations: [10]))
    #expect(Array(data.train.values(0)) == [-1, 0])
    #expect(Array(data.test.values(0)) == [7, 0, 3, 0])
    guard case .numbers(let numbers) = data.test.answers else {
      Issue.record("numbers expected")
      return
    }
    #expect(numbers.scaled == [3] && numbers.width == 1)
    let raw = try PreparedData(
      dataset, DataPlan(split: .init(validation: 0), scaling: DataPlan.Scaling.none), seed: 0)
    #expect(Array(raw.test.values(0)) == [9, 7, 5, 7])
  }

  @Test func `a forecast is divided by time, and its windows see only the past`() throws {
    let series = (0..<100).flatMap { [Float($0), Float(1000 + $0)] }
    let dataset = Dataset(
      name: "d", inputs: .values([series], channels: ["t", "u"]), targets: .none)
    let plan = DataPlan(
      split: .init(test: 0.2, validation: 0.1), window: 5, horizon: 3, target: "u",
      scaling: DataPlan.Scaling.none)
    let data = try PreparedData(dataset, plan, seed: 0)
    // Steps 0-69 train, 70-79 validation, 80-99 test.
    #expect(data.train.count == 63 && data.validation.count == 8 && data.test.count == 18)
    for (split, first, last) in [(Split.train, 5, 69), (.validation, 70, 79), (.test, 80, 99)] {
      let sequences = data[split]
      guard case .forecast(let answers) = sequences.answers else {
        Issue.record("forecasts expected")
        return
      }
      for index in 0..<sequences.count {
        let next = Float(first + index)
        let first = Int(next) - 5
        let seen = Array(series[2 * first..<2 * (first + 5)])
        let following = (0..<3).map { 1000 + next + Float($0) }
        #expect(Array(sequences.values(index)) == seen)
        #expect(answers.numbers(Int(next)) == following)
        if index == sequences.count - 1 { #expect(following.last == Float(1000 + last)) }
      }
    }
  }

  @Test func `language windows ask for the next token, and no part sees another`() throws {
    let text = String(repeating: "abcde", count: 20) + "zz"
    let dataset = Dataset(name: "d", inputs: .texts([text]), targets: .none)
    let data = try PreparedData(dataset, DataPlan(maximumLength: 8), seed: 0)
    #expect(data.vocabulary?.tokens == ["<pad>", "<unk>", "a", "b", "c", "d", "e"])
    #expect(data.train.stepCount == 81 && data.validation.stepCount == 9)
    for sequences in [data.train, data.validation, data.test] {
      guard case .tokens(let tokens) = sequences.elements else {
        Issue.record("tokens expected")
        return
      }
      for (sequence, start) in sequences.starts.enumerated() {
        let next = sequences.stepClasses(sequence)
        #expect(next.count == sequences.lengths[sequence])
        for (step, answer) in next.enumerated() { #expect(answer == tokens[start + step + 1]) }
      }
    }
    let next = (0..<data.test.count).flatMap { data.test.stepClasses($0) }
    #expect(next.suffix(2) == [1, 1], "z is not in the training part")
    guard case .tokens(let tokens) = data.test.elements else { return }
    #expect(tokens.following.suffix(3) == [1, 1, -1], "nothing follows the last token")
  }

  @Test func `texts that are continued are divided as their file says`() throws {
    func prepared(_ splits: [Split], _ plan: DataPlan = DataPlan()) throws -> PreparedData {
      let texts = ["abab", "cdcdcd", "abba", "baab", "aabb"]
      return try PreparedData(
        Dataset(
          name: "d", inputs: .texts(Array(texts.prefix(splits.count))), targets: .none,
          splits: splits), plan, seed: 0)
    }
    let data = try prepared([.train, .test, .validation, .train, .train])
    #expect(data.plan.split.source == .file)
    #expect(Array(data.train.rows) == [0, 3, 4] && Array(data.validation.rows) == [2])
    #expect(Array(data.test.rows) == [1])
    #expect(data.vocabulary?.tokens == ["<pad>", "<unk>", "a", "b"])
    #expect(data.notes[0].hasSuffix("windows of 64, divided as the dataset says"))
    let fractions = DataPlan(split: .init(source: .fractions, test: 0.2, validation: 0.2))
    let drawn = try prepared([.train, .test, .train, .train, .train], fractions)
    #expect(Array(drawn.test.rows) == [4])

    // Without a validation split a part of train becomes one, of one text its end.
    let most = DataPlan(split: .init(validation: 0.25))
    let without = try prepared([.train, .test, .train, .train, .train], most)
    #expect(Array(without.train.rows) == [0, 2, 3] && Array(without.validation.rows) == [4])
    #expect(Array(without.test.rows) == [1])
    let half = try prepared([.train, .test], DataPlan(split: .init(validation: 0.5)))
    #expect(half.train.stepCount == 1 && half.validation.stepCount == 1)
    #expect(half.test.stepCount == 5)
  }

  @Test func `a series is not divided as a file says`() throws {
    let dataset = Dataset(
      name: "d", inputs: .values([[Float](repeating: 1, count: 40)], channels: ["a"]),
      targets: .none, splits: [.train])
    #expect(try DataPlan().resolved(for: dataset).split.source == .fractions)
    let error = #expect(throws: PlanError.self) {
      try DataPlan(split: .init(source: .file)).resolved(for: dataset)
    }
    #expect(error?.field == "data.split.source" && error?.found == "file, for a series")
  }

  @Test(arguments: [Float(1e-25), 1, 1e20]) func `the unit of a column does not matter`(
    unit: Float
  ) throws {
    func scaled(_ unit: Float) throws -> [Float] {
      let values = (0..<40).map { [Float($0 % 5) * unit, 3 * unit] }
      let dataset = Dataset(
        name: "d", inputs: .values(values, channels: ["a"]),
        targets: .numbers(values.map { $0[0] }, width: 1))
      let data = try PreparedData(dataset, DataPlan(), seed: 0)
      return (0..<data.train.count).flatMap { Array(data.train.values($0)) }
    }
    for (found, wanted) in zip(try scaled(unit), try scaled(1)) {
      #expect(abs(found - wanted) < 1e-5)
    }
  }

  @Test func `a column that never changes is not made large`() throws {
    let values = (0..<40).map { [Float($0 % 5), 0.1] }
    let dataset = Dataset(
      name: "d", inputs: .values(values, channels: ["a", "b"]),
      targets: .numbers(values.map { $0[0] }, width: 1))
    let data = try PreparedData(dataset, DataPlan(), seed: 0)
    #expect(data.encoding.inputScale?.deviations[1] == 1)
    #expect(abs(Array(data.train.values(0))[1]) < 1e-6)
  }

  @Test func `a label seen only in test is named`() {
    let dataset = Dataset(
      name: "d", inputs: .texts(["a", "b", "c"]), labels: ["x", "y", "rare"],
      splits: [.train, .train, .test])
    let error = #expect(throws: PlanError.self) {
      try PreparedData(dataset, DataPlan(split: .init(validation: 0)), seed: 0)
    }
    #expect(error?.found == "label 'rare' in test but not in train")
  }

  @Test func `plans are read with defaults for what is left out, and written back`() throws {
    let json = #"{"maximum_length":25,"split":{"test":0.25},"tokens":"characters"}"#
    let plan = try CanonicalJSON.decode(DataPlan.self, from: Array(json.utf8))
    #expect(
      plan == DataPlan(tokens: .characters, maximumLength: 25, split: .init(test: 0.25)))
    #expect(try CanonicalJSON.decode(DataPlan.self, from: CanonicalJSON.encode(plan)) == plan)
  }

  @Test func `what did not happen is not told`() throws {
    let data = try PreparedData(Self.messages(60), DataPlan(maximumLength: 500), seed: 0)
    #expect(!data.notes.isEmpty && !data.notes.contains { $0.hasPrefix("0 ") })
  }
}
