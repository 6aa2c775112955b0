import Philox
import Recurrent

/// Lengths in no order, with ties; sizes elsewhere all differ.
let sampleLengths = [3, 6, 1, 4, 6, 2]

/// The distinct kinds of cells.
enum CellKind: String, CaseIterable {
  case tanh
  case relu
  case lstm
  case gru

  var cell: ModelPlan.Cell {
    switch self {
    case .tanh, .relu: .rnn
    case .lstm: .lstm
    case .gru: .gru
    }
  }

  var nonlinearity: ModelPlan.Nonlinearity { self == .relu ? .relu : .tanh }
}

/// Tokens below `vocabulary`, drawn so that some repeat and some never occur.
func sampleTokens(
  lengths: [Int] = sampleLengths, vocabulary: Int = 11, seed: UInt64 = 5
) -> [[Int32]] {
  var random = Philox(seed: seed).sequence(.generator)
  return lengths.map { length in
    (0..<length).map { _ in Int32(random.index(below: vocabulary - 1)) }
  }
}

/// Values from -1 to 1.
func sampleValues<S: Scalar>(
  _ type: S.Type, lengths: [Int] = sampleLengths, channels: Int, seed: UInt64 = 6
) -> [[S]] {
  var random = Philox(seed: seed).sequence(.generator)
  return lengths.map { length in
    (0..<length * channels).map { _ in S(random.uniform() * 2 - 1) }
  }
}

/// A model with all parameters drawn, biases too.
func sampleModel<S: Scalar>(_ type: S.Type, _ plan: ModelPlan, seed: UInt64 = 1) -> Model<S> {
  let model = Model<S>(plan)
  model.initialize(Philox(seed: seed))
  return model
}

/// Classes below `count`, one for each of `rows`, the second one ignored.
func sampleTargets(rows: Int, count: Int) -> [Int32] {
  (0..<rows).map { $0 == 1 ? -1 : Int32(($0 * 7 + 2) % count) }
}
