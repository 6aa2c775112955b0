/// All that decides the shape and the equations of a model.
///
/// The numbers are checked by whoever reads them from a user; here they are preconditions.
public struct ModelPlan: Codable, Hashable, Sendable {
  /// What a sequence consists of.
  public enum Input: Codable, Hashable, Sendable {
    /// Indices below `vocabulary`, each looked up in a table of rows of width `embedding`.
    case tokens(vocabulary: Int, embedding: Int)
    /// Rows of `channels` numbers.
    case values(channels: Int)
  }

  /// The recurrent cell.
  public enum Cell: String, Codable, CaseIterable, Hashable, Sendable {
    /// One nonlinearity of the sum of input and recurrent products (Elman 1990).
    case rnn
    /// Long short-term memory with a forget gate (Gers, Schmidhuber and Cummins 2000).
    case lstm
    /// Gated recurrent unit, reset after the product as in cuDNN and PyTorch.
    case gru
  }

  /// The nonlinearity of ``Cell/rnn``.
  public enum Nonlinearity: String, Codable, CaseIterable, Hashable, Sendable {
    /// Hyperbolic tangent.
    case tanh
    /// max(0, x).
    case relu
  }

  /// Which hidden states of the top layer the head reads.
  public enum Readout: String, Codable, CaseIterable, Hashable, Sendable {
    /// The last valid step of each sequence.
    case last
    /// The mean over the valid steps of each sequence.
    case mean
    /// Every valid step.
    case every
  }

  /// What a sequence consists of.
  public var input: Input
  /// The recurrent cell of every layer.
  public var cell: Cell
  /// The nonlinearity, if the cell is ``Cell/rnn``.
  public var nonlinearity: Nonlinearity
  /// Units of each layer.
  public var hidden: Int
  /// Recurrent layers, at least one.
  public var layers: Int
  /// The share of outputs set to zero in training, between layers and before the head.
  public var dropout: Double
  /// Which hidden states the head reads.
  public var readout: Readout
  /// The width of the head's result.
  public var outputs: Int
  /// The initial bias of the forget gate, if the cell is ``Cell/lstm``.
  public var forgetBias: Double

  /// A plan; what is left out has the common default.
  public init(
    input: Input, cell: Cell, nonlinearity: Nonlinearity = .tanh, hidden: Int, layers: Int = 1,
    dropout: Double = 0, readout: Readout = .last, outputs: Int, forgetBias: Double = 1
  ) {
    self.input = input
    self.cell = cell
    self.nonlinearity = nonlinearity
    self.hidden = hidden
    self.layers = layers
    self.dropout = dropout
    self.readout = readout
    self.outputs = outputs
    self.forgetBias = forgetBias
  }

  /// The width of a row that enters the first layer.
  public var inputWidth: Int {
    switch input {
    case .tokens(_, let embedding): embedding
    case .values(let channels): channels
    }
  }

  /// Sums of products per unit: 1, 4 or 3.
  public var gates: Int {
    switch cell {
    case .rnn: 1
    case .lstm: 4
    case .gru: 3
    }
  }

  func check() {
    if case .tokens(let vocabulary, _) = input {
      precondition(vocabulary > 0, "the vocabulary is empty")
    }
    precondition(inputWidth > 0, "the input has a width of \(inputWidth)")
    precondition(hidden > 0, "the hidden size is \(hidden)")
    precondition(layers > 0, "the number of layers is \(layers)")
    precondition(outputs > 0, "the number of outputs is \(outputs)")
    precondition(0 <= dropout && dropout < 1, "dropout is \(dropout), not in 0..<1")
  }
}
