extension Dataset {
  /// The dataset with 0 for values that were not measured.
  package func withZeros() -> Dataset {
    guard case .values(let sequences, let channels) = inputs else { return self }
    return Dataset(
      name: name, inputs: .values(sequences.mapped { $0.isNaN ? 0 : $0 }, channels: channels),
      targets: targets, splits: splits, times: times, names: names)
  }

  /// The dataset with its values in steps of another width, for a plan.
  func regrouped(width: Int) throws(PlanError) -> Dataset {
    try PlanError.require(width, in: 1...1_000_000, "data.channels")
    guard let inputs = inputs.regrouped(width: width), times == nil else {
      throw PlanError(
        field: "data.channels", found: "\(width)",
        allowed: inputs.channels == nil
          ? "examples of values"
          : "a divisor of the number of values of each example, without times")
    }
    if case .steps = targets {
      throw PlanError(
        field: "data.channels", found: "\(width)", allowed: "examples without an answer a step")
    }
    return Dataset(name: name, inputs: inputs, targets: targets, splits: splits)
  }
}

extension PreparedData {
  /// Makes a dataset ready for training.
  ///
  /// Whatever is learned from data here (vocabulary, labels, scales) is learned from the training
  /// split alone.
  ///
  /// - Parameters:
  ///   - dataset: The examples.
  ///   - plan: How they become sequences.
  ///   - seed: The seed of the division, if the plan has none.
  ///   - onProgress: Called again and again on the way, so that somebody can see that it goes on.
  /// - Throws: ``PlanError`` if the plan does not fit the dataset.
  public init(
    _ dataset: Dataset, _ plan: DataPlan, seed: UInt64, onProgress: () -> Void = {}
  ) throws(PlanError) {
    try PlanError.require(
      dataset.count > 0, "dataset", found: "no example", allowed: "at least one example")
    let version = dataset.sha256
    var dataset = dataset
    if let width = plan.channels { dataset = try dataset.regrouped(width: width) }
    if plan.missing == .zero { dataset = dataset.withZeros() }
    let plan = try plan.resolved(for: dataset)
    switch plan.task {
    case .forecast: self = try Self.forecast(dataset, version, plan, onProgress)
    case .language: self = try Self.language(dataset, version, plan, onProgress)
    default: self = try Self.examples(dataset, version, plan, seed, onProgress)
    }
  }

  private static func examples(
    _ dataset: Dataset, _ version: String, _ plan: DataPlan, _ seed: UInt64,
    _ onProgress: () -> Void
  ) throws(PlanError) -> PreparedData {
    var notes: [String] = []
    var rows = Array(0..<dataset.count)
    if plan.deduplicate == true {
      rows = dataset.distinctRows(plan)
      let dropped = dataset.count - rows.count
      if dropped > 0 {
        notes.append(
          "\(dropped) of \(dataset.count) examples dropped: the same input occurs earlier")
      }
      onProgress()
    }
    let parts = dataset.parts(of: rows, plan, seed: seed)
    let fold = plan.split.folds.map { "fold \((plan.split.fold ?? 0) + 1) of \($0): " } ?? ""
    notes.append(
      "\(fold)\(parts.train.count) train, \(parts.validation.count) validation, \(parts.test.count) test"
        + (plan.split.source == .file ? ", as the dataset says" : ""))
    try PlanError.require(
      !parts.train.isEmpty, "data.split", found: "an empty training split",
      allowed: "fractions that leave an example to train on")
    try PlanError.require(
      plan.split.folds == nil || !parts.test.isEmpty, "data.split.folds",
      found: "\(plan.split.folds ?? 0) folds of \(rows.count) examples",
      allowed: "folds of at least one example")

    var coder = try InputCoder(dataset, plan, rows: rows, train: parts.train, onProgress)
    let answers = try AnswerCoder(dataset, plan, parts)
    notes += answers.notes + coder.notes(parts)
    onProgress()
    coder.encoding.labels = answers.labels
    coder.encoding.positive = answers.positive
    coder.encoding.targetScale = answers.scale
    coder.encoding.outputs = answers.outputs

    func sequences(_ rows: [Int]) -> Sequences {
      defer { onProgress() }
      return coder.sequences(rows, answers)
    }
    return PreparedData(
      plan: plan, datasetVersion: version, encoding: coder.encoding,
      vocabulary: coder.vocabulary, train: sequences(parts.train),
      validation: sequences(parts.validation), test: sequences(parts.test), notes: notes)
  }
}

