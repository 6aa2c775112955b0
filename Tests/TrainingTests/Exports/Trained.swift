import Recurrent
import Testing
import Training

/// Small models of every kind, trained for a moment, to be exported.
enum Trained {
  /// What can differ between models beside their tasks.
  struct Kind: CustomTestStringConvertible {
    var name: String
    var settings: ModelSettings

    init(_ name: String, _ change: (inout ModelSettings) -> Void) {
      self.name = name
      settings = ModelSettings(hidden: 5, embedding: 4)
      change(&settings)
    }

    var testDescription: String { name }
  }

  static let cells = [
    Kind("rnn tanh") { $0.cell = .rnn },
    Kind("rnn relu") { ($0.cell, $0.nonlinearity) = (.rnn, .relu) },
    Kind("lstm") { $0.cell = .lstm },
    Kind("lstm with peepholes") { ($0.cell, $0.peepholes) = (.lstm, true) },
    Kind("gru") { $0.cell = .gru },
    Kind("gru, reset before") { ($0.cell, $0.reset) = (.gru, .before) },
  ]

  /// Every cell: plain; deep, both ways, residual; the same two normalized.
  static let kinds: [Kind] = cells.flatMap { cell in
    [(false, false), (true, false), (false, true), (true, true)].map { isDeep, isNormalized in
      var kind = cell
      if isDeep {
        kind.name += ", deep"
        kind.settings.layers = 2
        kind.settings.bidirectional = true
        kind.settings.residual = true
        kind.settings.dropout = 0.2
      }
      if isNormalized {
        kind.name += ", normalized"
        kind.settings.normalization = .layer
      }
      return kind
    }
  }

  /// The artifacts of a model trained on a dataset.
  static func artifacts(
    _ dataset: Dataset, _ model: ModelSettings, _ data: DataPlan = DataPlan(), epochs: Int = 1,
    loss: TrainingPlan.LossName = .auto
  ) throws -> [String: [UInt8]] {
    let prepared = try PreparedData(dataset, data, seed: 1)
    var training = TrainingPlan(epochs: epochs, batch: 8, rate: 0.05)
    training.loss = loss
    let plan = Plan(data: data, model: model, training: training, seed: 1)
    guard case .finished(let outcome) = try Session(plan, prepared).run() else {
      preconditionFailure("nothing stops this run")
    }
    return Dictionary(uniqueKeysWithValues: outcome.artifacts.map { ($0.name, $0.bytes) })
  }

  static let texts: Dataset = {
    let words = ["see", "You", "prize", "it's", "42", "über", "ok!", "🙂"]
    let texts = (0..<40).map { index in
      (0..<1 + index % 9).map { words[(index * 5 + $0 * $0) % words.count] }.joined(separator: " ")
        + (index % 3 == 0 ? " win" : "")
    }
    return Dataset(
      name: "texts", inputs: .texts(texts), labels: (0..<40).map { $0 % 3 == 0 ? "spam" : "ham" })
  }()
}