/// Makes targets of a dataset's targets.
struct AnswerCoder {
  var labels: [String]?
  var positive: Int?
  var scale: Scale?
  var outputs = 1
  /// What a person should know of labels.
  private(set) var notes: [String] = []
  private let targets: Dataset.Targets
  private var classes: [Int32] = []

  init(_ dataset: Dataset, _ plan: DataPlan, _ parts: Parts) throws(PlanError) {
    targets = dataset.targets
    switch dataset.targets {
    case .none: break
    case .labels(let indices, let names):
      var counts = [Int](repeating: 0, count: names.count)
      for row in parts.train { counts[Int(indices[row])] += 1 }
      for split in [Split.validation, .test] {
        for row in parts[split] where counts[Int(indices[row])] == 0 {
          throw PlanError(
            field: "data.split",
            found: "label \(names[Int(indices[row])].quoted) in \(split.rawValue) but not in train",
            allowed: "labels of the training split (stratify: true, or a smaller share held out)")
        }
      }
      let known = names.indices.filter { counts[$0] > 0 }
      try PlanError.require(
        known.count > 1, "dataset", found: "only the label \(names[known[0]].quoted)",
        allowed: "at least two labels in the training split")
      classes = [Int32](repeating: -1, count: names.count)
      for (index, name) in known.enumerated() { classes[name] = Int32(index) }
      labels = known.map { names[$0] }
      outputs = known.count
      notes = Self.absences(indices, names, known, parts)
      if known.count == 2 { positive = counts[known[0]] < counts[known[1]] ? 0 : 1 }
    case .numbers(let numbers, let width):
      scale = Scale.fitting(
        parts.train.map { numbers[$0 * width..<($0 + 1) * width] }, width: width,
        plan.scaling ?? .standard)
      outputs = width
    case .steps(_, let count):
      labels = (0..<count).map(String.init)
      outputs = count
      try PlanError.require(
        count > 1, "dataset", found: "\(count) classes of steps", allowed: "at least two classes")
    }
  }

  /// Labels that are in the training split alone, so that nothing measures how they are told apart.
  private static func absences(
    _ indices: [Int32], _ names: [String], _ known: [Int], _ parts: Parts
  ) -> [String] {
    [Split.validation, .test].compactMap { split in
      guard !parts[split].isEmpty else { return nil }
      let found = Set(parts[split].map { Int(indices[$0]) })
      let absent = known.filter { !found.contains($0) }
      guard !absent.isEmpty else { return nil }
      let listed = absent.prefix(3).map { names[$0].quoted }.joined(separator: ", ")
      return "no example of the label\(absent.count == 1 ? "" : "s") \(listed)"
        + (absent.count > 3 ? " and \(absent.count - 3) more" : "") + " in \(split.rawValue)"
    }
  }

  /// The answers for rows; those of steps stay where they are, as the steps do.
  func answers(_ rows: [Int]) -> Sequences.Answers {
    switch targets {
    case .none: return .classes([])
    case .labels(let indices, _): return .classes(rows.map { classes[Int(indices[$0])] })
    case .numbers(let numbers, let width):
      return .numbers(
        NumberAnswers(
          rows.flatMap { numbers[$0 * width..<($0 + 1) * width] }, width: width,
          scale ?? .identity(width: width)))
    case .steps(let sequences, _): return .steps(sequences)
    }
  }
}
